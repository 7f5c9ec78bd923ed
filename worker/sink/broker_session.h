// Questions to one broker over one connection.
#ifndef BINFERRY_WORKER_SINK_BROKER_SESSION_H_
#define BINFERRY_WORKER_SINK_BROKER_SESSION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/secret.h"
#include "worker/sink/broker_protocol.h"
#include "worker/sink/broker_socket.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

// In this order: AskVersions, Authenticate where there is SASL, the others.
// Errors are those of BrokerSocket, with cause and remedy; UNAUTHENTICATED for
// refused credentials. None of the questions changes anything in the cluster.
// Thread-compatible.
class BrokerSession {
 public:
  BrokerSession(BrokerAddress broker, std::unique_ptr<BrokerSocket> socket)
      : broker_(std::move(broker)), socket_(std::move(socket)) {}

  // FAILED_PRECONDITION if the listener speaks TLS and this connection doesn't,
  // or for a broker before 0.11.
  absl::StatusOr<BrokerVersions> AskVersions(KafkaSecurity security);

  // With PLAIN, SCRAM or, with `token`, OAUTHBEARER. FAILED_PRECONDITION,
  // naming those that the listener takes, for another mechanism, and for a
  // listener without SASL.
  absl::Status Authenticate(const KafkaClusterOptions& cluster,
                            const Secret& token);

  // The cluster, and of the named topics what there is of them.
  absl::StatusOr<BrokerMetadata> AskMetadata(
      const std::vector<std::string>& topics);

  // OK if the caller may write with the id, PERMISSION_DENIED if not. Has no
  // effect on a producer that uses it.
  absl::Status TryTransactionalId(absl::string_view transactional_id);

 private:
  absl::StatusOr<std::string> Call(BrokerApi api, int16_t version,
                                   absl::string_view body);
  // The broker's answer to one message of SASL.
  absl::StatusOr<std::string> Exchange(const Secret& message,
                                       const KafkaClusterOptions& cluster);
  absl::Status Scram(const KafkaClusterOptions& cluster);

  const BrokerAddress broker_;
  const std::unique_ptr<BrokerSocket> socket_;
  BrokerVersions versions_;
  int32_t correlation_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_BROKER_SESSION_H_
