// Starts the one producer of a transactional id.
#ifndef BINFERRY_WORKER_SINK_KAFKA_TRANSACTIONAL_PRODUCER_H_
#define BINFERRY_WORKER_SINK_KAFKA_TRANSACTIONAL_PRODUCER_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/sink/kafka_client.h"

namespace binferry::worker {

// OK while the worker may start producers for the task.
using LeaseCheck = std::function<absl::Status()>;

// Fences every earlier producer of the same id, ends its Kafka transaction, and
// returns a producer that can begin one. `check_lease` is called before every
// attempt, but not behind the last: that is the caller's next step.
//
// UNAVAILABLE when the coordinator is not ready within `timeout`. Errors of
// `check_lease` as they are; else as KafkaError and KafkaClient.
absl::StatusOr<std::unique_ptr<KafkaClient>> StartTransactionalProducer(
    const KafkaClient::Options& options, absl::Duration timeout,
    const LeaseCheck& check_lease, const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_TRANSACTIONAL_PRODUCER_H_
