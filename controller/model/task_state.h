// The life cycle of a task: states, what users may do in them, and which state
// may follow which. docs/task-lifecycle.md shows the same tables; the unit test
// compares them row by row.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_STATE_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_STATE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace binferry::controller {

// What is observed. Numbered as binferry.v1.TaskState.
enum class TaskState {
  kCreating = 1,
  kCreateFailed,
  kConfiguration,
  kPendingStart,
  kStarting,
  kStartFailed,
  kIncrementalSync,
  kIncrementalSyncFailed,
  kFaultRectification,
  kPaused,
  kModifying,
  kStopping,
  kStopFailed,
  kCompleted,
};

inline constexpr TaskState kTaskStates[] = {
    TaskState::kCreating,           TaskState::kCreateFailed,
    TaskState::kConfiguration,      TaskState::kPendingStart,
    TaskState::kStarting,           TaskState::kStartFailed,
    TaskState::kIncrementalSync,    TaskState::kIncrementalSyncFailed,
    TaskState::kFaultRectification, TaskState::kPaused,
    TaskState::kModifying,          TaskState::kStopping,
    TaskState::kStopFailed,         TaskState::kCompleted,
};

// What the user wants.
enum class DesiredState {
  kConfigured,  // Not started yet.
  kRunning,
  kPaused,
  kStopped,
};

enum class UserAction {
  kStart,
  kPause,
  kResume,
  kStop,
  kRetry,
  kReset,
  kPrecheck,
  kUpdate,
  kDelete
};

inline constexpr UserAction kUserActions[] = {
    UserAction::kStart,    UserAction::kPause,  UserAction::kResume,
    UserAction::kStop,     UserAction::kRetry,  UserAction::kReset,
    UserAction::kPrecheck, UserAction::kUpdate, UserAction::kDelete,
};

// How a task that is stopped ends.
enum class StopMode {
  // At the next Kafka transaction.
  kNow,
  // Once it has delivered what its source had committed when it was asked.
  kDrain,
};

enum class Allowance {
  kNo,
  // Succeeds and asks for what is wanted already: repeating a verb is no error.
  kRepeat,
  kYes,
};

// "CREATING", as in the API without its prefix. Also what PostgreSQL keeps.
absl::string_view TaskStateName(TaskState state);
std::optional<TaskState> ParseTaskState(absl::string_view name);
// "configured", "running", "paused", "stopped".
absl::string_view DesiredStateName(DesiredState state);
std::optional<DesiredState> ParseDesiredState(absl::string_view name);
// "start", "pause", ...
absl::string_view UserActionName(UserAction action);
// "now", "drain".
absl::string_view StopModeName(StopMode mode);
std::optional<StopMode> ParseStopMode(absl::string_view name);

Allowance AllowanceOf(UserAction action, TaskState state);
// kYes or kRepeat.
bool IsAllowed(UserAction action, TaskState state);
// Names of the actions that are kYes in `state`, for Task.status.
std::vector<std::string> AvailableActions(TaskState state);

// Whether `to` may follow `from`; no state follows itself.
bool CanTransition(TaskState from, TaskState to);

// The worker carries rows, or tries to.
bool IsLive(TaskState state);
// CREATE_FAILED, START_FAILED, INCREMENTAL_SYNC_FAILED, STOP_FAILED.
bool IsFailed(TaskState state);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_STATE_H_
