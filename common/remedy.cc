#include "common/remedy.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace binferry {
namespace {

constexpr char kRemedyPayload[] = "binferry/remedy";

}  // namespace

absl::Status RemedyError(absl::StatusCode code, absl::string_view cause,
                         absl::string_view remedy, absl::string_view detail) {
  std::string message = absl::StrCat(cause, ": ", remedy);
  if (!detail.empty()) absl::StrAppend(&message, " (", detail, ")");
  absl::Status status(code, message);
  status.SetPayload(kRemedyPayload, absl::Cord(remedy));
  return status;
}

std::string RemedyOf(const absl::Status& status) {
  const auto remedy = status.GetPayload(kRemedyPayload);
  return remedy.has_value() ? std::string(*remedy) : std::string();
}

std::string CauseOf(const absl::Status& status) {
  std::string message(status.message());
  const std::string remedy = RemedyOf(status);
  if (remedy.empty()) return message;
  const std::string with_colon = absl::StrCat(": ", remedy);
  const size_t at = message.find(with_colon);
  if (at != std::string::npos) message.erase(at, with_colon.size());
  return message;
}

}  // namespace binferry
