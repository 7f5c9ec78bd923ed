// Carrying what a source has, and then ending the task.
#ifndef BINFERRY_WORKER_TASK_DRAIN_ATTEMPT_H_
#define BINFERRY_WORKER_TASK_DRAIN_ATTEMPT_H_

#include <cstdint>
#include <stop_token>

#include "common/clock.h"
#include "worker/agent/task_attempt.h"
#include "worker/task/carry_attempt.h"
#include "worker/task/finish_attempt.h"
#include "worker/task/task_attempts.h"
#include "worker/task/task_spec.h"

namespace binferry::worker {

// Asks the source where it ends, unless an attempt before it did, carries row
// changes until a checkpoint has all in front of that, and removes the task's
// checkpoints. What is committed later is not carried. A worker that takes the
// task over asks anew, and carries what came meanwhile too. Thread-safe.
class DrainAttempt : public TaskAttempt {
 public:
  // `clock` must outlive this object. `state_partition` is the task's.
  DrainAttempt(const TaskSpec& spec, int32_t state_partition,
               const TaskLimits& limits,
               const AttemptSurroundings& surroundings, const Clock* clock);

  absl::Status Run(std::stop_token stop) override;
  void Leave(LeaveAt at) override;
  TaskProgress Progress() const override;

 private:
  absl::Status FindEnd();

  const ConnectionOptions source_;
  const AttemptSurroundings surroundings_;
  CarryAttempt carry_;
  FinishAttempt finish_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_DRAIN_ATTEMPT_H_
