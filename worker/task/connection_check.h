// Asking a task's source and destination whether the task could use them.
#ifndef BINFERRY_WORKER_TASK_CONNECTION_CHECK_H_
#define BINFERRY_WORKER_TASK_CONNECTION_CHECK_H_

#include "absl/status/statusor.h"
#include "binferry/coordination/v1/probe.pb.h"
#include "worker/task/inspection.h"

namespace binferry::worker {

// Sets `passed` and `message`, for controllers that ask by kind. An error says
// which field of the task is wrong and what to do.
absl::StatusOr<coordination::v1::ProbeResult> CheckConnection(
    coordination::v1::ProbeKind kind, const Inspection& inspection);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_CONNECTION_CHECK_H_
