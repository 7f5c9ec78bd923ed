#include "worker/sink/checkpoint_tail.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "worker/sink/checkpoint_record.h"
#include "worker/sink/sink_status.h"

namespace binferry::worker {
namespace {

// Why `next`, which stands behind `previous`, can't be by the same task; OK if
// it can.
absl::Status CheckOrder(const Checkpoint& previous, const Checkpoint& next,
                        int64_t offset) {
  if (next.number > previous.number && next.last_id >= previous.last_id) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "checkpoint ", next.number, " (last id ", next.last_id, ") at offset ",
      offset, " of the checkpoint topic stands behind checkpoint ",
      previous.number, " (last id ", previous.last_id,
      "): something else than this task has written there; start the task "
      "anew at a position of your choice"));
}

}  // namespace

void CheckpointTail::Add(absl::string_view key,
                         std::optional<absl::string_view> value,
                         int64_t offset) {
  const std::optional<CheckpointKey> parsed = ParseCheckpointKey(key);
  if (!parsed.has_value() || parsed->task_uid != task_uid_) return;
  if (!value.has_value()) {
    last_.erase(parsed->epoch);
    if (last_.empty()) previous_.reset();  // The task's state was deleted.
    return;
  }
  last_[parsed->epoch] = {std::string(*value), offset};
  // One that can't be read matters only if it is the one to resume from.
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(*value);
  if (!checkpoint.ok()) return;
  if (previous_.has_value() && regression_.ok()) {
    regression_ = CheckOrder(*previous_, *checkpoint, offset);
  }
  previous_ = *std::move(checkpoint);
}

absl::StatusOr<std::optional<Checkpoint>> CheckpointTail::Pick(
    Epoch ours) const {
  if (last_.empty()) return std::optional<Checkpoint>();
  const auto& [epoch, entry] = *last_.rbegin();
  if (epoch > ours) return NewerEpochError(ours, epoch);
  if (!regression_.ok()) return regression_;
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(entry.value);
  if (!checkpoint.ok()) {
    return absl::Status(
        checkpoint.status().code(),
        absl::StrCat("offset ", entry.offset, " of the checkpoint topic: ",
                     checkpoint.status().message()));
  }
  if (checkpoint->task_uid != task_uid_ || checkpoint->epoch != epoch) {
    return absl::FailedPreconditionError(absl::StrCat(
        "offset ", entry.offset,
        " of the checkpoint topic holds a checkpoint of another task or epoch "
        "than its key says; start the task anew at a position of your choice"));
  }
  return std::optional<Checkpoint>(*std::move(checkpoint));
}

std::vector<Epoch> CheckpointTail::Epochs() const {
  std::vector<Epoch> epochs;
  for (const auto& [epoch, entry] : last_) epochs.push_back(epoch);
  return epochs;
}

}  // namespace binferry::worker
