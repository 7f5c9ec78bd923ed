// Whether a generation may go on where another one stopped.
#ifndef BINFERRY_WORKER_TASK_TAKEOVER_H_
#define BINFERRY_WORKER_TASK_TAKEOVER_H_

#include <string>

#include "absl/status/status.h"
#include "worker/schema/checkpoint.h"
#include "worker/task/task_spec.h"

namespace binferry::worker {

// Inside a source transaction rows that are done are counted, not named: the
// spec must select what the checkpoint's generation selected. All else may have
// changed, so that a task that a row's text or size has stopped goes on under
// another policy or limit; a reset gives up the rest of the transaction.
// FAILED_PRECONDITION, with a remedy, otherwise.
absl::Status CheckTakeover(const Checkpoint& checkpoint, const TaskSpec& spec);

// A task that has started goes on where its checkpoints are:
// FAILED_PRECONDITION, with a remedy, for another cluster than that.
// `cluster_id` is what the destination calls itself.
absl::Status CheckCluster(const TaskSpec& spec, const std::string& cluster_id);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_TAKEOVER_H_
