// Carrying a task's row changes.
#ifndef BINFERRY_WORKER_TASK_CARRY_ATTEMPT_H_
#define BINFERRY_WORKER_TASK_CARRY_ATTEMPT_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/clock.h"
#include "worker/agent/task_attempt.h"
#include "worker/pipeline/pipeline.h"
#include "worker/task/task_attempts.h"
#include "worker/task/task_spec.h"

namespace binferry::worker {

// Checks the source, finds the task's place in the destination's state topics,
// and runs a pipeline between the two, with `drain_end` of its surroundings up
// to there. Thread-safe.
class CarryAttempt : public TaskAttempt {
 public:
  // `clock` must outlive this object.
  CarryAttempt(TaskSpec spec, const TaskLimits& limits,
               const AttemptSurroundings& surroundings, const Clock* clock);

  absl::Status Run(std::stop_token stop) override ABSL_LOCKS_EXCLUDED(mu_);
  void Leave(LeaveAt at) override ABSL_LOCKS_EXCLUDED(mu_);
  // With `drain_end` set: everything in front of it is committed, and Run
  // returns, or has returned.
  bool has_drained() const { return has_drained_; }
  TaskProgress Progress() const override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status CheckSourceSetup();
  PipelineOptions MakeOptions() const;
  void OnCheckpoint(const Checkpoint& checkpoint);
  bool is_leaving() const ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<int32_t> FindStatePartition(const std::stop_token& interrupt);
  absl::StatusOr<std::shared_ptr<Pipeline>> MakePipeline(
      int32_t state_partition, const std::stop_token& interrupt);
  absl::StatusOr<OpenedSink> OpenSink(const SinkOpener& open);
  absl::StatusOr<Checkpoint> ResolveStartNow(const std::stop_token& interrupt);
  absl::StatusOr<std::unique_ptr<BinlogSource>> OpenSource(
      const Checkpoint& checkpoint);

  const TaskSpec spec_;
  const TaskLimits limits_;
  const AttemptSurroundings surroundings_;
  const Clock* const clock_;
  // Of Pipeline::Run's thread.
  bool resolved_start_ = false;
  std::atomic<bool> has_drained_ = false;

  mutable absl::Mutex mu_;
  bool leaving_ ABSL_GUARDED_BY(mu_) = false;
  std::shared_ptr<Pipeline> pipeline_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_CARRY_ATTEMPT_H_
