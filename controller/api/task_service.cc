#include "controller/api/task_service.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/resource_name.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/api/page_token.h"
#include "controller/api/request_fields.h"
#include "controller/api/task_mask.h"
#include "controller/model/precheck.h"
#include "controller/model/task_action.h"
#include "controller/model/task_spec_validation.h"
#include "controller/rpc/message_limits.h"
#include "controller/rpc/spec_proto.h"
#include "controller/secrets/uuid.h"

namespace binferry::controller {
namespace {

constexpr int kMaxShownEvents = 20;
// A listing reads so many whole tasks at once, because each may be large.
constexpr int kReadWholeAtOnce = 100;

Document DocumentOf(TaskView view) {
  switch (view) {
    case TaskView::kBasic:
      return Document::kBasic;
    case TaskView::kFull:
      return Document::kFull;
  }
  return Document::kFull;
}
// An update without an etag that meets another one reads again.
constexpr int kUpdateAttempts = 5;

void Append(std::vector<FieldViolation> from, std::vector<FieldViolation>* to) {
  to->insert(to->end(), std::make_move_iterator(from.begin()),
             std::make_move_iterator(from.end()));
}

absl::Status Unimplemented(const TaskSpec& spec) {
  return FieldViolationsError(absl::StatusCode::kUnimplemented,
                              FindUnimplemented(spec));
}

void CheckSize(const v1::Task& task, std::vector<FieldViolation>* violations) {
  if (task.ByteSizeLong() <= kMaxTaskBytes) return;
  violations->push_back(
      {.field = "task",
       .description = absl::StrCat("is larger than ", kMaxTaskBytes,
                                   " bytes: select fewer objects")});
}

absl::Status EtagMismatch(const TaskKey& key) {
  StatusDetails details;
  details.reason = "ETAG_MISMATCH";
  details.metadata["task"] = FormatTaskName(key);
  return WithDetails(
      absl::AbortedError(absl::StrCat(
          FormatTaskName(key),
          " was changed since the given etag: read it and try again")),
      details);
}

// What the store answers when the etag isn't the present one.
absl::Status ExplainAborted(absl::Status status, const TaskKey& key,
                            const std::string& etag) {
  return absl::IsAborted(status) && !etag.empty() ? EtagMismatch(key) : status;
}

// The parts of a ListTasks call that a page token is bound to.
std::string QueryOf(const v1::ListTasksRequest& request) {
  v1::ListTasksRequest query = request;
  query.clear_page_size();
  query.clear_page_token();
  query.clear_view();
  query.clear_tags();
  std::string text = query.SerializeAsString();
  for (const auto& [key, value] : std::map<std::string, std::string>(
           request.tags().begin(), request.tags().end())) {
    absl::StrAppend(&text, key, "=", value, "\n");
  }
  return text;
}

absl::StatusOr<TaskFilter> FilterOf(const v1::ListTasksRequest& request) {
  std::vector<FieldViolation> violations;
  TaskFilter filter;
  if (request.parent() != absl::StrCat("projects/", kAllProjects)) {
    absl::StatusOr<ProjectName> parent = ParseProjectName(request.parent());
    if (parent.ok()) {
      filter.project = parent->project;
    } else {
      violations.push_back(
          {.field = "parent",
           .description = absl::StrCat(parent.status().message(),
                                       "; `projects/-` is all of them")});
    }
  }
  for (const int state : request.states()) {
    if (v1::TaskState_IsValid(state) && state != 0) {
      filter.states.push_back(static_cast<TaskState>(state));
    } else {
      violations.push_back(
          {.field = "states",
           .description = absl::StrCat("has no state ", state)});
    }
  }
  if (request.region().size() > 63 ||
      request.region().find('\0') != std::string::npos) {
    violations.push_back(
        {.field = "region",
         .description = "must be a region, which has at most 63 characters"});
  }
  if (request.id_contains().size() > 50 ||
      request.id_contains().find('\0') != std::string::npos) {
    violations.push_back({.field = "id_contains",
                          .description = "must be part of a task id, which has "
                                         "at most 50 characters"});
  }
  if (static_cast<size_t>(request.tags_size()) > kMaxTags) {
    violations.push_back(
        {.field = "tags", .description = "a task has at most 20 tags"});
  }
  BINFERRY_RETURN_IF_ERROR(InvalidRequest(std::move(violations)));
  filter.id_contains = request.id_contains();
  filter.region = request.region();
  filter.tags = {request.tags().begin(), request.tags().end()};
  if (!request.page_token().empty()) {
    BINFERRY_ASSIGN_OR_RETURN(
        std::vector<std::string> last,
        DecodePageToken(QueryOf(request), request.page_token(), 2));
    filter.after = TaskKey{.project = last[0], .task_id = last[1]};
  }
  return filter;
}

// Everything that is wrong with a request to create.
std::vector<FieldViolation> CheckCreate(const v1::CreateTaskRequest& request,
                                        const TaskSpec& spec,
                                        std::vector<FieldViolation> found) {
  std::vector<FieldViolation> violations;
  if (absl::StatusOr<ProjectName> parent = ParseProjectName(request.parent());
      !parent.ok()) {
    violations.push_back(
        {.field = "parent",
         .description = std::string(parent.status().message())});
  }
  if (absl::Status id = binferry::CheckTaskId(request.task_id()); !id.ok()) {
    violations.push_back(
        {.field = "task_id", .description = std::string(id.message())});
  }
  if (!request.request_id().empty() && !IsUuid(request.request_id())) {
    violations.push_back(
        {.field = "request_id", .description = "must be a UUID"});
  }
  Append(std::move(found), &violations);
  CheckSize(request.task(), &violations);
  Append(CheckTaskSpec(spec, SecretsFromProto(request.task())), &violations);
  return violations;
}

std::set<SecretField> FieldsOf(const TaskSecrets& secrets) {
  std::set<SecretField> fields;
  for (const auto& [field, text] : secrets) fields.insert(field);
  return fields;
}

}  // namespace

absl::StatusOr<v1::Task> TaskService::Show(const Task& task, TaskView view) {
  std::map<TaskUid, TaskDetails> details;
  if (view == TaskView::kFull) {
    BINFERRY_ASSIGN_OR_RETURN(details,
                              store_->ReadDetails({task.uid}, kMaxShownEvents));
  }
  return ToProto(task, view, details[task.uid], clock_->Now());
}

absl::StatusOr<v1::Task> TaskService::Create(
    const v1::CreateTaskRequest& request) {
  std::vector<FieldViolation> found;
  const TaskSpec given = SpecFromProto(request.task(), &found);
  BINFERRY_RETURN_IF_ERROR(
      InvalidRequest(CheckCreate(request, given, std::move(found))));
  BINFERRY_RETURN_IF_ERROR(Unimplemented(given));

  const TaskSecrets secrets = SecretsFromProto(request.task());
  NewTask task;
  BINFERRY_ASSIGN_OR_RETURN(const ProjectName parent,
                            ParseProjectName(request.parent()));
  task.key = {.project = parent.project, .task_id = request.task_id()};
  task.spec = ToStoredSpec(WithDefaults(given), FieldsOf(secrets));
  if (request.validate_only()) {
    const absl::StatusOr<Task> existing = store_->Get(task.key);
    if (existing.ok()) {
      return absl::AlreadyExistsError(
          absl::StrCat(FormatTaskName(task.key), " exists already"));
    }
    if (!absl::IsNotFound(existing.status())) return existing.status();
    BINFERRY_ASSIGN_OR_RETURN(v1::Task shown, ParseDocument(task.spec));
    shown.set_name(FormatTaskName(task.key));
    return shown;
  }
  task.uid = TaskUid(RandomUuid());
  task.secrets = sealer_->Seal(task.uid, secrets);
  task.request_id = request.request_id();
  BINFERRY_ASSIGN_OR_RETURN(const Task created, store_->Create(task));
  return Show(created, TaskView::kFull);
}

absl::StatusOr<v1::Task> TaskService::Clone(
    const v1::CloneTaskRequest& request) {
  std::vector<FieldViolation> violations;
  if (absl::Status id = binferry::CheckTaskId(request.task_id()); !id.ok()) {
    violations.push_back(
        {.field = "task_id", .description = std::string(id.message())});
  }
  if (!request.request_id().empty() && !IsUuid(request.request_id())) {
    violations.push_back(
        {.field = "request_id", .description = "must be a UUID"});
  }
  const absl::StatusOr<TaskKey> key = TaskKeyOf(request.name(), "name");
  if (!key.ok()) Append(DetailsOf(key.status()).field_violations, &violations);
  BINFERRY_RETURN_IF_ERROR(InvalidRequest(std::move(violations)));
  BINFERRY_ASSIGN_OR_RETURN(const Task original, store_->Get(*key));
  BINFERRY_ASSIGN_OR_RETURN(v1::Task document, ParseDocument(original.spec));
  // A position and a time that were meant for the other task.
  document.clear_start_position();
  document.clear_start_time();
  std::vector<FieldViolation> ignored;  // Found when it was stored.
  NewTask task;
  task.key = {.project = key->project, .task_id = request.task_id()};
  task.spec = ToStoredSpec(SpecFromProto(document, &ignored), {});
  task.uid = TaskUid(RandomUuid());
  task.request_id = request.request_id();
  BINFERRY_ASSIGN_OR_RETURN(const Task created, store_->Create(task));
  return Show(created, TaskView::kFull);
}

absl::StatusOr<v1::Task> TaskService::Get(const v1::GetTaskRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                            TaskKeyOf(request.name(), "name"));
  BINFERRY_ASSIGN_OR_RETURN(const TaskView view,
                            ViewFromProto(request.view(), TaskView::kFull));
  BINFERRY_ASSIGN_OR_RETURN(const Task task,
                            store_->Get(key, DocumentOf(view)));
  return Show(task, view);
}

absl::StatusOr<v1::ListTasksResponse> TaskService::List(
    const v1::ListTasksRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const int page_size,
                            PageSizeOf(request.page_size()));
  BINFERRY_ASSIGN_OR_RETURN(const TaskView view,
                            ViewFromProto(request.view(), TaskView::kBasic));
  BINFERRY_ASSIGN_OR_RETURN(TaskFilter filter, FilterOf(request));
  filter.document = DocumentOf(view);
  const int at_once = view == TaskView::kBasic
                          ? page_size
                          : std::min(kReadWholeAtOnce, page_size);
  v1::ListTasksResponse response;
  size_t page_bytes = 0;
  while (true) {
    const int wanted = std::min(at_once, page_size - response.tasks_size());
    // One more, to know whether there is a next page.
    filter.limit = wanted + 1;
    BINFERRY_ASSIGN_OR_RETURN(const std::vector<Task> tasks,
                              store_->List(filter));
    std::map<TaskUid, TaskDetails> details;
    if (view == TaskView::kFull) {
      std::vector<TaskUid> uids;
      for (const Task& task : tasks) uids.push_back(task.uid);
      BINFERRY_ASSIGN_OR_RETURN(details,
                                store_->ReadDetails(uids, kMaxShownEvents));
    }
    for (size_t i = 0; i < tasks.size(); ++i) {
      if (response.tasks_size() == page_size || page_bytes > kMaxPageBytes) {
        response.set_next_page_token(EncodePageToken(
            QueryOf(request), {filter.after->project, filter.after->task_id}));
        return response;
      }
      if (i == static_cast<size_t>(wanted)) break;
      BINFERRY_ASSIGN_OR_RETURN(
          *response.add_tasks(),
          ToProto(tasks[i], view, details[tasks[i].uid], clock_->Now()));
      page_bytes += response.tasks(response.tasks_size() - 1).ByteSizeLong();
      filter.after = tasks[i].key;
    }
    if (tasks.size() <= static_cast<size_t>(wanted)) return response;
  }
}

absl::StatusOr<Task> TaskService::UpdateFrom(
    const Task& before, const v1::UpdateTaskRequest& request) {
  const auto& mask = request.update_mask();
  BINFERRY_ASSIGN_OR_RETURN(const v1::Task old_document,
                            ParseDocument(before.spec));
  v1::Task from = request.task();
  const SecretChange change = SecretChangeOf(mask, from);
  ClearSecrets(&from);
  v1::Task document = old_document;
  ApplyTaskMask(mask, from, &document);

  BINFERRY_ASSIGN_OR_RETURN(const std::vector<SecretField> stored,
                            store_->ListSecretFields(before.uid));
  TaskSecrets known = change.set;
  for (const SecretField field : stored) {
    if (change.cleared.count(field) == 0) known.emplace(field, "");
  }

  std::vector<FieldViolation> violations;
  const TaskSpec old_spec = SpecFromProto(old_document, &violations);
  const TaskSpec new_spec = SpecFromProto(document, &violations);
  CheckSize(document, &violations);
  Append(CheckTaskSpec(new_spec, known), &violations);
  Append(CheckTaskSpecUpdate(WithDefaults(old_spec), WithDefaults(new_spec),
                             before.started ? TaskProgress::kStarted
                                            : TaskProgress::kNotStarted),
         &violations);
  BINFERRY_RETURN_IF_ERROR(InvalidRequest(std::move(violations)));
  BINFERRY_RETURN_IF_ERROR(Unimplemented(new_spec));

  SpecUpdate update;
  update.spec = ToStoredSpec(WithDefaults(new_spec), FieldsOf(known));
  update.secrets = sealer_->Seal(before.uid, change.set);
  update.cleared_secrets = {change.cleared.begin(), change.cleared.end()};
  std::set<SecretField> changed = change.cleared;
  changed.merge(FieldsOf(change.set));
  update.voided_items =
      VoidedPrefixes(WithDefaults(old_spec), WithDefaults(new_spec), changed);
  update.read_revision = before.revision;
  return store_->Update(before.key, update);
}

absl::StatusOr<v1::Task> TaskService::Update(
    const v1::UpdateTaskRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                            TaskKeyOf(request.task().name(), "task.name"));
  BINFERRY_RETURN_IF_ERROR(
      InvalidRequest(CheckTaskMask(request.update_mask())));
  for (int attempt = 1;; ++attempt) {
    BINFERRY_ASSIGN_OR_RETURN(const Task before, store_->Get(key));
    if (!request.task().etag().empty() &&
        request.task().etag() != EtagOf(before)) {
      return EtagMismatch(key);
    }
    BINFERRY_RETURN_IF_ERROR(CheckAction(before, UserAction::kUpdate));
    absl::StatusOr<Task> after = UpdateFrom(before, request);
    if (after.ok()) return Show(*after, TaskView::kFull);
    const bool again = absl::IsAborted(after.status()) &&
                       request.task().etag().empty() &&
                       attempt < kUpdateAttempts;
    if (!again) {
      return ExplainAborted(after.status(), key, request.task().etag());
    }
  }
}

absl::StatusOr<google::protobuf::Empty> TaskService::Delete(
    const v1::DeleteTaskRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                            TaskKeyOf(request.name(), "name"));
  BINFERRY_RETURN_IF_ERROR(ExplainAborted(
      store_->Delete(key, {.etag = request.etag(), .force = request.force()}),
      key, request.etag()));
  return google::protobuf::Empty();
}

}  // namespace binferry::controller
