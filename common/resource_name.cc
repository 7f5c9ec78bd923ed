#include "common/resource_name.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

constexpr size_t kMaxShownBytes = 100;

std::string Shown(absl::string_view text) {
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kMaxShownBytes)),
                      text.size() > kMaxShownBytes ? "…" : "", "\"");
}

template <typename Allowed>
bool AllAre(absl::string_view text, Allowed allowed) {
  return std::all_of(text.begin(), text.end(), [&allowed](char c) {
    return allowed(static_cast<unsigned char>(c));
  });
}

absl::Status FormatError(absl::string_view name, absl::string_view format) {
  return absl::InvalidArgumentError(
      absl::StrCat("name ", Shown(name), " must have the form ", format));
}

}  // namespace

std::string ProjectName::ToString() const {
  return absl::StrCat("projects/", project);
}

std::string TaskName::ToString() const {
  return absl::StrCat("projects/", project, "/tasks/", task);
}

absl::Status CheckProjectId(absl::string_view id) {
  const bool legal =
      !id.empty() && id.size() <= 63 &&
      absl::ascii_islower(static_cast<unsigned char>(id[0])) &&
      AllAre(id, [](unsigned char c) {
        return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
      });
  if (legal) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("project ", Shown(id),
                   " must be 1 to 63 of `a-z 0-9 -` and start with a letter"));
}

absl::Status CheckTaskId(absl::string_view id) {
  const bool legal = id.size() >= 4 && id.size() <= 50 &&
                     absl::ascii_isalpha(static_cast<unsigned char>(id[0])) &&
                     AllAre(id, [](unsigned char c) {
                       return absl::ascii_isalnum(c) || c == '-' || c == '_';
                     });
  if (legal) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("task id ", Shown(id),
                   " must be 4 to 50 letters, digits, `-` and `_` and start "
                   "with a letter"));
}

absl::Status CheckWorkerId(absl::string_view id) {
  const bool legal =
      !id.empty() && id.size() <= 63 && AllAre(id, [](unsigned char c) {
        return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-';
      });
  if (legal) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "worker name ", Shown(id), " must be 1 to 63 of `a-z A-Z 0-9 . _ -`"));
}

absl::StatusOr<ProjectName> ParseProjectName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 2 || parts[0] != "projects") {
    return FormatError(name, "projects/{project}");
  }
  BINFERRY_RETURN_IF_ERROR(CheckProjectId(parts[1]));
  return ProjectName{.project = std::string(parts[1])};
}

absl::StatusOr<TaskName> ParseTaskName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 4 || parts[0] != "projects" || parts[2] != "tasks") {
    return FormatError(name, "projects/{project}/tasks/{task}");
  }
  BINFERRY_RETURN_IF_ERROR(CheckProjectId(parts[1]));
  BINFERRY_RETURN_IF_ERROR(CheckTaskId(parts[3]));
  return TaskName{.project = std::string(parts[1]),
                  .task = std::string(parts[3])};
}

absl::StatusOr<std::string> ParseWorkerName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 2 || parts[0] != "workers") {
    return FormatError(name, "workers/{worker}");
  }
  BINFERRY_RETURN_IF_ERROR(CheckWorkerId(parts[1]));
  return std::string(parts[1]);
}

std::string FormatWorkerName(absl::string_view id) {
  return absl::StrCat("workers/", id);
}

}  // namespace binferry
