// What a worker does next about one task.
#ifndef BINFERRY_WORKER_AGENT_TASK_STEP_H_
#define BINFERRY_WORKER_AGENT_TASK_STEP_H_

#include <cstdint>
#include <optional>

#include "common/ids.h"

namespace binferry::worker {

// Why a worker has a task.
enum class TaskPurpose : uint8_t {
  kReserve,  // Hold a slot; nothing runs.
  kRun,      // Carry row changes.
  kDrain,    // Carry on to the source's present end, then as kFinish.
  kFinish,   // Remove the task's state from Kafka.
};

// What the controller said last.
struct AssignedTask {
  Epoch epoch;
  TaskPurpose purpose = TaskPurpose::kReserve;
};

// What there is.
struct RunningTask {
  Epoch epoch;
  TaskPurpose purpose = TaskPurpose::kRun;
  bool ended = false;    // Its thread is done.
  bool leaving = false;  // Was told to leave,
  bool slow = false;     // which it should have done by now,
  bool hurried = false;  // was then told to cut the transaction under way,
  bool overdue = false;  // and doesn't even do that.
};

struct TaskSituation {
  // Nothing: not assigned (any more).
  std::optional<AssignedTask> assigned = std::nullopt;
  // Nothing: no thread.
  std::optional<RunningTask> running = std::nullopt;
  bool lease_live = false;
  // The worker takes and starts nothing any more.
  bool draining = false;
};

enum class TaskStep : uint8_t {
  kKeep,       // All is as it should be, or has to be waited for.
  kStart,      // Begin a run as assigned.
  kLeave,      // Let the run end at the end of a source transaction.
  kHurry,      // Let it end at its next Kafka transaction.
  kInterrupt,  // End the run at once.
  kReap,       // Take leave of a run that ended, then ask again.
  kForget,     // Nothing is left to report of the task.
};

// The decision depends on nothing but what is: a lost or repeated answer of the
// controller does no harm. A run under another epoch than the assigned one is
// interrupted, since it can commit nothing that counts; nothing is started
// without a live lease; what runs doesn't end with its lease.
TaskStep NextTaskStep(const TaskSituation& situation);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TASK_STEP_H_
