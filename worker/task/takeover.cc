#include "worker/task/takeover.h"

#include "absl/strings/str_cat.h"
#include "worker/select/object_selection.h"

namespace binferry::worker {
namespace {

// A generation's number may be given twice, when the controllers' database is
// restored from a backup; only an earlier version's checkpoint is judged by it.
bool SelectsTheSame(const Checkpoint& checkpoint, const TaskSpec& spec) {
  return checkpoint.selection_fingerprint == 0
             ? checkpoint.generation == spec.generation
             : checkpoint.selection_fingerprint ==
                   SelectionFingerprint(spec.selection);
}

}  // namespace

absl::Status CheckTakeover(const Checkpoint& checkpoint, const TaskSpec& spec) {
  if (checkpoint.rows_done == 0 || SelectsTheSame(checkpoint, spec)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "objects: generation ", spec.generation.value(),
      " selects other tables than generation ", checkpoint.generation.value(),
      ", which has delivered ", checkpoint.rows_done,
      " rows of the source transaction at ", checkpoint.file, ":",
      checkpoint.position,
      ": select the same tables as before until that transaction is "
      "delivered, then change the objects"));
}

}  // namespace binferry::worker
