// OpenSSL's view of a cluster's TLS settings, and its findings in words.
#ifndef BINFERRY_WORKER_SINK_TLS_VERIFICATION_H_
#define BINFERRY_WORKER_SINK_TLS_VERIFICATION_H_

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

struct TlsSettingsDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsSettings = std::unique_ptr<SSL_CTX, TlsSettingsDeleter>;

// A client's settings that verifies servers. INVALID_ARGUMENT, with the remedy,
// for authorities, a certificate or a key that can't be read or don't fit.
absl::StatusOr<TlsSettings> MakeTlsSettings(const KafkaClusterOptions& cluster);

// Protocol, subject and validity of the peer's certificate.
std::string DescribeTls(const SSL* ssl);

// Why the peer's certificate was refused; `host` is the name that was dialed.
// OK if it was not refused.
absl::Status CertificateFailure(const SSL* ssl, absl::string_view host);

// The topmost error of this thread's queue, which is emptied; "" if none.
struct TlsError {
  int reason = 0;  // As ERR_GET_REASON.
  std::string text;
};
TlsError TakeTlsError();

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_TLS_VERIFICATION_H_
