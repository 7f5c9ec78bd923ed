// A handle of the client library, and what it has said about its connections.
#ifndef BINFERRY_WORKER_SINK_KAFKA_CLIENT_H_
#define BINFERRY_WORKER_SINK_KAFKA_CLIENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/sink/kafka_cluster.h"
#include "worker/sink/kafka_kerberos.h"
#include "worker/sink/kafka_token_source.h"

// Of librdkafka, which only kafka_*.cc include.
struct rd_kafka_s;
struct rd_kafka_conf_s;

namespace binferry::worker {

// Owns one librdkafka handle. Its destructor drops what is queued and does not
// wait for brokers. Thread-safe.
class KafkaClient {
 public:
  enum class Kind : uint8_t { kProducer, kConsumer };

  using Settings = std::vector<std::pair<std::string, std::string>>;

  struct Options {
    KafkaClusterOptions cluster;
    Kind kind = Kind::kConsumer;
    Settings settings;  // Beside those of the cluster.
    std::stop_token interrupt;
  };

  // INVALID_ARGUMENT for settings that the library refuses, FAILED_PRECONDITION
  // for GSSAPI where the library or the machine lacks it. Connects in the
  // background. `clock` must outlive this object.
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Create(
      const Options& options, const Clock* clock);

  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_s* handle() const { return handle_; }
  const Clock& clock() const { return *clock_; }
  const std::string& servers() const { return servers_; }

  // Serves the library's callbacks, waiting at most `wait` for one.
  void Poll(absl::Duration wait);

  // Call it before what CheckReachable guards: brokers that were down earlier
  // get two seconds to show that they are back.
  void BeginCall() ABSL_LOCKS_EXCLUDED(mu_);

  // CANCELLED after the interrupt was requested, UNAUTHENTICATED once a broker
  // or the token endpoint refused the credentials, UNAVAILABLE once all brokers
  // have been down for two seconds. Serves callbacks first.
  absl::Status CheckReachable();

  // CANCELLED after the interrupt was requested, else OK.
  absl::Status CheckInterrupt() const;

  // Calls `attempt` with growing waits until it returns something else than
  // UNAVAILABLE or DEADLINE_EXCEEDED, or `timeout` is over, or CheckReachable
  // fails. `attempt` should wait no longer than it is told: a wait that ends in
  // DEADLINE_EXCEEDED, so that a request was under way, makes the next longer.
  absl::Status Retry(absl::Duration timeout,
                     absl::FunctionRef<absl::Status(absl::Duration)> attempt);

  // The last cause of a broken connection that a broker's thread has given,
  // " (cause)" to append to a message; "" if there was none.
  std::string Cause() const ABSL_LOCKS_EXCLUDED(mu_);

  // Connections lost and requests timed out so far.
  int64_t disturbance_count() const ABSL_LOCKS_EXCLUDED(mu_);

  // The first record that could not be delivered.
  struct FailedDelivery {
    int error = 0;  // rd_kafka_resp_err_t.
    std::string topic;
    int32_t partition = 0;
    uint64_t record_id = 0;
    size_t bytes = 0;
  };
  std::optional<FailedDelivery> failed_delivery() const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  KafkaClient(const Options& options, const Clock* clock);

  // What SASL needs beside settings: tokens or a keytab.
  absl::Status PrepareSasl(const KafkaClusterOptions& cluster,
                           rd_kafka_conf_s* conf);
  void RegisterCallbacks(rd_kafka_conf_s* conf);
  void OnError(int error, absl::string_view reason) ABSL_LOCKS_EXCLUDED(mu_);
  void OnFailedDelivery(FailedDelivery failure) ABSL_LOCKS_EXCLUDED(mu_);

  const Clock* const clock_;
  const std::string servers_;
  const Kind kind_;
  const std::stop_token interrupt_;
  std::unique_ptr<KafkaTokenSource> tokens_;  // Null without OAUTHBEARER.
  std::unique_ptr<Keytab> keytab_;            // Null without GSSAPI.
  rd_kafka_s* handle_ = nullptr;

  mutable absl::Mutex mu_;
  std::string cause_ ABSL_GUARDED_BY(mu_);
  std::string refusal_ ABSL_GUARDED_BY(mu_);  // Of the credentials.
  std::optional<MonotonicTime> all_down_since_ ABSL_GUARDED_BY(mu_);
  int64_t disturbance_count_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<FailedDelivery> failed_delivery_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_CLIENT_H_
