#include "cli/task_file.h"

#include <yaml-cpp/yaml.h>

#include <cstddef>
#include <cstdlib>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cli/message_reader.h"
#include "common/read_file.h"
#include "common/status_details.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

// Five certificates and keys of 500 KiB each fit beside 10,000 tables.
constexpr size_t kMaxReferencedBytes = size_t{512} << 10;

MessageReader::Options ReaderOptions(absl::string_view name) {
  return {
      .name = std::string(name),
      .output_only = {"name", "uid", "etag", "generation", "create_time",
                      "update_time", "status", "hash_salt_set",
                      "source.password_set", "destination.password_set",
                      "destination.trust_store.content_set",
                      "destination.key_store.content_set",
                      "destination.oauth_client.client_secret_set",
                      "destination.kerberos_client.keytab_set"},
      .references = {"password", "client_key", "client_key_password",
                     "ca_certificate", "client_certificate", "content",
                     "key_password", "client_secret", "keytab", "hash_salt"},
      .secrets = {"password", "client_key", "client_key_password",
                  "key_password", "client_secret", "keytab", "hash_salt"},
  };
}

absl::StatusOr<YAML::Node> LoadYaml(absl::string_view name,
                                    absl::string_view text) {
  try {
    std::vector<YAML::Node> documents = YAML::LoadAll(std::string(text));
    if (documents.empty()) return YAML::Node(YAML::NodeType::Map);
    if (documents.size() > 1) {
      return absl::InvalidArgumentError(absl::StrCat(
          name, ": holds ", documents.size(), " documents; one task a file"));
    }
    return documents.front();
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ":", e.mark.line + 1, ": no valid YAML: ", e.msg));
  }
}

// The present spelling of `key` in `map`, which may be that of the proto or of
// its JSON mapping, so that --set never writes a second one beside it.
std::string PresentKey(const YAML::Node& map, const std::string& key) {
  const auto plain = [](absl::string_view word) {
    return absl::AsciiStrToLower(absl::StrReplaceAll(word, {{"_", ""}}));
  };
  for (const auto& entry : map) {
    if (entry.first.IsScalar() && plain(entry.first.Scalar()) == plain(key)) {
      return entry.first.Scalar();
    }
  }
  return key;
}

absl::Status ApplySetting(const std::string& setting, YAML::Node root) {
  const std::pair<std::string, std::string> parts =
      absl::StrSplit(setting, absl::MaxSplits('=', 1));
  if (parts.first.empty() || !absl::StrContains(setting, "=")) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--set ", parts.first, ": give path=value, e.g. source.port=3306"));
  }
  const std::string path =
      absl::StrReplaceAll(parts.first, {{"[", "."}, {"]", ""}});
  BINFERRY_ASSIGN_OR_RETURN(
      YAML::Node value,
      LoadYaml(absl::StrCat("--set ", parts.first), parts.second));
  // A scalar made by hand has no line, which tells it from those of the file.
  if (value.IsScalar()) value = YAML::Node(value.Scalar());
  YAML::Node node = root;
  const std::vector<std::string> steps = absl::StrSplit(path, '.');
  for (size_t i = 0; i < steps.size(); ++i) {
    YAML::Node next;
    if (size_t index = 0; absl::SimpleAtoi(steps[i], &index) && !node.IsMap()) {
      if (index > node.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--set ", parts.first, ": the list has ", node.size(),
                         " items; the next index is ", node.size()));
      }
      if (index == node.size()) node.push_back(YAML::Node());
      next.reset(node[index]);
    } else if (node.IsScalar() || node.IsSequence()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--set ", parts.first, ": `", steps[i],
                       "` is asked of something that has no fields"));
    } else {
      next.reset(node[PresentKey(node, steps[i])]);
    }
    if (i + 1 == steps.size()) next = value;
    node.reset(next);
  }
  return absl::OkStatus();
}

// Takes `id` out of the document.
absl::StatusOr<std::string> TakeId(const MessageReader& reader,
                                   YAML::Node root) {
  const YAML::Node id = root["id"];
  if (!id.IsDefined()) return "";
  if (!id.IsScalar()) return reader.Error(id, "id must be a text");
  const std::string text = id.Scalar();
  root.remove("id");
  return text;
}

}  // namespace

SecretSources RealSecretSources() {
  return {
      .environment = [](const std::string& name) -> std::optional<std::string> {
        const char* const text = std::getenv(name.c_str());
        if (text == nullptr) return std::nullopt;
        return text;
      },
      .file = [](const std::string& path) -> absl::StatusOr<std::string> {
        return ReadFile(path, kMaxReferencedBytes);
      },
  };
}

absl::StatusOr<TaskFile> ParseTaskFile(absl::string_view name,
                                       absl::string_view text,
                                       const std::vector<std::string>& settings,
                                       const SecretSources& secrets) {
  BINFERRY_ASSIGN_OR_RETURN(YAML::Node root, LoadYaml(name, text));
  if (root.IsNull()) root = YAML::Node(YAML::NodeType::Map);
  MessageReader reader(ReaderOptions(name), &secrets);
  if (!root.IsMap()) {
    return reader.Error(root, "the document must be a map of fields");
  }
  try {
    for (const std::string& setting : settings) {
      BINFERRY_RETURN_IF_ERROR(ApplySetting(setting, root));
    }
    TaskFile file;
    BINFERRY_ASSIGN_OR_RETURN(file.id, TakeId(reader, root));
    BINFERRY_RETURN_IF_ERROR(reader.Read(root, &file.task));
    file.lines = reader.lines();
    file.plain_secrets = reader.plain_secrets();
    return file;
  } catch (const YAML::Exception& e) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", e.msg));
  }
}

std::vector<std::string> UpdatePathsOf(const TaskFile& file) {
  std::vector<std::string> paths;
  for (auto it = file.lines.begin(); it != file.lines.end(); ++it) {
    const std::string& path = it->first;
    if (absl::StrContains(path, '[')) continue;
    const auto next = std::next(it);
    const bool has_parts =
        next != file.lines.end() && absl::StartsWith(next->first, path + ".");
    const std::string top = path.substr(0, path.find('.'));
    const bool goes_by_parts = top == "source" || top == "destination" ||
                               top == "record_options" || top == "tuning";
    if (goes_by_parts ? !has_parts : path == top) paths.push_back(path);
  }
  return paths;
}

absl::Status WithLines(const absl::Status& error, absl::string_view name,
                       const TaskFile& file) {
  StatusDetails details = DetailsOf(error);
  for (FieldViolation& violation : details.field_violations) {
    absl::string_view path = violation.field;
    absl::ConsumePrefix(&path, "task.");
    // A field that is missing has no line, but what it is missing from.
    auto found = file.lines.find(std::string(path));
    while (found == file.lines.end() && !path.empty()) {
      const size_t end = path.find_last_of(".[");
      path = path.substr(0, end == absl::string_view::npos ? 0 : end);
      found = file.lines.find(std::string(path));
    }
    if (found != file.lines.end() && found->second > 0) {
      absl::StrAppend(&violation.description, " (", name, ":", found->second,
                      ")");
    }
  }
  if (details.field_violations.empty()) return error;
  return WithDetails(
      FieldViolationsError(error.code(), details.field_violations), details);
}

}  // namespace binferry::cli
