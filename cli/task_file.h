// Task files: the JSON mapping of binferry.v1.Task in YAML or JSON.
#ifndef BINFERRY_CLI_TASK_FILE_H_
#define BINFERRY_CLI_TASK_FILE_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binferry/v1/task.pb.h"

namespace binferry::cli {

// Where `{env: NAME}` and `{file: PATH}` look. Injected, so that tests need
// neither. `file` gives every byte of a file.
struct SecretSources {
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::function<absl::StatusOr<std::string>(const std::string&)> file;
};

// The process's environment and file system.
SecretSources RealSecretSources();

struct TaskFile {
  // `id`, which stands beside the fields of Task; empty if it isn't given.
  std::string id;
  v1::Task task;
  // The fields that are set, as paths of Task ("source.port"), and the line of
  // each, from 1; 0 for those of --set.
  std::map<std::string, int> lines;
  // Secrets that stand in the file as plain text, e.g. "source.password".
  std::vector<std::string> plain_secrets;
};

// `text` is one YAML (or so JSON) document: a map of Task's fields, named as in
// the proto or its JSON mapping. Strict: unknown and repeated keys, fields that
// only the server sets, and values of another type are errors. Enum values may
// leave out their prefix and be in small letters ("VPC", "verify-identity").
// Secrets, certificates, stores and keytabs take
// `{env: NAME}` or `{file: PATH}` too; of a file's text the white space at its
// end is dropped. Bytes (stores and keytabs) are a file's as they are, or
// base64.
//
// `settings` are `path=value` as of --set, applied over the text in their
// order: "source.port=3306", "objects.databases.0.name=shop", "tags.team=a";
// the value is YAML.
//
// INVALID_ARGUMENT: `name:line: what is wrong, and what may be meant`.
absl::StatusOr<TaskFile> ParseTaskFile(absl::string_view name,
                                       absl::string_view text,
                                       const std::vector<std::string>& settings,
                                       const SecretSources& secrets);

// What an update by `file` changes: its top-level fields, whole; but of
// `source`, `destination`, `record_options` and `tuning` only the parts that it
// names, so that `source.password=...` leaves the rest of the source alone. In
// the order of their names.
std::vector<std::string> UpdatePathsOf(const TaskFile& file);

// `error` with the line of `file` behind each field violation: of the field, or
// of what it would stand in; `name` is the file's.
absl::Status WithLines(const absl::Status& error, absl::string_view name,
                       const TaskFile& file);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_TASK_FILE_H_
