// Feeds a librdkafka handle with tokens for OAUTHBEARER.
#ifndef BINFERRY_WORKER_SINK_KAFKA_TOKEN_SOURCE_H_
#define BINFERRY_WORKER_SINK_KAFKA_TOKEN_SOURCE_H_

#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/clock.h"
#include "worker/sink/kafka_cluster.h"

// Of librdkafka, which only kafka_*.cc include.
struct rd_kafka_s;

namespace binferry::worker {

// Fetches a token whenever the library asks for one: at first, after four
// fifths of the last one's lifetime, and ten seconds after a failure. The
// library calls it on a thread of its own. Thread-safe.
class KafkaTokenSource {
 public:
  // `clock` must outlive this object.
  KafkaTokenSource(const KafkaClusterOptions& cluster, const Clock* clock);

  // Fetches a token and hands it, or the failure, to `handle`.
  void Refresh(rd_kafka_s* handle) ABSL_LOCKS_EXCLUDED(mu_);

  // A fetch under way ends soon, and no other begins.
  void Stop() { stop_.request_stop(); }

  // How the last fetch ended; OK before the first. Errors of FetchOauthToken.
  absl::Status status() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status FetchAndSet(rd_kafka_s* handle);

  const OauthClientOptions client_;
  const std::string ca_pem_;
  const Clock* const clock_;
  std::stop_source stop_;
  mutable absl::Mutex mu_;
  absl::Status status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_TOKEN_SOURCE_H_
