#include "worker/task/drain_attempt.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/source_catalog.h"

namespace binferry::worker {

DrainAttempt::DrainAttempt(const TaskSpec& spec, int32_t state_partition,
                           const TaskLimits& limits,
                           const AttemptSurroundings& surroundings,
                           const Clock* clock)
    : source_(spec.source),
      surroundings_(surroundings),
      carry_(spec, limits, surroundings, clock),
      finish_(spec, state_partition, surroundings, clock) {}

absl::Status DrainAttempt::Run(std::stop_token stop) {
  BINFERRY_RETURN_IF_ERROR(FindEnd());
  BINFERRY_RETURN_IF_ERROR(carry_.Run(stop));
  if (stop.stop_requested() || !carry_.has_drained()) return absl::OkStatus();
  surroundings_.on_event(
      "DRAINED",
      absl::StrCat(
          "everything in front of ",
          surroundings_.drain_end->value().position.coordinates().file(), ":",
          surroundings_.drain_end->value().position.coordinates().position(),
          " is delivered"));
  return finish_.Run(stop);
}

absl::Status DrainAttempt::FindEnd() {
  if (surroundings_.drain_end->has_value()) return absl::OkStatus();
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                            Connection::Connect(source_));
  BINFERRY_ASSIGN_OR_RETURN(const SourceVariables variables,
                            ReadSourceVariables(connection.get()));
  BINFERRY_ASSIGN_OR_RETURN(const SourcePosition position,
                            ReadSourcePosition(connection.get()));
  DrainEnd end{.position = {}, .server_uuid = variables.server_uuid};
  end.position.mutable_coordinates()->set_file(position.coordinates.file);
  end.position.mutable_coordinates()->set_position(
      position.coordinates.position);
  end.position.set_gtid_set(position.gtid_executed.ToString());
  *surroundings_.drain_end = std::move(end);
  surroundings_.on_event("DRAIN", absl::StrCat("the task ends behind ",
                                               position.coordinates.ToString(),
                                               ", where the source ends now"));
  return absl::OkStatus();
}

void DrainAttempt::Leave(LeaveAt at) {
  carry_.Leave(at);
  finish_.Leave(at);
}

TaskProgress DrainAttempt::Progress() const {
  TaskProgress progress = carry_.Progress();
  progress.is_finished = finish_.Progress().is_finished;
  return progress;
}

}  // namespace binferry::worker
