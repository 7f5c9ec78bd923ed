// Names of resources in the public API.
#ifndef BINFERRY_COMMON_RESOURCE_NAME_H_
#define BINFERRY_COMMON_RESOURCE_NAME_H_

#include <compare>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry {

// `projects/{project}`. Immutable but for assignment.
struct ProjectName {
  std::string project;

  std::string ToString() const;
  friend auto operator<=>(const ProjectName&, const ProjectName&) = default;
};

// `projects/{project}/tasks/{task}`. Immutable but for assignment.
struct TaskName {
  std::string project;
  std::string task;

  std::string ToString() const;
  friend auto operator<=>(const TaskName&, const TaskName&) = default;
};

// In place of a project: all of them, where a call allows it.
inline constexpr absl::string_view kAllProjects = "-";

// INVALID_ARGUMENT saying the rule unless `id` is 1 to 63 of `a-z 0-9 -` and
// starts with a letter.
absl::Status CheckProjectId(absl::string_view id);

// INVALID_ARGUMENT saying the rule unless `id` is 4 to 50 letters, digits, `-`
// and `_` and starts with a letter.
absl::Status CheckTaskId(absl::string_view id);

// INVALID_ARGUMENT saying the rule unless `id` is 1 to 63 of
// `a-z A-Z 0-9 . _ -`.
absl::Status CheckWorkerId(absl::string_view id);

// INVALID_ARGUMENT saying the format, and which part breaks it. Messages show
// at most the first 100 bytes of what was given.
absl::StatusOr<ProjectName> ParseProjectName(absl::string_view name);
absl::StatusOr<TaskName> ParseTaskName(absl::string_view name);

// The id in `workers/{worker}`.
absl::StatusOr<std::string> ParseWorkerName(absl::string_view name);
std::string FormatWorkerName(absl::string_view id);

}  // namespace binferry

#endif  // BINFERRY_COMMON_RESOURCE_NAME_H_
