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

// FAILED_PRECONDITION unless the last precheck is ready (details: reason
// PRECHECK_NOT_READY, a violation PRECHECK for each open item).
absl::Status CheckPrecheck(const Task& task);

struct VerbInput {
  // start, pause, resume, stop, retry or reset.
  UserAction verb = UserAction::kStart;
  std::optional<absl::Time> start_time;  // Only with kStart.
  // Only with kStop. Unset: kDrain for a task that carries rows, else kNow.
  std::optional<StopMode> stop_mode;
  absl::Time now;
};

// Records in `task` what the user wants, and the state where that shows at
// once: start -> PENDING_START, resume and retry -> STARTING (CREATING,
// STOPPING), stop -> STOPPING, reset -> CONFIGURATION. All else follows from
// what workers report. FAILED_PRECONDITION as CheckAction, and for a start as
// CheckPrecheck; nothing is changed then.
//
// A start time that has passed becomes `now`; it is replaced only while the
// task has not begun to start. Without rows under way (CREATING, CONFIGURATION,
// PENDING_START) there is nothing to drain: a stop is kNow. A stop that drains
// becomes one that does not, never the other way.
//
// A reset forgets that the task ever ran, but for `started`: Kafka may still
// have its checkpoint. Its new start position is in the spec, which the caller
// writes; the precheck is void.
absl::Status ApplyVerb(const VerbInput& input, Task* task);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_ACTION_H_
