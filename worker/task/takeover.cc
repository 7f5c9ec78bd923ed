#include "worker/task/takeover.h"

#include "absl/strings/str_cat.h"
#include "common/remedy.h"
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
  if (checkpoint.rows_done == 0 || checkpoint.resets < spec.resets ||
      SelectsTheSame(checkpoint, spec)) {
    return absl::OkStatus();
  }
  return RemedyError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("objects: generation ", spec.generation.value(),
                   " selects other tables than generation ",
                   checkpoint.generation.value(), ", which has delivered ",
                   checkpoint.rows_done, " rows of the source transaction at ",
                   checkpoint.file, ":", checkpoint.position),
      "select the same tables as before until that transaction is delivered, "
      "then change the objects");
}

absl::Status CheckCluster(const TaskSpec& spec, const std::string& cluster_id) {
  if (!spec.start_position_committed || spec.kafka_cluster_id.empty() ||
      spec.kafka_cluster_id == cluster_id) {
    return absl::OkStatus();
  }
  return RemedyError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat(
          "destination.bootstrap_servers: ", spec.destination.bootstrap_servers,
          " is the Kafka cluster ", cluster_id,
          ", but the task's records and checkpoint are in the cluster ",
          spec.kafka_cluster_id),
      "name servers of that cluster, or create another task for this one (a "
      "clone of this task, with the start position of your choice)");
}

}  // namespace binferry::worker
