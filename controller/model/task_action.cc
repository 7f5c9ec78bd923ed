#include "controller/model/task_action.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status_details.h"

namespace binferry::controller {
namespace {

std::string AllowedIn(TaskState state) {
  std::vector<std::string> names = AvailableActions(state);
  if (!IsAllowed(UserAction::kDelete, state)) {
    names.push_back("delete with force");
  }
  return absl::StrJoin(names, ", ");
}

void Enter(TaskState state, absl::Time now, Task* task) {
  if (task->state == state) return;
  task->state = state;
  task->state_time = now;
  task->state_message.clear();
  task->failure.reset();
}

void Want(DesiredState desired, absl::Time now, Task* task) {
  if (task->desired_state == desired) return;
  task->desired_state = desired;
  task->desired_time = now;
}

// A task that was started once and whose worker may still tell of that run:
// reports of it carry the old number.
void TryAnew(Task* task) { ++task->retry_count; }

bool HasFault(const Task& task) {
  const StoredReport* report = task.CurrentReport();
  return report != nullptr && report->report.fault.has_value();
}

absl::Status Start(const VerbInput& input, Task* task) {
  if (IsLive(task->state)) return absl::OkStatus();  // Repeated.
  if (absl::Status status = CheckPrecheck(*task); !status.ok()) return status;
  Enter(TaskState::kPendingStart, input.now, task);
  Want(DesiredState::kRunning, input.now, task);
  if (!input.start_time.has_value()) return absl::OkStatus();
  const absl::Time start_time = std::max(*input.start_time, input.now);
  if (start_time != task->spec.start_time) {
    task->spec.start_time = start_time;
    ++task->revision;
  }
  return absl::OkStatus();
}

void RunAgain(const VerbInput& input, Task* task) {
  const bool stopped = task->state == TaskState::kPaused;
  if (!stopped && task->state != TaskState::kStartFailed &&
      task->state != TaskState::kIncrementalSyncFailed) {
    // The worker tries at once what it would try again later.
    if (input.verb == UserAction::kRetry && HasFault(*task)) TryAnew(task);
    return;
  }
  // A late report of the old fault must not fail the task again.
  if (!stopped) TryAnew(task);
  Want(DesiredState::kRunning, input.now, task);
  Enter(TaskState::kStarting, input.now, task);
}

StopMode StopModeFor(const VerbInput& input, const Task& task) {
  using enum TaskState;
  switch (task.state) {
    case kIncrementalSync:
    case kFaultRectification:
    case kModifying:
      return input.stop_mode.value_or(StopMode::kDrain);
    case kStarting:
      return input.stop_mode.value_or(task.synced ? StopMode::kDrain
                                                  : StopMode::kNow);
    case kStartFailed:
    case kIncrementalSyncFailed:
    case kPaused:
    case kStopFailed:
      return input.stop_mode.value_or(StopMode::kNow);
    case kCreating:
    case kCreateFailed:
    case kConfiguration:
    case kPendingStart:
    case kStopping:
    case kCompleted:
      return StopMode::kNow;
  }
  return StopMode::kNow;
}

void EnterStopping(StopMode mode, absl::Time now, Task* task) {
  Want(DesiredState::kStopped, now, task);
  TryAnew(task);
  Enter(TaskState::kStopping, now, task);
  task->stop_mode = mode;
}

void Stop(const VerbInput& input, Task* task) {
  if (task->state == TaskState::kCompleted) return;
  if (task->state != TaskState::kStopping) {
    EnterStopping(StopModeFor(input, *task), input.now, task);
  } else if (input.stop_mode == StopMode::kNow &&
             task->stop_mode == StopMode::kDrain) {
    task->stop_mode = StopMode::kNow;
    task->state_message.clear();
    TryAnew(task);
  }
}

void Retry(const VerbInput& input, Task* task) {
  if (task->state == TaskState::kCreateFailed) {
    Enter(TaskState::kCreating, input.now, task);
  } else if (task->state == TaskState::kStopFailed) {
    EnterStopping(task->stop_mode, input.now, task);
  } else if (task->state == TaskState::kStopping) {
    if (HasFault(*task)) TryAnew(task);
  } else {
    RunAgain(input, task);
  }
}

void Reset(const VerbInput& input, Task* task) {
  Want(DesiredState::kConfigured, input.now, task);
  Enter(TaskState::kConfiguration, input.now, task);
  TryAnew(task);
  ++task->reset_count;
  task->synced = false;
  task->start_position_committed = false;
  task->precheck.reset();
}

std::string NameOf(const Task& task) {
  return absl::StrCat("projects/", task.key.project, "/tasks/",
                      task.key.task_id);
}

}  // namespace

absl::Status CheckAction(const Task& task, UserAction action) {
  if (IsAllowed(action, task.state)) return absl::OkStatus();
  const std::string name = NameOf(task);
  const std::string message =
      absl::StrCat("task ", name, " is in state ", TaskStateName(task.state),
                   ", which does not allow ", UserActionName(action),
                   "; allowed: ", AllowedIn(task.state));
  StatusDetails details;
  details.reason = "ACTION_NOT_ALLOWED";
  details.metadata = {
      {"action", std::string(UserActionName(action))},
      {"state", std::string(TaskStateName(task.state))},
      {"allowed", absl::StrJoin(AvailableActions(task.state), ",")}};
  details.precondition_violations.push_back(
      {.type = "STATE", .subject = name, .description = message});
  return WithDetails(absl::FailedPreconditionError(message), details);
}

absl::Status CheckPrecheck(const Task& task) {
  if (task.precheck.has_value() && task.precheck->ready) {
    return absl::OkStatus();
  }
  std::vector<std::string> open_items;
  if (task.precheck.has_value()) open_items = task.precheck->open_items;
  if (open_items.empty()) {
    open_items.push_back(
        "no precheck was made of the present definition: run one");
  }
  StatusDetails details;
  details.reason = "PRECHECK_NOT_READY";
  details.metadata = {{"open_items", absl::StrCat(open_items.size())}};
  for (const std::string& item : open_items) {
    details.precondition_violations.push_back(
        {.type = "PRECHECK", .subject = NameOf(task), .description = item});
  }
  return WithDetails(
      absl::FailedPreconditionError(absl::StrCat(
          "task ", NameOf(task),
          " can't start before its precheck is ready (FAILED items mended and "
          "checked again, ALARM items confirmed): ",
          absl::StrJoin(open_items, "; "))),
      details);
}

absl::Status ApplyVerb(const VerbInput& input, Task* task) {
  if (absl::Status status = CheckAction(*task, input.verb); !status.ok()) {
    return status;
  }
  switch (input.verb) {
    case UserAction::kStart:
      if (absl::Status status = Start(input, task); !status.ok()) return status;
      break;
    case UserAction::kPause:
      Want(DesiredState::kPaused, input.now, task);
      break;
    case UserAction::kResume:
      RunAgain(input, task);
      Want(DesiredState::kRunning, input.now, task);
      break;
    case UserAction::kStop:
      Stop(input, task);
      break;
    case UserAction::kRetry:
      Retry(input, task);
      break;
    case UserAction::kReset:
      Reset(input, task);
      break;
    case UserAction::kPrecheck:
    case UserAction::kUpdate:
    case UserAction::kDelete:
      return absl::InternalError("precheck, update and delete are no verbs");
  }
  task->use_time = input.now;
  return absl::OkStatus();
}

}  // namespace binferry::controller
