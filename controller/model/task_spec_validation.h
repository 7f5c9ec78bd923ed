// The rules of a task's spec: the one place of every limit that
// proto/binferry/v1/task.proto states.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_SPEC_VALIDATION_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_SPEC_VALIDATION_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "controller/model/field_violation.h"
#include "controller/model/task_secrets.h"
#include "controller/model/task_spec.h"

namespace binferry::controller {

inline constexpr size_t kMaxDescriptionCharacters = 256;
inline constexpr size_t kMaxTags = 20;
inline constexpr size_t kMaxTagKeyCharacters = 128;
inline constexpr size_t kMaxTagValueCharacters = 255;
inline constexpr size_t kMaxHostCharacters = 255;
inline constexpr size_t kMaxSourceUsernameCharacters = 80;
inline constexpr size_t kMaxSecretBytes = 256;
inline constexpr size_t kMaxPemBytes = 500 * 1024;
inline constexpr size_t kMaxBootstrapServers = 10;
inline constexpr size_t kMaxDatabases = 1'000;
inline constexpr size_t kMaxTables = 10'000;
inline constexpr size_t kMaxObjectNameCharacters = 64;
inline constexpr size_t kMaxNetworkNameCharacters = 64;
inline constexpr size_t kMaxGtidSetCharacters = 65'536;
inline constexpr size_t kMaxBinlogFileCharacters = 255;
// A request with more faults is answered with the first so many.
inline constexpr size_t kMaxViolations = 100;

// `{project}` and `{task}` of a task's name. `field` is the path to blame, e.g.
// "parent", "task_id".
std::vector<FieldViolation> CheckProject(absl::string_view project,
                                         absl::string_view field);
std::vector<FieldViolation> CheckTaskId(absl::string_view task_id,
                                        absl::string_view field);

// Every violation at once; paths begin with "task." as in CreateTaskRequest and
// UpdateTaskRequest. `secrets` are those of the request and, in an update, ""
// or any text in place of those that are kept: only presence and size are
// looked at. Values that this release does not carry out are not violations
// here; see FindUnimplemented.
std::vector<FieldViolation> CheckTaskSpec(const TaskSpec& spec,
                                          const TaskSecrets& secrets);

// Legal values that this release does not carry out. Non-empty: answer
// UNIMPLEMENTED with them.
std::vector<FieldViolation> FindUnimplemented(const TaskSpec& spec);

enum class TaskProgress { kNotStarted, kStarted };

// What an update may not change: the mode, and once the task was started the
// start position. Both specs with
// defaults.
std::vector<FieldViolation> CheckTaskSpecUpdate(const TaskSpec& before,
                                                const TaskSpec& after,
                                                TaskProgress progress);

// `spec` with the documented default in place of each unset value: what is
// stored, shown and sent to the worker.
TaskSpec WithDefaults(TaskSpec spec);

// Fields that a task may lack when it is stored, but not when it is checked and
// started: "task.objects", "task.topic_policy".
std::vector<std::string> IncompleteFields(const TaskSpec& spec);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_SPEC_VALIDATION_H_
