#include "worker/task/task_attempts.h"

#include <memory>
#include <utility>

#include "common/status_macros.h"
#include "worker/task/carry_attempt.h"
#include "worker/task/drain_attempt.h"
#include "worker/task/finish_attempt.h"
#include "worker/task/spec_conversion.h"

namespace binferry::worker {
namespace {

absl::StatusOr<std::unique_ptr<TaskAttempt>> MakeFinish(
    const coordination::v1::GetTaskSpecResponse& response,
    const AttemptSurroundings& surroundings, const Clock* clock) {
  // No state partition was ever claimed: nothing is there to remove, and the
  // destination, which may never have existed, isn't asked.
  if (!response.runtime().has_state_partition()) {
    return std::make_unique<FinishAttempt>(std::nullopt, 0, surroundings,
                                           clock);
  }
  BINFERRY_ASSIGN_OR_RETURN(TaskSpec spec, ConvertTaskSpec(response));
  return std::make_unique<FinishAttempt>(std::move(spec),
                                         response.runtime().state_partition(),
                                         surroundings, clock);
}

}  // namespace

AttemptFactory MakeAttemptFactory(const TaskLimits& limits,
                                  const Clock* clock) {
  return [limits, clock](const coordination::v1::GetTaskSpecResponse& response,
                         const AttemptSurroundings& surroundings)
             -> absl::StatusOr<std::unique_ptr<TaskAttempt>> {
    switch (surroundings.purpose) {
      case TaskPurpose::kReserve:
        break;
      case TaskPurpose::kRun: {
        BINFERRY_ASSIGN_OR_RETURN(TaskSpec spec, ConvertTaskSpec(response));
        return std::make_unique<CarryAttempt>(std::move(spec), limits,
                                              surroundings, clock);
      }
      case TaskPurpose::kDrain: {
        // What was never started has nothing to carry.
        if (!response.runtime().start_position_committed() ||
            !response.runtime().has_state_partition()) {
          return MakeFinish(response, surroundings, clock);
        }
        BINFERRY_ASSIGN_OR_RETURN(const TaskSpec spec,
                                  ConvertTaskSpec(response));
        return std::make_unique<DrainAttempt>(
            spec, response.runtime().state_partition(), limits, surroundings,
            clock);
      }
      case TaskPurpose::kFinish:
        return MakeFinish(response, surroundings, clock);
    }
    return absl::InternalError("nothing runs for a reservation");
  };
}

}  // namespace binferry::worker
