// What a status says beside code and message, for programs and for people.
#ifndef BINFERRY_COMMON_STATUS_DETAILS_H_
#define BINFERRY_COMMON_STATUS_DETAILS_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binferry {

// A field of a request, e.g. "task.source.port", and the rule that it breaks.
struct FieldViolation {
  std::string field;
  std::string description;

  friend bool operator==(const FieldViolation&,
                         const FieldViolation&) = default;
};

// What stands in the way of a call, e.g. type "STATE", subject the name of the
// resource.
struct PreconditionViolation {
  std::string type;
  std::string subject;
  std::string description;

  friend bool operator==(const PreconditionViolation&,
                         const PreconditionViolation&) = default;
};

// Travels in a payload of absl::Status inside a process and as google.rpc
// messages between processes (grpc_status.h).
struct StatusDetails {
  std::vector<FieldViolation> field_violations = {};
  std::vector<PreconditionViolation> precondition_violations = {};
  // A stable word for programs, e.g. "ETAG_MISMATCH"; empty for none.
  std::string reason = {};
  std::map<std::string, std::string> metadata = {};

  bool empty() const {
    return field_violations.empty() && precondition_violations.empty() &&
           reason.empty() && metadata.empty();
  }
  friend bool operator==(const StatusDetails&, const StatusDetails&) = default;
};

// `status` with `details` in place of those it had. OK stays as it is.
absl::Status WithDetails(absl::Status status, const StatusDetails& details);

// The details of `status`; empty if it has none.
StatusDetails DetailsOf(const absl::Status& status);

// OK without violations, else a status of `code` that carries all of them;
// its message is the first one's and how many more there are.
absl::Status FieldViolationsError(
    absl::StatusCode code, const std::vector<FieldViolation>& violations);

// INVALID_ARGUMENT about one field.
absl::Status InvalidFieldError(absl::string_view field,
                               absl::string_view description);

// Several lines for people: the message, then each violation as
// `  field: rule`.
std::string RenderForPeople(const absl::Status& status);

}  // namespace binferry

#endif  // BINFERRY_COMMON_STATUS_DETAILS_H_
