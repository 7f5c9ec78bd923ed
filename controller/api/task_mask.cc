#include "controller/api/task_mask.h"

#include <google/protobuf/util/field_mask_util.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

using google::protobuf::util::FieldMaskUtil;

constexpr int kMaxPaths = 100;
constexpr size_t kMaxPathBytes = 100;

constexpr absl::string_view kOutputOnly[] = {
    "name",
    "uid",
    "etag",
    "generation",
    "create_time",
    "update_time",
    "status",
    "source.password_set",
    "destination.password_set",
};

bool IsAtOrUnder(absl::string_view path, absl::string_view parent) {
  return path == parent || absl::StartsWith(path, absl::StrCat(parent, "."));
}

// "" if the path may be changed.
std::string WhyNot(const std::string& path) {
  if (path.size() > kMaxPathBytes) return "a path is at most 100 bytes long";
  if (path == "*") return "`*` is not supported: name the fields to change";
  for (const absl::string_view output_only : kOutputOnly) {
    if (IsAtOrUnder(path, output_only)) {
      return absl::StrCat("`", path, "` is output only");
    }
  }
  if (!FieldMaskUtil::IsValidPath<v1::Task>(path)) {
    return absl::StrCat("`", path, "` is no field of a task");
  }
  return "";
}

}  // namespace

std::vector<FieldViolation> CheckTaskMask(
    const google::protobuf::FieldMask& mask) {
  std::vector<FieldViolation> violations;
  if (mask.paths().empty()) {
    violations.push_back({.field = "update_mask",
                          .description = "must name the fields to change, e.g. "
                                         "`description`"});
  }
  if (mask.paths_size() > kMaxPaths) {
    violations.push_back(
        {.field = "update_mask", .description = "has more than 100 paths"});
    return violations;
  }
  for (const std::string& path : mask.paths()) {
    if (std::string why_not = WhyNot(path); !why_not.empty()) {
      violations.push_back(
          {.field = "update_mask", .description = std::move(why_not)});
    }
  }
  return violations;
}

void ApplyTaskMask(const google::protobuf::FieldMask& mask,
                   const v1::Task& from, v1::Task* task) {
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(from, mask, options, task);
}

SecretChange SecretChangeOf(const google::protobuf::FieldMask& mask,
                            const v1::Task& from) {
  SecretChange change;
  const TaskSecrets given = SecretsFromProto(from);
  for (const SecretField field : kSecretFields) {
    const absl::string_view secret_path = SecretFieldPath(field);
    for (const std::string& path : mask.paths()) {
      if (!IsAtOrUnder(secret_path, path)) continue;
      if (const auto it = given.find(field); it != given.end()) {
        change.set[field] = it->second;
      } else if (path == secret_path) {
        change.cleared.insert(field);
      }
    }
  }
  return change;
}

}  // namespace binferry::controller
