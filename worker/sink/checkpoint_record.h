// A checkpoint as a record of the checkpoint topic.
#ifndef BINFERRY_WORKER_SINK_CHECKPOINT_RECORD_H_
#define BINFERRY_WORKER_SINK_CHECKPOINT_RECORD_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/ids.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

// The version of the value's format. A reader refuses every other one: what a
// newer version means by a field can't be guessed.
inline constexpr int kCheckpointFormatVersion = 1;

// One checkpoint is kept per task and epoch: the topic is compacted by key, and
// a worker of an old epoch can't overwrite what a newer one wrote.
struct CheckpointKey {
  TaskUid task_uid;
  Epoch epoch;

  friend bool operator==(const CheckpointKey&, const CheckpointKey&) = default;
};

// "<task uid>/<epoch>".
std::string SerializeCheckpointKey(const CheckpointKey& key);
// Nothing for bytes that are no such key.
std::optional<CheckpointKey> ParseCheckpointKey(absl::string_view bytes);

// One JSON object of one line.
std::string SerializeCheckpoint(const Checkpoint& checkpoint);

// FAILED_PRECONDITION, saying what is wrong and what to do, for another format
// version, and for bytes that are no checkpoint: a field missing, unknown, of
// the wrong type or out of range.
absl::StatusOr<Checkpoint> ParseCheckpoint(absl::string_view bytes);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_CHECKPOINT_RECORD_H_
