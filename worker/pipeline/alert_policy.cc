#include "worker/pipeline/alert_policy.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace binferry::worker {

absl::string_view AlertReasonName(PipelineAlert::Reason reason) {
  switch (reason) {
    case PipelineAlert::Reason::kUnreadStatement:
      return "UNREAD_STATEMENT";
    case PipelineAlert::Reason::kIncident:
      return "INCIDENT";
    case PipelineAlert::Reason::kMissingJsonDocument:
      return "MISSING_JSON_DOCUMENT";
  }
  return "";
}

absl::Status AlertPolicy::Raise(PipelineAlert::Reason reason,
                                const absl::Status& change,
                                const Coordinates& place) const {
  constexpr absl::string_view kRemedy = "; synchronize the tables anew";
  switch (unreadable_change_) {
    case UnreadableChange::kStop:
      return absl::Status(
          change.code(),
          absl::StrCat(change.message(), kRemedy,
                       " and start behind this place, or set the task's "
                       "unreadable_change_policy to ALERT to go on without"));
    case UnreadableChange::kAlert:
      break;
  }
  if (listener_ != nullptr) {
    listener_({.reason = reason,
               .file = place.file,
               .position = place.position,
               .message = absl::StrCat(change.message(), kRemedy)});
  }
  return absl::OkStatus();
}

}  // namespace binferry::worker
