// Ending a task for good.
#ifndef BINFERRY_WORKER_TASK_FINISH_ATTEMPT_H_
#define BINFERRY_WORKER_TASK_FINISH_ATTEMPT_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "common/clock.h"
#include "worker/agent/task_attempt.h"
#include "worker/task/task_spec.h"

namespace binferry::worker {

// Fences whatever may still write for the task, then removes its checkpoints.
// Without a spec there is nothing to remove. Thread-safe.
class FinishAttempt : public TaskAttempt {
 public:
  // `clock` must outlive this object.
  FinishAttempt(std::optional<TaskSpec> spec, int32_t state_partition,
                const AttemptSurroundings& surroundings, const Clock* clock);

  absl::Status Run(std::stop_token stop) override;
  // Breaks it off: whoever runs the task next removes what is left.
  void Leave(LeaveAt at) override;
  TaskProgress Progress() const override {
    TaskProgress progress;
    progress.is_finished = is_finished_;
    return progress;
  }

 private:
  const std::optional<TaskSpec> spec_;
  const int32_t state_partition_;
  const AttemptSurroundings surroundings_;
  const Clock* const clock_;
  std::stop_source leave_;
  std::atomic<bool> is_finished_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_FINISH_ATTEMPT_H_
