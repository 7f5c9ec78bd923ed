// The verbs of TaskService, on one task and on many.
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/api/request_fields.h"
#include "controller/api/task_service.h"
#include "controller/model/task_action.h"
#include "controller/model/task_spec_validation.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

constexpr int kMaxBatch = 1'000;
// A reset without an etag that meets an update reads again.
constexpr int kResetAttempts = 5;

absl::StatusOr<std::optional<StopMode>> StopModeFromProto(
    v1::StopMode mode, absl::string_view field) {
  switch (static_cast<int>(mode)) {
    case v1::STOP_MODE_UNSPECIFIED:
      return std::optional<StopMode>();
    case v1::STOP_MODE_DRAIN:
      return std::optional<StopMode>(StopMode::kDrain);
    case v1::STOP_MODE_NOW:
      return std::optional<StopMode>(StopMode::kNow);
  }
  return InvalidFieldError(
      field, absl::StrCat("has no value ", static_cast<int>(mode)));
}

absl::StatusOr<absl::Time> StartTimeOf(
    const google::protobuf::Timestamp& timestamp) {
  absl::StatusOr<absl::Time> time = TimeFromProto(timestamp);
  if (!time.ok()) {
    return InvalidFieldError("start_time", time.status().message());
  }
  return time;
}

// Those of the start position, as of a field of the request.
std::vector<FieldViolation> OfStartPosition(std::vector<FieldViolation> all) {
  std::vector<FieldViolation> some;
  for (FieldViolation& violation : all) {
    if (!absl::StartsWith(violation.field, "task.start_position")) continue;
    violation.field = std::string(absl::StripPrefix(violation.field, "task."));
    some.push_back(std::move(violation));
  }
  return some;
}

std::optional<UserAction> ActionFromProto(v1::TaskAction action) {
  switch (static_cast<int>(action)) {
    case v1::TASK_ACTION_START:
      return UserAction::kStart;
    case v1::TASK_ACTION_PAUSE:
      return UserAction::kPause;
    case v1::TASK_ACTION_RESUME:
      return UserAction::kResume;
    case v1::TASK_ACTION_STOP:
      return UserAction::kStop;
    case v1::TASK_ACTION_RETRY:
      return UserAction::kRetry;
    case v1::TASK_ACTION_DELETE:
      return UserAction::kDelete;
  }
  return std::nullopt;
}

// What is wrong with the request itself; names are looked at one by one.
absl::Status CheckBatch(const v1::BatchTaskActionRequest& request) {
  std::vector<FieldViolation> violations;
  if (request.names().empty() || request.names_size() > kMaxBatch) {
    violations.push_back(
        {.field = "names",
         .description = absl::StrCat("must be 1 to ", kMaxBatch, " tasks")});
  }
  if (std::set<std::string>(request.names().begin(), request.names().end())
          .size() != static_cast<size_t>(request.names_size())) {
    violations.push_back(
        {.field = "names", .description = "must not name a task twice"});
  }
  const std::optional<UserAction> action = ActionFromProto(request.action());
  if (!action.has_value()) {
    violations.push_back(
        {.field = "action", .description = "must be set to a known action"});
  }
  if (request.stop_mode() != v1::STOP_MODE_UNSPECIFIED &&
      action != UserAction::kStop) {
    violations.push_back(
        {.field = "stop_mode", .description = "goes only with action STOP"});
  }
  if (request.force() && action != UserAction::kDelete) {
    violations.push_back(
        {.field = "force", .description = "goes only with action DELETE"});
  }
  if (request.has_start_time() && action != UserAction::kStart) {
    violations.push_back(
        {.field = "start_time", .description = "goes only with action START"});
  }
  BINFERRY_RETURN_IF_ERROR(InvalidRequest(std::move(violations)));
  BINFERRY_RETURN_IF_ERROR(
      StopModeFromProto(request.stop_mode(), "stop_mode").status());
  if (!request.has_start_time()) return absl::OkStatus();
  return StartTimeOf(request.start_time()).status();
}

}  // namespace

absl::StatusOr<v1::Task> TaskService::Apply(const std::string& name,
                                            const TaskStore::Verb& verb) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key, TaskKeyOf(name, "name"));
  BINFERRY_ASSIGN_OR_RETURN(const Task task, store_->Apply(key, verb));
  return Show(task, TaskView::kFull);
}

absl::StatusOr<v1::Task> TaskService::Start(
    const v1::StartTaskRequest& request) {
  TaskStore::Verb verb;
  verb.action = UserAction::kStart;
  verb.etag = request.etag();
  if (request.has_start_time()) {
    BINFERRY_ASSIGN_OR_RETURN(verb.start_time,
                              StartTimeOf(request.start_time()));
  }
  return Apply(request.name(), verb);
}

absl::StatusOr<v1::Task> TaskService::Stop(const v1::StopTaskRequest& request) {
  TaskStore::Verb verb;
  verb.action = UserAction::kStop;
  verb.etag = request.etag();
  BINFERRY_ASSIGN_OR_RETURN(verb.stop_mode,
                            StopModeFromProto(request.mode(), "mode"));
  return Apply(request.name(), verb);
}

absl::StatusOr<v1::Task> TaskService::Act(
    UserAction action, const v1::TaskActionRequest& request) {
  TaskStore::Verb verb;
  verb.action = action;
  verb.etag = request.etag();
  return Apply(request.name(), verb);
}

absl::StatusOr<Task> TaskService::ResetFrom(
    const Task& before, const v1::ResetTaskRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(v1::Task document, ParseDocument(before.spec));
  document.clear_start_position();
  if (request.has_start_position()) {
    *document.mutable_start_position() = request.start_position();
  }
  std::vector<FieldViolation> violations;
  const TaskSpec spec = SpecFromProto(document, &violations);
  for (FieldViolation& violation : CheckTaskSpec(spec, {})) {
    violations.push_back(std::move(violation));
  }
  BINFERRY_RETURN_IF_ERROR(
      InvalidRequest(OfStartPosition(std::move(violations))));
  BINFERRY_RETURN_IF_ERROR(
      FieldViolationsError(absl::StatusCode::kUnimplemented,
                           OfStartPosition(FindUnimplemented(spec))));
  SpecUpdate update;
  update.spec = before.spec;
  update.spec.document = document.SerializeAsString();
  ReduceToBasic(&document);
  update.spec.basic_document = document.SerializeAsString();
  update.read_revision = before.revision;
  return store_->Reset(before.key, update);
}

absl::StatusOr<v1::Task> TaskService::Reset(
    const v1::ResetTaskRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                            TaskKeyOf(request.name(), "name"));
  for (int attempt = 1;; ++attempt) {
    BINFERRY_ASSIGN_OR_RETURN(Task before, store_->Get(key));
    BINFERRY_RETURN_IF_ERROR(CheckAction(before, UserAction::kReset));
    // The store compares, and says what is wrong.
    const bool is_named = !request.etag().empty();
    if (is_named && request.etag() != EtagOf(before)) before.revision = 0;
    const absl::StatusOr<Task> after = ResetFrom(before, request);
    if (after.ok()) return Show(*after, TaskView::kFull);
    if (!absl::IsAborted(after.status()) || is_named ||
        attempt == kResetAttempts) {
      return after.status();
    }
  }
}

absl::StatusOr<std::optional<Task>> TaskService::ActOnOne(
    const std::string& name, const v1::BatchTaskActionRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key, TaskKeyOf(name, "name"));
  const UserAction action = *ActionFromProto(request.action());
  if (action == UserAction::kDelete) {
    BINFERRY_RETURN_IF_ERROR(
        store_->Delete(key, {.etag = "", .force = request.force()}));
    return std::optional<Task>();
  }
  TaskStore::Verb verb;
  verb.action = action;
  if (request.has_start_time()) {
    BINFERRY_ASSIGN_OR_RETURN(verb.start_time,
                              StartTimeOf(request.start_time()));
  }
  BINFERRY_ASSIGN_OR_RETURN(
      verb.stop_mode, StopModeFromProto(request.stop_mode(), "stop_mode"));
  BINFERRY_ASSIGN_OR_RETURN(Task task, store_->Apply(key, verb));
  return std::optional<Task>(std::move(task));
}

absl::StatusOr<v1::BatchTaskActionResponse> TaskService::ActOnMany(
    const v1::BatchTaskActionRequest& request) {
  BINFERRY_RETURN_IF_ERROR(CheckBatch(request));
  v1::BatchTaskActionResponse response;
  absl::Status away;  // Once PostgreSQL is away the rest is not tried.
  for (const std::string& name : request.names()) {
    const absl::StatusOr<std::optional<Task>> task =
        away.ok() ? ActOnOne(name, request) : away;
    if (absl::IsUnavailable(task.status())) away = task.status();
    v1::BatchTaskResult* const result = response.add_results();
    result->set_name(name);
    result->set_code(absl::StatusCodeToString(task.status().code()));
    result->set_message(std::string(task.status().message()));
    if (!task.ok() || !task->has_value()) continue;
    result->set_state(
        static_cast<v1::TaskState>(static_cast<int>((*task)->state)));
  }
  return response;
}

}  // namespace binferry::controller
