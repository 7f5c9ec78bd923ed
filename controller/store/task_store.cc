#include "controller/store/task_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/store/notify.h"
#include "controller/store/precheck_store.h"
#include "controller/store/task_list_query.h"
#include "controller/store/task_read.h"
#include "controller/store/task_row.h"
#include "controller/store/transact.h"

namespace binferry::controller {
namespace {

std::string NameOf(const TaskKey& key) {
  return absl::StrCat("projects/", key.project, "/tasks/", key.task_id);
}

absl::Status EtagMismatch(const Task& task) {
  return WithDetails(
      absl::AbortedError(absl::StrCat(
          NameOf(task.key), " was changed meanwhile, its etag is ",
          task.revision, " now: read it again and repeat the change")),
      {.reason = "ETAG_MISMATCH"});
}

// What changed concerns watchers, the planner and the task's worker.
absl::Status NotifyOf(PgTransaction* transaction, Change::Kind kind,
                      const Task& task) {
  std::vector<Change> changes = {
      {.kind = kind, .uid = task.uid, .task = task.key}};
  if (task.assignment.assigned()) {
    changes.push_back(
        {.kind = Change::Kind::kOrders, .worker = task.assignment.worker.name});
  }
  return Notify(transaction, changes);
}

absl::Status WriteSecrets(PgTransaction* transaction, const TaskUid& uid,
                          const SealedSecrets& secrets) {
  for (const auto& [field, secret] : secrets) {
    BINFERRY_RETURN_IF_ERROR(
        transaction
            ->Execute("INSERT INTO task_secrets (task_uid, field, key_id, "
                      "sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (task_uid, "
                      "field) DO UPDATE SET key_id = excluded.key_id, "
                      "sealed = excluded.sealed",
                      PgParams()
                          .Text(uid.value())
                          .Text(SecretFieldPath(field))
                          .Text(secret.key_id)
                          .Bytes(secret.bytes))
            .status());
  }
  return absl::OkStatus();
}

void AppendSpec(const StoredSpec& spec, PgParams* params) {
  params->Bytes(spec.document)
      .Bytes(spec.basic_document)
      .TextMap(spec.tags)
      .Text(spec.placement.region)
      .TextArray(spec.placement.availability_zones)
      .Int(static_cast<int64_t>(spec.placement.network_type))
      .Text(spec.placement.vpc)
      .Text(spec.placement.subnet)
      .Text(spec.placement.security_group)
      .OptionalTime(spec.start_time);
}

// The task that an earlier call with the same request id made, if any.
absl::StatusOr<std::optional<Task>> FindByRequest(PgTransaction* transaction,
                                                  const NewTask& task) {
  if (task.request_id.empty()) return std::nullopt;
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute(
          SelectTasks(Document::kFull,
                      "WHERE t.project = $1 AND t.create_request_id = $2"),
          PgParams().Text(task.key.project).Text(task.request_id)));
  if (rows.empty()) return std::nullopt;
  Task found = TaskFromRow(rows[0]);
  if (found.key != task.key) {
    return absl::AlreadyExistsError(
        absl::StrCat("request_id ", task.request_id, " was used for ",
                     NameOf(found.key), ": take a new one for each task"));
  }
  return found;
}

absl::StatusOr<Task> CreateTask(const NewTask& task,
                                PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(std::optional<Task> found,
                            FindByRequest(transaction, task));
  if (found.has_value()) return *std::move(found);
  PgParams params;
  params.Text(task.uid.value())
      .Text(task.key.project)
      .Text(task.key.task_id)
      .OptionalText(task.request_id.empty()
                        ? std::nullopt
                        : std::optional<std::string>(task.request_id));
  AppendSpec(task.spec, &params);
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows inserted,
      transaction->Execute(
          "INSERT INTO tasks (uid, project, task_id, create_request_id, "
          "document, basic_document, tags, region, availability_zones, "
          "network_type, vpc, subnet, security_group, start_time) VALUES "
          "($1, $2, $3, $4, $5, $6, $7::jsonb, $8, $9::text[], $10, $11, $12, "
          "$13, $14) "
          "ON CONFLICT (project, task_id) DO NOTHING RETURNING uid",
          params));
  if (inserted.empty()) {
    // Of two equal requests at the same time the second waited here.
    BINFERRY_ASSIGN_OR_RETURN(found, FindByRequest(transaction, task));
    if (found.has_value()) return *std::move(found);
    return absl::AlreadyExistsError(
        absl::StrCat(NameOf(task.key),
                     " exists already: choose another name, or delete it"));
  }
  BINFERRY_RETURN_IF_ERROR(WriteSecrets(transaction, task.uid, task.secrets));
  BINFERRY_ASSIGN_OR_RETURN(Task created, ReadTask(transaction, task.key));
  BINFERRY_RETURN_IF_ERROR(NotifyOf(transaction, Change::Kind::kTask, created));
  return created;
}

absl::Status ClearSecrets(PgTransaction* transaction, const TaskUid& uid,
                          const std::vector<SecretField>& fields) {
  std::vector<std::string> paths;
  for (const SecretField field : fields) {
    paths.emplace_back(SecretFieldPath(field));
  }
  return transaction
      ->Execute(
          "DELETE FROM task_secrets WHERE task_uid = $1 AND field = "
          "ANY ($2::text[])",
          PgParams().Text(uid.value()).TextArray(paths))
      .status();
}

// The next generation and revision.
absl::Status WriteSpec(PgTransaction* transaction, const TaskUid& uid,
                       const StoredSpec& spec) {
  PgParams params;
  params.Text(uid.value());
  AppendSpec(spec, &params);
  return transaction
      ->Execute(
          "UPDATE tasks SET document = $2, basic_document = $3, "
          "tags = $4::jsonb, region = $5, availability_zones = $6::text[], "
          "network_type = $7, vpc = $8, subnet = $9, security_group = $10, "
          "start_time = $11, generation = generation + 1, "
          "revision = revision + 1, version = version + 1, "
          "update_time = now(), use_time = now() WHERE uid = $1",
          params)
      .status();
}

absl::StatusOr<Task> UpdateTask(const TaskKey& key, const SpecUpdate& update,
                                PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(const Task task, LockTask(transaction, key));
  BINFERRY_RETURN_IF_ERROR(CheckAction(task, UserAction::kUpdate));
  if (task.revision != update.read_revision) return EtagMismatch(task);
  BINFERRY_RETURN_IF_ERROR(WriteSpec(transaction, task.uid, update.spec));
  BINFERRY_RETURN_IF_ERROR(WriteSecrets(transaction, task.uid, update.secrets));
  BINFERRY_RETURN_IF_ERROR(
      ClearSecrets(transaction, task.uid, update.cleared_secrets));
  BINFERRY_RETURN_IF_ERROR(
      VoidItems(task.uid, update.voided_items, transaction));
  BINFERRY_RETURN_IF_ERROR(NotifyOf(transaction, Change::Kind::kTask, task));
  return ReadTask(transaction, key);
}

absl::Status CheckEtag(const Task& task, const std::string& etag) {
  if (etag.empty() || etag == absl::StrCat(task.revision)) {
    return absl::OkStatus();
  }
  return EtagMismatch(task);
}

absl::Status WriteVerb(PgTransaction* transaction, const Task& before,
                       const Task& after) {
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute(
              "UPDATE tasks SET desired_state = $2, desired_time = $3, "
              "state = $4, state_time = $5, state_message = $6, "
              "retry_count = $7, start_time = $8, revision = $9, "
              "stop_mode = $10, use_time = $11, reset_count = $12, "
              "synced = $13, start_position_committed = $14, "
              "version = version + 1, update_time = now(), "
              "failure_code = CASE WHEN $15 THEN NULL ELSE failure_code END "
              "WHERE uid = $1",
              PgParams()
                  .Text(after.uid.value())
                  .Text(DesiredStateName(after.desired_state))
                  .Time(after.desired_time)
                  .Text(TaskStateName(after.state))
                  .Time(after.state_time)
                  .Text(after.state_message)
                  .Int(after.retry_count)
                  .OptionalTime(after.spec.start_time)
                  .Int(after.revision)
                  .Text(StopModeName(after.stop_mode))
                  .Time(after.use_time)
                  .Int(after.reset_count)
                  .Bool(after.synced)
                  .Bool(after.start_position_committed)
                  .Bool(!after.failure.has_value()))
          .status());
  if (before.state == after.state) return absl::OkStatus();
  return transaction
      ->Execute(
          "INSERT INTO task_events (task_uid, reason, message) VALUES "
          "($1, 'STATE', $2)",
          PgParams()
              .Text(after.uid.value())
              .Text(absl::StrCat(TaskStateName(before.state), " -> ",
                                 TaskStateName(after.state))))
      .status();
}

absl::StatusOr<absl::Time> TimeOf(PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows now,
      transaction->Execute("SELECT clock_timestamp() AS now"));
  return now[0].Time("now");
}

absl::StatusOr<Task> ApplyTo(const TaskKey& key, const TaskStore::Verb& verb,
                             PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(Task task, LockTask(transaction, key));
  BINFERRY_RETURN_IF_ERROR(CheckEtag(task, verb.etag));
  BINFERRY_ASSIGN_OR_RETURN(const absl::Time now, TimeOf(transaction));
  const Task before = task;
  if (verb.action == UserAction::kStart) {
    BINFERRY_ASSIGN_OR_RETURN(task.precheck,
                              ReadPrecheckSummary(task.uid, transaction));
  }
  BINFERRY_RETURN_IF_ERROR(ApplyVerb({.verb = verb.action,
                                      .start_time = verb.start_time,
                                      .stop_mode = verb.stop_mode,
                                      .now = now},
                                     &task));
  BINFERRY_RETURN_IF_ERROR(WriteVerb(transaction, before, task));
  BINFERRY_RETURN_IF_ERROR(NotifyOf(transaction, Change::Kind::kTask, task));
  return ReadTask(transaction, key);
}

absl::StatusOr<Task> ResetTo(const TaskKey& key, const SpecUpdate& update,
                             PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(Task task, LockTask(transaction, key));
  BINFERRY_ASSIGN_OR_RETURN(const absl::Time now, TimeOf(transaction));
  const Task before = task;
  BINFERRY_RETURN_IF_ERROR(
      ApplyVerb({.verb = UserAction::kReset, .now = now}, &task));
  if (before.revision != update.read_revision) return EtagMismatch(before);
  BINFERRY_RETURN_IF_ERROR(WriteSpec(transaction, task.uid, update.spec));
  task.spec.start_time = update.spec.start_time;
  ++task.revision;
  BINFERRY_RETURN_IF_ERROR(WriteVerb(transaction, before, task));
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("UPDATE tasks SET reset_generation = generation "
                    "WHERE uid = $1",
                    PgParams().Text(task.uid.value()))
          .status());
  BINFERRY_RETURN_IF_ERROR(RemovePrecheck(task.uid, transaction));
  BINFERRY_RETURN_IF_ERROR(NotifyOf(transaction, Change::Kind::kTask, task));
  return ReadTask(transaction, key);
}

absl::Status DeleteTask(const TaskKey& key, const TaskStore::Deletion& deletion,
                        PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(const Task task, LockTask(transaction, key));
  BINFERRY_RETURN_IF_ERROR(CheckEtag(task, deletion.etag));
  if (!deletion.force) {
    BINFERRY_RETURN_IF_ERROR(CheckAction(task, UserAction::kDelete));
  }
  // Completed: the worker removed the checkpoint. Else the row stays, without
  // its task: the number is not given out again.
  if (task.state == TaskState::kCompleted || !task.started) {
    BINFERRY_RETURN_IF_ERROR(
        transaction
            ->Execute("DELETE FROM state_partitions WHERE task_uid = $1",
                      PgParams().Text(task.uid.value()))
            .status());
  }
  BINFERRY_RETURN_IF_ERROR(transaction
                               ->Execute("DELETE FROM tasks WHERE uid = $1",
                                         PgParams().Text(task.uid.value()))
                               .status());
  return NotifyOf(transaction, Change::Kind::kDeleted, task);
}

}  // namespace

absl::StatusOr<Task> TaskStore::Create(const NewTask& task) {
  return TransactFor<Task>(pool_, [&](PgTransaction* transaction) {
    return CreateTask(task, transaction);
  });
}

absl::StatusOr<Task> TaskStore::Get(const TaskKey& key, Document document) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute(
          SelectTasks(document, "WHERE t.project = $1 AND t.task_id = $2"),
          PgParams().Text(key.project).Text(key.task_id)));
  if (rows.empty()) return NoSuchTask(NameOf(key));
  return TaskFromRow(rows[0]);
}

absl::StatusOr<Task> TaskStore::GetByUid(const TaskUid& uid) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute(SelectTasks(Document::kFull, "WHERE t.uid::text = $1"),
                     PgParams().Text(uid.value())));
  if (rows.empty()) return NoSuchTask(absl::StrCat("with uid ", uid.value()));
  return TaskFromRow(rows[0]);
}

absl::StatusOr<std::vector<Task>> TaskStore::List(const TaskFilter& filter) {
  const TaskListQuery query = MakeTaskListQuery(filter);
  BINFERRY_ASSIGN_OR_RETURN(const PgRows rows,
                            pool_->Execute(query.sql, query.params));
  std::vector<Task> tasks;
  for (size_t i = 0; i < rows.size(); ++i) {
    tasks.push_back(TaskFromRow(rows[i]));
  }
  return tasks;
}

absl::StatusOr<std::vector<SecretField>> TaskStore::ListSecretFields(
    const TaskUid& uid) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute("SELECT field FROM task_secrets WHERE task_uid::text = $1",
                     PgParams().Text(uid.value())));
  std::vector<SecretField> fields;
  for (const SecretField field : kSecretFields) {
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].Text("field") == SecretFieldPath(field)) {
        fields.push_back(field);
      }
    }
  }
  return fields;
}

absl::StatusOr<Task> TaskStore::Update(const TaskKey& key,
                                       const SpecUpdate& update) {
  return TransactFor<Task>(pool_, [&](PgTransaction* transaction) {
    return UpdateTask(key, update, transaction);
  });
}

absl::StatusOr<Task> TaskStore::Reset(const TaskKey& key,
                                      const SpecUpdate& update) {
  return TransactFor<Task>(pool_, [&](PgTransaction* transaction) {
    return ResetTo(key, update, transaction);
  });
}

absl::StatusOr<Task> TaskStore::Apply(const TaskKey& key, const Verb& verb) {
  return TransactFor<Task>(pool_, [&](PgTransaction* transaction) {
    return ApplyTo(key, verb, transaction);
  });
}

absl::Status TaskStore::Delete(const TaskKey& key, const Deletion& deletion) {
  return pool_->Transact([&](PgTransaction& transaction) {
    return DeleteTask(key, deletion, &transaction);
  });
}

absl::StatusOr<Installation> TaskStore::GetInstallation() {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute("SELECT uuid, secret_key_id FROM installation"));
  if (rows.size() != 1) {
    return absl::InternalError("table installation must have one row");
  }
  return Installation{.uuid = rows[0].Text("uuid"),
                      .secret_key_id = rows[0].Text("secret_key_id")};
}

absl::Status TaskStore::RecordKeyId(const std::string& key_id) {
  BINFERRY_RETURN_IF_ERROR(
      pool_
          ->Execute("UPDATE installation SET secret_key_id = $1 WHERE "
                    "secret_key_id = ''",
                    PgParams().Text(key_id))
          .status());
  BINFERRY_ASSIGN_OR_RETURN(const Installation installation, GetInstallation());
  if (installation.secret_key_id == key_id) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the secrets in this database are sealed with key ",
      installation.secret_key_id, ", this controller has ", key_id,
      ": give it the key file that the first controller of this database got"));
}

}  // namespace binferry::controller
