#include "controller/api/action_log.h"

#include "common/log.h"
#include "controller/api/request_fields.h"

namespace binferry::controller {
namespace {

constexpr size_t kMaxMessageBytes = 2 * 1024;

}  // namespace

void ActionLog::Record(const Action& action, const absl::Status& result) {
  // Nobody decided anything: neither refused nor done.
  if (absl::IsUnavailable(result) || absl::IsCancelled(result)) return;
  const absl::StatusOr<TaskKey> key = TaskKeyOf(action.task, "name");
  if (!key.ok()) return;
  const absl::string_view message =
      result.ok() ? absl::string_view(action.detail) : result.message();
  const absl::Status recorded = store_->Record(
      *key, {.reason = action.verb,
             .message = std::string(message.substr(0, kMaxMessageBytes)),
             .actor = action.caller,
             .result = absl::StatusCodeToString(result.code())});
  if (recorded.ok()) return;
  LogWarning("an action of a user is missing from its task's history",
             {{"task", action.task},
              {"action", action.verb},
              {"caller", action.caller},
              {"error", recorded}});
}

}  // namespace binferry::controller
