#include "controller/model/task_action.h"

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

void Start(const VerbInput& input, Task* task) {
  if (task->state == TaskState::kConfiguration) {
    Enter(TaskState::kPendingStart, input.now, task);
  }
  if (IsLive(task->state)) return;  // Repeated.
  Want(DesiredState::kRunning, input.now, task);
  if (input.start_time.has_value() &&
      input.start_time != task->spec.start_time) {
    task->spec.start_time = input.start_time;
    ++task->revision;
  }
}

void RunAgain(const VerbInput& input, Task* task) {
  const bool stopped = task->state == TaskState::kPaused;
  if (!stopped && task->state != TaskState::kStartFailed &&
      task->state != TaskState::kIncrementalSyncFailed) {
    // The worker tries at once what it would try again later.
    const StoredReport* report = task->CurrentReport();
    if (input.verb == UserAction::kRetry && report != nullptr &&
        report->report.fault.has_value()) {
      ++task->retry_count;
    }
    return;
  }
  // A late report of the old fault must not fail the task again.
  if (!stopped) ++task->retry_count;
  Want(DesiredState::kRunning, input.now, task);
  Enter(TaskState::kStarting, input.now, task);
}

void Stop(const VerbInput& input, Task* task) {
  if (task->state == TaskState::kStopping ||
      task->state == TaskState::kCompleted) {
    return;
  }
  Want(DesiredState::kStopped, input.now, task);
  // Reports about the run that ends here carry the old number.
  ++task->retry_count;
  Enter(TaskState::kStopping, input.now, task);
}

void Retry(const VerbInput& input, Task* task) {
  if (task->state == TaskState::kCreateFailed) {
    Enter(TaskState::kCreating, input.now, task);
  } else if (task->state == TaskState::kStopFailed) {
    Stop(input, task);
  } else if (task->state != TaskState::kStopping) {
    RunAgain(input, task);
  }
}

}  // namespace

absl::Status CheckAction(const Task& task, UserAction action) {
  if (IsAllowed(action, task.state)) return absl::OkStatus();
  const std::string name =
      absl::StrCat("projects/", task.key.project, "/tasks/", task.key.task_id);
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

absl::Status ApplyVerb(const VerbInput& input, Task* task) {
  if (absl::Status status = CheckAction(*task, input.verb); !status.ok()) {
    return status;
  }
  switch (input.verb) {
    case UserAction::kStart:
      Start(input, task);
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
    case UserAction::kUpdate:
    case UserAction::kDelete:
      return absl::InternalError("update and delete are not verbs");
  }
  return absl::OkStatus();
}

}  // namespace binferry::controller
