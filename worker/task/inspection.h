// One question about a task, and how long its answer may take.
#ifndef BINFERRY_WORKER_TASK_INSPECTION_H_
#define BINFERRY_WORKER_TASK_INSPECTION_H_

#include <cstdint>
#include <stop_token>

#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/task/task_spec.h"

namespace binferry::worker {

struct Inspection {
  // Only of the side that is asked, if the definition isn't complete.
  TaskSpec spec;
  // The task's number in the state topics; 0 before it has one.
  int32_t state_partition = 0;
  absl::Duration time_left;
  std::stop_token stop;
  const Clock* clock = nullptr;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_INSPECTION_H_
