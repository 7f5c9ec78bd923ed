// The client's half of SASL: what to send next.
#ifndef BINFERRY_WORKER_SINK_SASL_CLIENT_H_
#define BINFERRY_WORKER_SINK_SASL_CLIENT_H_

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

// One SCRAM conversation (RFC 5802, RFC 7677), with SHA-256 or SHA-512.
// Thread-compatible.
class ScramClient {
 public:
  // `nonce` must be printable, without commas, and never used before.
  ScramClient(SaslMechanism mechanism, std::string username, Secret password,
              std::string nonce);

  std::string First() const;
  // UNAUTHENTICATED for an answer that doesn't fit, such as one with more than
  // a million iterations.
  absl::StatusOr<std::string> Final(absl::string_view server_first);
  // UNAUTHENTICATED unless the server has shown that it knows the password.
  absl::Status Verify(absl::string_view server_final) const;

 private:
  const SaslMechanism mechanism_;
  const std::string username_;
  const Secret password_;
  const std::string nonce_;
  std::string server_signature_;
};

// "\0user\0password".
Secret PlainMessage(absl::string_view username, const Secret& password);

// RFC 7628, 3.1.
Secret BearerMessage(const Secret& token,
                     const std::map<std::string, std::string>& extensions);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_SASL_CLIENT_H_
