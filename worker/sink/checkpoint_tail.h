// Which of a partition's records is a task's checkpoint.
#ifndef BINFERRY_WORKER_SINK_CHECKPOINT_TAIL_H_
#define BINFERRY_WORKER_SINK_CHECKPOINT_TAIL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/ids.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

// Collects the records of one task from the end of its partition, in the order
// of their offsets, and picks the checkpoint to resume from.
//
// Keeps one value per epoch, whatever the number of records. Pure.
// Thread-compatible.
class CheckpointTail {
 public:
  explicit CheckpointTail(TaskUid task_uid) : task_uid_(std::move(task_uid)) {}

  // Takes the next record; no `value` = a tombstone. Records of other tasks and
  // foreign keys are passed over.
  void Add(absl::string_view key, std::optional<absl::string_view> value,
           int64_t offset);

  // The last checkpoint of the highest epoch; nothing if there is none.
  //
  // NewerEpochError if it is of an epoch above `ours`. FAILED_PRECONDITION if
  // it can't be read, is another task's, or if a checkpoint's number or last
  // id went back: then something else than the task has written here.
  absl::StatusOr<std::optional<Checkpoint>> Pick(Epoch ours) const;

  // Epochs that have a checkpoint, ascending.
  std::vector<Epoch> Epochs() const;

 private:
  struct Entry {
    std::string value;
    int64_t offset = 0;
  };

  TaskUid task_uid_;
  std::map<Epoch, Entry> last_;
  std::optional<Checkpoint> previous_;  // Of any epoch, if it could be read.
  absl::Status regression_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_CHECKPOINT_TAIL_H_
