#include "controller/model/task_state.h"

namespace binferry::controller {
namespace {

constexpr auto kNo = Allowance::kNo;
constexpr auto kRepeat = Allowance::kRepeat;
constexpr auto kYes = Allowance::kYes;

// One row of the table of user actions, in the order of kUserActions.
struct ActionRow {
  Allowance start, pause, resume, stop, retry, reset, precheck, update, erase;
};

ActionRow RowOf(TaskState state) {
  switch (state) {
    case TaskState::kCreating:
      return {kNo, kNo, kNo, kYes, kNo, kNo, kNo, kYes, kNo};
    case TaskState::kCreateFailed:
      return {kNo, kNo, kNo, kNo, kYes, kNo, kNo, kYes, kYes};
    case TaskState::kConfiguration:
      return {kYes, kNo, kNo, kYes, kNo, kRepeat, kYes, kYes, kNo};
    case TaskState::kPendingStart:
      return {kYes, kNo, kNo, kYes, kNo, kNo, kYes, kYes, kNo};
    case TaskState::kStarting:
      return {kRepeat, kYes, kRepeat, kYes, kRepeat, kNo, kNo, kYes, kNo};
    case TaskState::kStartFailed:
      return {kNo, kNo, kNo, kYes, kYes, kYes, kYes, kYes, kNo};
    case TaskState::kIncrementalSync:
      return {kRepeat, kYes, kRepeat, kYes, kRepeat, kNo, kNo, kYes, kNo};
    case TaskState::kIncrementalSyncFailed:
      return {kNo, kYes, kYes, kYes, kYes, kYes, kYes, kYes, kNo};
    case TaskState::kFaultRectification:
      return {kRepeat, kYes, kRepeat, kYes, kRepeat, kNo, kNo, kYes, kNo};
    case TaskState::kPaused:
      return {kNo, kRepeat, kYes, kYes, kNo, kYes, kYes, kYes, kNo};
    case TaskState::kModifying:
      return {kRepeat, kYes, kRepeat, kYes, kRepeat, kNo, kNo, kYes, kNo};
    case TaskState::kStopping:
      return {kNo, kNo, kNo, kRepeat, kRepeat, kNo, kNo, kNo, kNo};
    case TaskState::kStopFailed:
      return {kNo, kNo, kNo, kYes, kYes, kNo, kNo, kYes, kNo};
    case TaskState::kCompleted:
      return {kNo, kNo, kNo, kRepeat, kNo, kNo, kNo, kNo, kYes};
  }
  return {};
}

}  // namespace

absl::string_view TaskStateName(TaskState state) {
  switch (state) {
    case TaskState::kCreating:
      return "CREATING";
    case TaskState::kCreateFailed:
      return "CREATE_FAILED";
    case TaskState::kConfiguration:
      return "CONFIGURATION";
    case TaskState::kPendingStart:
      return "PENDING_START";
    case TaskState::kStarting:
      return "STARTING";
    case TaskState::kStartFailed:
      return "START_FAILED";
    case TaskState::kIncrementalSync:
      return "INCREMENTAL_SYNC";
    case TaskState::kIncrementalSyncFailed:
      return "INCREMENTAL_SYNC_FAILED";
    case TaskState::kFaultRectification:
      return "FAULT_RECTIFICATION";
    case TaskState::kPaused:
      return "PAUSED";
    case TaskState::kModifying:
      return "MODIFYING";
    case TaskState::kStopping:
      return "STOPPING";
    case TaskState::kStopFailed:
      return "STOP_FAILED";
    case TaskState::kCompleted:
      return "COMPLETED";
  }
  return "";
}

std::optional<TaskState> ParseTaskState(absl::string_view name) {
  for (const TaskState state : kTaskStates) {
    if (TaskStateName(state) == name) return state;
  }
  return std::nullopt;
}

absl::string_view DesiredStateName(DesiredState state) {
  switch (state) {
    case DesiredState::kConfigured:
      return "configured";
    case DesiredState::kRunning:
      return "running";
    case DesiredState::kPaused:
      return "paused";
    case DesiredState::kStopped:
      return "stopped";
  }
  return "";
}

std::optional<DesiredState> ParseDesiredState(absl::string_view name) {
  for (const DesiredState state :
       {DesiredState::kConfigured, DesiredState::kRunning,
        DesiredState::kPaused, DesiredState::kStopped}) {
    if (DesiredStateName(state) == name) return state;
  }
  return std::nullopt;
}

absl::string_view UserActionName(UserAction action) {
  switch (action) {
    case UserAction::kStart:
      return "start";
    case UserAction::kPause:
      return "pause";
    case UserAction::kResume:
      return "resume";
    case UserAction::kStop:
      return "stop";
    case UserAction::kRetry:
      return "retry";
    case UserAction::kReset:
      return "reset";
    case UserAction::kPrecheck:
      return "precheck";
    case UserAction::kUpdate:
      return "update";
    case UserAction::kDelete:
      return "delete";
  }
  return "";
}

absl::string_view StopModeName(StopMode mode) {
  switch (mode) {
    case StopMode::kNow:
      return "now";
    case StopMode::kDrain:
      return "drain";
  }
  return "";
}

std::optional<StopMode> ParseStopMode(absl::string_view name) {
  for (const StopMode mode : {StopMode::kNow, StopMode::kDrain}) {
    if (StopModeName(mode) == name) return mode;
  }
  return std::nullopt;
}

Allowance AllowanceOf(UserAction action, TaskState state) {
  const ActionRow row = RowOf(state);
  switch (action) {
    case UserAction::kStart:
      return row.start;
    case UserAction::kPause:
      return row.pause;
    case UserAction::kResume:
      return row.resume;
    case UserAction::kStop:
      return row.stop;
    case UserAction::kRetry:
      return row.retry;
    case UserAction::kReset:
      return row.reset;
    case UserAction::kPrecheck:
      return row.precheck;
    case UserAction::kUpdate:
      return row.update;
    case UserAction::kDelete:
      return row.erase;
  }
  return kNo;
}

bool IsAllowed(UserAction action, TaskState state) {
  return AllowanceOf(action, state) != kNo;
}

std::vector<std::string> AvailableActions(TaskState state) {
  std::vector<std::string> names;
  for (const UserAction action : kUserActions) {
    if (AllowanceOf(action, state) == kYes) {
      names.emplace_back(UserActionName(action));
    }
  }
  return names;
}

bool CanTransition(TaskState from, TaskState to) {
  using enum TaskState;
  switch (from) {
    case kCreating:
      return to == kConfiguration || to == kCreateFailed || to == kStopping;
    case kCreateFailed:
      return to == kCreating || to == kCompleted;
    case kConfiguration:
      return to == kPendingStart || to == kStopping;
    case kPendingStart:
      return to == kStarting || to == kConfiguration || to == kStopping;
    case kStarting:
      return to == kIncrementalSync || to == kStartFailed ||
             to == kIncrementalSyncFailed || to == kFaultRectification ||
             to == kPaused || to == kStopping;
    case kStartFailed:
      return to == kStarting || to == kConfiguration || to == kStopping;
    case kIncrementalSync:
      return to == kIncrementalSyncFailed || to == kFaultRectification ||
             to == kPaused || to == kModifying || to == kStopping;
    case kIncrementalSyncFailed:
      return to == kStarting || to == kPaused || to == kConfiguration ||
             to == kStopping;
    case kFaultRectification:
      return to == kStarting || to == kIncrementalSync ||
             to == kIncrementalSyncFailed || to == kStartFailed ||
             to == kPaused || to == kStopping;
    case kPaused:
      return to == kStarting || to == kConfiguration || to == kStopping;
    case kModifying:
      return to == kIncrementalSync || to == kIncrementalSyncFailed ||
             to == kFaultRectification || to == kPaused || to == kStopping;
    case kStopping:
      return to == kStopFailed || to == kCompleted;
    case kStopFailed:
      return to == kStopping;
    case kCompleted:
      return false;
  }
  return false;
}

bool IsLive(TaskState state) {
  using enum TaskState;
  switch (state) {
    case kStarting:
    case kIncrementalSync:
    case kFaultRectification:
    case kModifying:
      return true;
    case kCreating:
    case kCreateFailed:
    case kConfiguration:
    case kPendingStart:
    case kStartFailed:
    case kIncrementalSyncFailed:
    case kPaused:
    case kStopping:
    case kStopFailed:
    case kCompleted:
      return false;
  }
  return false;
}

bool IsFailed(TaskState state) {
  using enum TaskState;
  switch (state) {
    case kCreateFailed:
    case kStartFailed:
    case kIncrementalSyncFailed:
    case kStopFailed:
      return true;
    case kCreating:
    case kConfiguration:
    case kPendingStart:
    case kStarting:
    case kIncrementalSync:
    case kFaultRectification:
    case kPaused:
    case kModifying:
    case kStopping:
    case kCompleted:
      return false;
  }
  return false;
}

}  // namespace binferry::controller
