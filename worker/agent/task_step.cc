#include "worker/agent/task_step.h"

namespace binferry::worker {
namespace {

TaskStep StepOfRun(const TaskSituation& situation) {
  const RunningTask& running = *situation.running;
  if (running.ended) return TaskStep::kReap;
  if (situation.assigned.has_value()) {
    if (situation.assigned->epoch != running.epoch) return TaskStep::kInterrupt;
    // One that leaves is let go first, even if it is wanted again.
    if (!situation.draining && !running.leaving &&
        situation.assigned->purpose == running.purpose) {
      return TaskStep::kKeep;
    }
  }
  if (!running.leaving) return TaskStep::kLeave;
  if (running.overdue) return TaskStep::kInterrupt;
  return running.slow && !running.hurried ? TaskStep::kHurry : TaskStep::kKeep;
}

}  // namespace

TaskStep NextTaskStep(const TaskSituation& situation) {
  if (situation.running.has_value()) return StepOfRun(situation);
  if (!situation.assigned.has_value() || situation.draining) {
    return TaskStep::kForget;
  }
  switch (situation.assigned->purpose) {
    case TaskPurpose::kReserve:
      return TaskStep::kKeep;
    case TaskPurpose::kRun:
    case TaskPurpose::kDrain:
    case TaskPurpose::kFinish:
      return situation.lease_live ? TaskStep::kStart : TaskStep::kKeep;
  }
  return TaskStep::kKeep;
}

}  // namespace binferry::worker
