// A task as the controller tells it -> what the worker's parts take.
#ifndef BINFERRY_WORKER_TASK_SPEC_CONVERSION_H_
#define BINFERRY_WORKER_TASK_SPEC_CONVERSION_H_

#include "absl/status/statusor.h"
#include "binferry/coordination/v1/coordination_service.pb.h"
#include "worker/task/task_spec.h"

namespace binferry::worker {

// INVALID_ARGUMENT, naming the field, for what no task may have;
// UNIMPLEMENTED, naming the field, for what this release does not carry out.
// The controller checks the same before it stores a task; a worker of another
// version must not guess. INTERNAL for a runtime that lacks what it must have.
absl::StatusOr<TaskSpec> ConvertTaskSpec(
    const coordination::v1::GetTaskSpecResponse& response);

// What can be said of one side of a task whose definition may not be complete:
// source, dump and the objects selected so far.
absl::StatusOr<TaskSpec> ConvertSourceSide(
    const coordination::v1::GetTaskSpecResponse& response);
// The cluster alone.
absl::StatusOr<TaskSpec> ConvertDestinationSide(
    const coordination::v1::GetTaskSpecResponse& response);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_SPEC_CONVERSION_H_
