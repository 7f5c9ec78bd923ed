// Carrying a task's row changes, and ending a task for good.
#ifndef BINFERRY_WORKER_TASK_TASK_ATTEMPTS_H_
#define BINFERRY_WORKER_TASK_TASK_ATTEMPTS_H_

#include <cstddef>

#include "common/clock.h"
#include "worker/agent/task_attempt.h"

namespace binferry::worker {

struct TaskLimits {
  size_t budget_bytes = size_t{64} << 20;
  int encoder_threads = 2;
};

// Attempts over real servers: PURPOSE_RUN carries row changes, PURPOSE_FINISH
// removes the task's state from Kafka, PURPOSE_DRAIN does one after the other.
// Their errors: as ConvertTaskSpec, of the source (worker/mysql), of the
// destination (worker/sink), of Pipeline::Run. `clock` must outlive the
// attempts.
AttemptFactory MakeAttemptFactory(const TaskLimits& limits, const Clock* clock);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_TASK_ATTEMPTS_H_
