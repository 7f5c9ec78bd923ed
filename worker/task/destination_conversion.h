// A task's destination as the controller tells it -> how Kafka is reached.
#ifndef BINFERRY_WORKER_TASK_DESTINATION_CONVERSION_H_
#define BINFERRY_WORKER_TASK_DESTINATION_CONVERSION_H_

#include "absl/status/statusor.h"
#include "binferry/v1/endpoint.pb.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

// Stores of Java programs become PEM. INVALID_ARGUMENT, naming the field, for a
// store that can't be read and what CheckKafkaCluster refuses; UNIMPLEMENTED,
// naming the field, for a protocol or mechanism of a later release.
absl::StatusOr<KafkaClusterOptions> ConvertDestination(
    const v1::Destination& destination);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_DESTINATION_CONVERSION_H_
