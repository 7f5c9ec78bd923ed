#include "worker/task/finish_attempt.h"

#include <utility>

#include "common/status_macros.h"
#include "worker/task/task_sink.h"

namespace binferry::worker {

FinishAttempt::FinishAttempt(std::optional<TaskSpec> spec,
                             int32_t state_partition,
                             const AttemptSurroundings& surroundings,
                             const Clock* clock)
    : spec_(std::move(spec)),
      state_partition_(state_partition),
      surroundings_(surroundings),
      clock_(clock) {}

absl::Status FinishAttempt::Run(std::stop_token stop) {
  if (!spec_.has_value()) {
    is_finished_ = true;
    return absl::OkStatus();
  }
  std::stop_source interrupt;
  const auto request = [&interrupt] { interrupt.request_stop(); };
  const std::stop_callback on_stop(stop, request);
  const std::stop_callback on_leave(leave_.get_token(), request);
  const SinkOpener open = TaskSinkOpener(
      *spec_, state_partition_, surroundings_, interrupt.get_token(), clock_);
  BINFERRY_ASSIGN_OR_RETURN(OpenedSink opened, open());
  BINFERRY_RETURN_IF_ERROR(opened.sink->DeleteState());
  is_finished_ = true;
  return absl::OkStatus();
}

void FinishAttempt::Leave(LeaveAt at) {
  switch (at) {
    case LeaveAt::kNextCommit:
    case LeaveAt::kTransactionBoundary:
      leave_.request_stop();
  }
}

}  // namespace binferry::worker
