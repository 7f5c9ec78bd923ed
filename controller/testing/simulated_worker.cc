#include "controller/testing/simulated_worker.h"

#include <algorithm>

#include "common/status_macros.h"

namespace binferry::controller {

namespace coordination_v1 = ::binferry::coordination::v1;

coordination_v1::TaskReport SimulatedWorker::ReportOf(
    const coordination_v1::Assignment& assignment) const {
  const auto found = runs_.find(assignment.task_uid());
  const SimulatedRun run =
      found == runs_.end() ? SimulatedRun() : found->second;
  coordination_v1::TaskReport report;
  report.set_task_uid(assignment.task_uid());
  report.set_epoch(assignment.epoch());
  report.set_retry_count(assignment.retry_count());
  report.set_state(coordination_v1::RUN_STATE_IDLE);
  if (assignment.purpose() == coordination_v1::PURPOSE_RUN) {
    report.set_state(run.run);
    report.set_generation(
        run.last_generation == 0
            ? assignment.generation()
            : std::min(assignment.generation(), run.last_generation));
  } else if (assignment.purpose() != coordination_v1::PURPOSE_RESERVE) {
    report.set_state(run.end);
  }
  if (report.state() == coordination_v1::RUN_STATE_FAILED ||
      report.state() == coordination_v1::RUN_STATE_RETRYING) {
    binferry::v1::Fault* const fault = report.mutable_last_error();
    fault->set_code("PERMISSION_DENIED");
    fault->set_message("the source refuses the password");
    fault->set_remedy("update the password, then retry");
    fault->mutable_first_time()->set_seconds(1'700'000'000);
    fault->mutable_time()->set_seconds(1'700'000'060);
    fault->set_attempts(3);
  }
  return report;
}

absl::Status SimulatedWorker::Beat() {
  coordination_v1::HeartbeatRequest request = beat_;
  for (const coordination_v1::Assignment& assignment : orders_.assignments()) {
    *request.add_tasks() = ReportOf(assignment);
  }
  BINFERRY_ASSIGN_OR_RETURN(orders_, send_(request));
  beat_.set_sequence(beat_.sequence() + 1);
  return absl::OkStatus();
}

void SimulatedWorker::Restart(const std::string& incarnation) {
  beat_.mutable_worker()->set_incarnation(incarnation);
  orders_.Clear();
}

}  // namespace binferry::controller
