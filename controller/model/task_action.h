// What a user's action does to a task.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_ACTION_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_ACTION_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controller/model/task.h"
#include "controller/model/task_state.h"

namespace binferry::controller {

// FAILED_PRECONDITION, naming the task, its state and what is allowed in it
// (details: reason ACTION_NOT_ALLOWED, violation STATE), unless `action` is
// allowed.
absl::Status CheckAction(const Task& task, UserAction action);

struct VerbInput {
  UserAction verb = UserAction::kStart;  // Neither kUpdate nor kDelete.
  std::optional<absl::Time> start_time;  // Only with kStart.
  absl::Time now;
};

// Records in `task` what the user wants, and the state where that shows at
// once: start -> PENDING_START, resume and retry -> STARTING (CREATING,
// STOPPING), stop -> STOPPING. All else follows from what workers report.
// FAILED_PRECONDITION as CheckAction, nothing changed.
absl::Status ApplyVerb(const VerbInput& input, Task* task);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_ACTION_H_
