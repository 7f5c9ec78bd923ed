#include "controller/api/request_fields.h"

#include "absl/strings/str_cat.h"
#include "common/resource_name.h"
#include "common/status_details.h"
#include "controller/model/task_spec_validation.h"

namespace binferry::controller {

absl::StatusOr<int> PageSizeOf(int32_t page_size) {
  if (page_size == 0) return kDefaultPageSize;
  if (page_size < 0 || page_size > kMaxPageSize) {
    return InvalidFieldError(
        "page_size", absl::StrCat(page_size, " is not in 1 to ", kMaxPageSize));
  }
  return page_size;
}

absl::StatusOr<TaskKey> TaskKeyOf(absl::string_view name,
                                  absl::string_view field) {
  absl::StatusOr<TaskName> parsed = ParseTaskName(name);
  if (!parsed.ok()) return InvalidFieldError(field, parsed.status().message());
  return TaskKey{.project = parsed->project, .task_id = parsed->task};
}

absl::Status InvalidRequest(std::vector<FieldViolation> violations) {
  if (violations.size() > kMaxViolations) violations.resize(kMaxViolations);
  return FieldViolationsError(absl::StatusCode::kInvalidArgument, violations);
}

}  // namespace binferry::controller
