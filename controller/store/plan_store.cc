#include "controller/store/plan_store.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/store/history_store.h"
#include "controller/store/notify.h"
#include "controller/store/precheck_store.h"
#include "controller/store/probe_store.h"
#include "controller/store/task_row.h"
#include "controller/store/transact.h"
#include "controller/store/worker_row.h"

namespace binferry::controller {
namespace {

// Whether the task is started next, for which its precheck must still be ready.
bool IsDue(const Task& task, absl::Time now) {
  return task.state == TaskState::kPendingStart &&
         task.spec.start_time.value_or(now) <= now;
}

absl::StatusOr<PlanInput> ReadInput(PgTransaction* transaction) {
  PlanInput input;
  BINFERRY_RETURN_IF_ERROR(
      transaction->Execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
          .status());
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows now,
      transaction->Execute("SELECT clock_timestamp() AS now"));
  input.now = now[0].Time("now");
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows tasks,
      transaction->Execute(
          SelectTasks(Document::kLeft,
                      "WHERE t.state <> 'COMPLETED' OR t.worker IS NOT NULL "
                      "ORDER BY t.create_time, t.uid")));
  for (size_t i = 0; i < tasks.size(); ++i) {
    Task task = TaskFromRow(tasks[i]);
    if (IsDue(task, input.now)) {
      BINFERRY_ASSIGN_OR_RETURN(task.precheck,
                                ReadPrecheckSummary(task.uid, transaction));
    }
    input.tasks.push_back(std::move(task));
  }
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows workers,
      transaction->Execute(SelectWorkers("ORDER BY w.name")));
  for (size_t i = 0; i < workers.size(); ++i) {
    input.workers.push_back(WorkerFromRow(workers[i]));
  }
  return input;
}

// The task that the change is about, as it is.
struct Present {
  TaskKey key;
  std::string state;
  std::string worker;
};

absl::StatusOr<Present> LockPresent(PgTransaction* transaction,
                                    const TaskChange& change) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute(
          "SELECT project, task_id, state, worker "
          "FROM tasks WHERE uid = $1 AND version = $2 FOR UPDATE",
          PgParams().Text(change.uid.value()).Int(change.version)));
  if (rows.empty()) {
    return absl::AbortedError(
        absl::StrCat("task ", change.uid.value(), " was changed meanwhile"));
  }
  return Present{.key = {.project = rows[0].Text("project"),
                         .task_id = rows[0].Text("task_id")},
                 .state = rows[0].Text("state"),
                 .worker = rows[0].Text("worker")};
}

absl::Status AddEvent(PgTransaction* transaction, const TaskUid& uid,
                      absl::string_view reason, absl::string_view message) {
  return transaction
      ->Execute(
          "INSERT INTO task_events (task_uid, reason, message) VALUES "
          "($1, $2, $3)",
          PgParams().Text(uid.value()).Text(reason).Text(message))
      .status();
}

absl::Status WriteState(PgTransaction* transaction, const TaskChange& change,
                        const Present& present) {
  const TaskChange::StateChange& next = *change.state;
  PgParams params;
  params.Text(change.uid.value())
      .Text(TaskStateName(next.state))
      .Text(next.message)
      .Bool(IsLive(next.state))
      .Bool(next.state == TaskState::kIncrementalSync);
  if (next.failure.has_value()) {
    params.Text(next.failure->code)
        .Text(next.failure->message)
        .Time(next.failure->time)
        .Int(next.failure->attempts)
        .OptionalTime(next.failure->first_time)
        .Text(next.failure->remedy);
  } else {
    params.OptionalText(std::nullopt)
        .OptionalText(std::nullopt)
        .OptionalTime(std::nullopt)
        .OptionalText(std::nullopt)
        .OptionalTime(std::nullopt)
        .OptionalText(std::nullopt);
  }
  // A task that is configured anew was not started.
  params.Bool(next.state == TaskState::kConfiguration);
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("UPDATE tasks SET state = $2, state_time = "
                    "clock_timestamp(), state_message = $3, "
                    "started = started OR $4, synced = synced OR $5, "
                    "failure_code = $6, failure_message = $7, "
                    "failure_time = $8, failure_attempts = $9, "
                    "failure_first_time = $10, failure_remedy = $11, "
                    "desired_state = CASE WHEN $12 THEN 'configured' ELSE "
                    "desired_state END WHERE uid = $1",
                    params)
          .status());
  return AddEvent(transaction, change.uid, "STATE",
                  absl::StrCat(present.state, " -> ", TaskStateName(next.state),
                               next.message.empty() ? "" : ": ", next.message));
}

absl::Status WriteGrant(PgTransaction* transaction, const TaskChange& change) {
  const TaskChange::Grant& grant = *change.grant;
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("UPDATE tasks SET worker = $2, worker_incarnation = $3, "
                    "epoch = greatest(epoch + 1, $4) WHERE uid = $1",
                    PgParams()
                        .Text(change.uid.value())
                        .Text(grant.worker.name.value())
                        .Text(grant.worker.incarnation.value())
                        .Int(grant.epoch.value()))
          .status());
  return AddEvent(transaction, change.uid, "ASSIGNED",
                  absl::StrCat("worker ", grant.worker.name.value(), ", epoch ",
                               grant.epoch.value(),
                               grant.reason.empty() ? "" : ": ", grant.reason));
}

absl::Status WriteRelease(PgTransaction* transaction, const TaskChange& change,
                          const Present& present) {
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("UPDATE tasks SET worker = NULL, worker_incarnation = NULL "
                    "WHERE uid = $1",
                    PgParams().Text(change.uid.value()))
          .status());
  return AddEvent(
      transaction, change.uid, "RELEASED",
      absl::StrCat("worker ", present.worker, ": ", *change.release));
}

absl::Status ApplyChange(const TaskChange& change, PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(const Present present,
                            LockPresent(transaction, change));
  if (change.state.has_value()) {
    BINFERRY_RETURN_IF_ERROR(WriteState(transaction, change, present));
  } else if (change.state_message.has_value()) {
    BINFERRY_RETURN_IF_ERROR(
        transaction
            ->Execute(
                "UPDATE tasks SET state_message = $2 WHERE uid = $1",
                PgParams().Text(change.uid.value()).Text(*change.state_message))
            .status());
  }
  if (change.grant.has_value()) {
    BINFERRY_RETURN_IF_ERROR(WriteGrant(transaction, change));
  } else if (change.release.has_value()) {
    BINFERRY_RETURN_IF_ERROR(WriteRelease(transaction, change, present));
  }
  if (change.note.has_value()) {
    BINFERRY_RETURN_IF_ERROR(AddEvent(
        transaction, change.uid, change.note->reason, change.note->message));
  }
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("UPDATE tasks SET version = version + 1 WHERE uid = $1",
                    PgParams().Text(change.uid.value()))
          .status());
  std::vector<Change> changes = {
      {.kind = Change::Kind::kTask, .uid = change.uid, .task = present.key}};
  if (!present.worker.empty()) {
    changes.push_back(
        {.kind = Change::Kind::kOrders, .worker = WorkerName(present.worker)});
  }
  if (change.grant.has_value()) {
    changes.push_back(
        {.kind = Change::Kind::kOrders, .worker = change.grant->worker.name});
  }
  return Notify(transaction, changes);
}

}  // namespace

absl::StatusOr<PlanInput> PlanStore::Read() {
  return TransactFor<PlanInput>(pool_, ReadInput);
}

absl::Status PlanStore::Apply(const TaskChange& change) {
  return pool_->Transact([&](PgTransaction& transaction) {
    return ApplyChange(change, &transaction);
  });
}

absl::Status PlanStore::RemoveOld() {
  BINFERRY_RETURN_IF_ERROR(HistoryStore(pool_).RemoveOld());
  BINFERRY_RETURN_IF_ERROR(ProbeStore(pool_).RemoveOld());
  return pool_
      ->Execute(
          "DELETE FROM workers w WHERE w.last_heartbeat_time < now() - "
          "interval '1 day' AND NOT EXISTS (SELECT 1 FROM tasks t WHERE "
          "t.worker = w.name)")
      .status();
}

}  // namespace binferry::controller
