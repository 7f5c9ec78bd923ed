#include "controller/model/task_report.h"

namespace binferry::controller {

absl::string_view RunStateName(RunState state) {
  switch (state) {
    case RunState::kUnspecified:
      return "UNSPECIFIED";
    case RunState::kIdle:
      return "IDLE";
    case RunState::kStarting:
      return "STARTING";
    case RunState::kRunning:
      return "RUNNING";
    case RunState::kRetrying:
      return "RETRYING";
    case RunState::kFailed:
      return "FAILED";
    case RunState::kFinished:
      return "FINISHED";
  }
  return "";
}

std::optional<RunState> ParseRunState(absl::string_view name) {
  for (const RunState state :
       {RunState::kUnspecified, RunState::kIdle, RunState::kStarting,
        RunState::kRunning, RunState::kRetrying, RunState::kFailed,
        RunState::kFinished}) {
    if (RunStateName(state) == name) return state;
  }
  return std::nullopt;
}

}  // namespace binferry::controller
