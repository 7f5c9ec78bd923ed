// Reads a task's checkpoint out of the checkpoint topic.
#ifndef BINFERRY_WORKER_SINK_KAFKA_CHECKPOINT_READER_H_
#define BINFERRY_WORKER_SINK_KAFKA_CHECKPOINT_READER_H_

#include <cstdint>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/ids.h"
#include "worker/sink/checkpoint_tail.h"
#include "worker/sink/kafka_admin.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

struct CheckpointSource {
  KafkaClusterOptions cluster;
  std::string client_id;
  std::string topic;
  int32_t partition = 0;
  TaskUid task_uid;
  // Below this a foreign open Kafka transaction in the partition is waited for.
  absl::Duration timeout = absl::Seconds(30);
  std::stop_token interrupt;
};

enum class CheckpointReach : uint8_t {
  kTail,       // From the end backwards until there is a checkpoint.
  kPartition,  // All there is.
};

// The task's committed checkpoint records up to what is the end of the
// partition now.
//
// Call it once the task's producer is initialized, so that no earlier one can
// add anything. The end is the high watermark, not the last stable offset
// behind which committed records can stand; and it is reached by position,
// because the last offsets are those of transaction markers.
//
// Errors as KafkaAdmin, which is asked for the end; UNAVAILABLE when the end is
// not reached in time. NOT_FOUND without the topic or partition. Needs no right
// on consumer groups.
absl::StatusOr<CheckpointTail> ReadCheckpointTail(
    const CheckpointSource& source, CheckpointReach reach, KafkaAdmin* admin,
    const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_CHECKPOINT_READER_H_
