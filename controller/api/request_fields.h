// Fields that many requests have.
#ifndef BINFERRY_CONTROLLER_API_REQUEST_FIELDS_H_
#define BINFERRY_CONTROLLER_API_REQUEST_FIELDS_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/model/field_violation.h"
#include "controller/model/task.h"

namespace binferry::controller {

inline constexpr int32_t kDefaultPageSize = 100;
inline constexpr int32_t kMaxPageSize = 1'000;

// `page_size` with its default. INVALID_ARGUMENT (field "page_size") outside of
// 1 to 1,000.
absl::StatusOr<int> PageSizeOf(int32_t page_size);

// The key of the task that `name` names. INVALID_ARGUMENT blaming `field`.
absl::StatusOr<TaskKey> TaskKeyOf(absl::string_view name,
                                  absl::string_view field);

// INVALID_ARGUMENT with all of them, OK without any.
absl::Status InvalidRequest(std::vector<FieldViolation> violations);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_REQUEST_FIELDS_H_
