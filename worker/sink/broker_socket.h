// A plain connection to a broker, for questions that the client library does
// not answer: where exactly a connection fails.
#ifndef BINFERRY_WORKER_SINK_BROKER_SOCKET_H_
#define BINFERRY_WORKER_SINK_BROKER_SOCKET_H_

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

// How long somebody waits. Immutable; `clock` must outlive it.
struct Patience {
  const Clock* clock = nullptr;
  MonotonicTime deadline;
  std::stop_token stop;
};

struct DialAddress {
  sockaddr_storage address{};
  socklen_t size = 0;
  std::string text;  // "10.0.0.7".
};

struct BrokerAddress {
  std::string host;
  uint16_t port = 0;

  std::string ToString() const;  // "host:port".
  friend bool operator==(const BrokerAddress&, const BrokerAddress&) = default;
};

// NOT_FOUND for a name that no resolver knows, UNAVAILABLE for a resolver that
// doesn't answer; the system's own time-out of resolving is waited for.
absl::StatusOr<std::vector<DialAddress>> ResolveBroker(
    const BrokerAddress& broker);

// One connection. All errors tell cause and remedy (common/remedy.h):
// UNAVAILABLE          refused, cut, DEADLINE_EXCEEDED no answer in time,
// FAILED_PRECONDITION  what is there and what is wanted don't fit (TLS or not,
//                      certificates), CANCELLED after a stop request.
// SIGPIPE must be ignored. Thread-compatible.
class BrokerSocket {
 public:
  // Tries the addresses in their order.
  static absl::StatusOr<std::unique_ptr<BrokerSocket>> Connect(
      const BrokerAddress& broker, const std::vector<DialAddress>& addresses,
      const Patience& patience);

  ~BrokerSocket();
  BrokerSocket(const BrokerSocket&) = delete;
  BrokerSocket& operator=(const BrokerSocket&) = delete;

  // The address that answered.
  const std::string& peer() const { return peer_; }

  // Goes over to TLS with the cluster's authorities, client certificate and
  // endpoint identification. What was agreed, for people: "TLSv1.3, CN=b1,
  // valid until 2027-01-01".
  absl::StatusOr<std::string> StartTls(const KafkaClusterOptions& cluster);

  absl::Status Send(absl::string_view bytes);
  // Exactly so many bytes.
  absl::StatusOr<std::string> Receive(size_t bytes);

 private:
  struct SslDeleter {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  BrokerSocket(BrokerAddress broker, Patience patience, int descriptor,
               std::string peer)
      : broker_(std::move(broker)),
        patience_(std::move(patience)),
        descriptor_(descriptor),
        peer_(std::move(peer)) {}

  // What to do next after an SSL call or a system call that moved nothing.
  absl::Status WaitFor(short events);
  absl::Status TlsFailure(absl::string_view doing);
  absl::Status HandshakeFailure(bool ended);

  const BrokerAddress broker_;
  const Patience patience_;
  const int descriptor_;
  const std::string peer_;
  std::unique_ptr<SSL, SslDeleter> ssl_;  // Null before StartTls.
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_BROKER_SOCKET_H_
