// Where a task that drains has done enough.
#ifndef BINFERRY_WORKER_TASK_DRAIN_END_H_
#define BINFERRY_WORKER_TASK_DRAIN_END_H_

#include "worker/agent/task_attempt.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

// Whether everything that the source had committed at `end` is in front of
// `checkpoint`: by the GTID sets where the task goes by GTID, or, on the server
// that `end` was read from, by file and position. Never inside a source
// transaction.
bool HasReached(const Checkpoint& checkpoint, const DrainEnd& end);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_DRAIN_END_H_
