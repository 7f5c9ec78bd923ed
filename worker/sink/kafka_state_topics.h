// The two compacted topics that hold what a task needs to go on.
#ifndef BINFERRY_WORKER_SINK_KAFKA_STATE_TOPICS_H_
#define BINFERRY_WORKER_SINK_KAFKA_STATE_TOPICS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/sink/kafka_admin.h"

namespace binferry::worker {

// "<prefix>-checkpoints" and "<prefix>-schemas".
std::string CheckpointTopicName(absl::string_view prefix);
std::string SchemaTopicName(absl::string_view prefix);

// How many partitions a state topic gets so that it has `partition`: a multiple
// of 16, so that it is seldom grown.
int32_t StateTopicPartitionCount(int32_t partition);

// Creates both topics, compacted, with three replicas where there are so many
// brokers, or checks that what is there is compacted and only compacted, and
// grows it until it has `partition`.
//
// FAILED_PRECONDITION, with the command that mends it, for another cleanup
// policy: it would delete checkpoints with time. Else as KafkaAdmin.
absl::Status EnsureStateTopics(KafkaAdmin* admin, absl::string_view prefix,
                               int32_t partition);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_STATE_TOPICS_H_
