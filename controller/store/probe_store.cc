#include "controller/store/probe_store.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status_macros.h"
#include "controller/model/task_action.h"
#include "controller/store/notify.h"
#include "controller/store/precheck_store.h"
#include "controller/store/task_read.h"
#include "controller/store/transact.h"

namespace binferry::controller {
namespace {

absl::string_view EndpointName(TestedEndpoint endpoint) {
  switch (endpoint) {
    case TestedEndpoint::kSource:
      return "source";
    case TestedEndpoint::kDestination:
      return "destination";
  }
  return "";
}

// Whether there is a worker to ask, or will be.
absl::Status CheckCanAsk(const Task& task) {
  switch (task.state) {
    case TaskState::kConfiguration:
    case TaskState::kPendingStart:
    case TaskState::kStarting:
    case TaskState::kStartFailed:
    case TaskState::kIncrementalSync:
    case TaskState::kIncrementalSyncFailed:
    case TaskState::kFaultRectification:
    case TaskState::kPaused:
    case TaskState::kModifying:
    case TaskState::kStopping:
    case TaskState::kStopFailed:
      return absl::OkStatus();
    case TaskState::kCreating:
      return absl::FailedPreconditionError(
          "the task has no worker yet that could look: wait until it is in "
          "CONFIGURATION");
    case TaskState::kCreateFailed:
      return absl::FailedPreconditionError(
          absl::StrCat("no worker could be found for the task, so none can "
                       "look: ",
                       task.state_message,
                       ". Start a worker that matches "
                       "task.placement, or change it, then "
                       "retry the task"));
    case TaskState::kCompleted:
      return absl::FailedPreconditionError(
          "the task has ended and has no worker any more: clone it to look at "
          "its source and destination");
  }
  return absl::OkStatus();
}

absl::StatusOr<ProbeStore::Asked> AskIn(const ProbeStore::Question& question,
                                        PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(const Task task,
                            LockTask(transaction, question.task));
  BINFERRY_RETURN_IF_ERROR(CheckCanAsk(task));
  if (question.purpose == ProbeStore::Purpose::kPrecheck) {
    BINFERRY_RETURN_IF_ERROR(CheckAction(task, UserAction::kPrecheck));
  }
  const std::string& uid = task.uid.value();
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows open,
      transaction->Execute("SELECT count(*) AS open FROM probes WHERE "
                           "task_uid = $1 AND deadline > now()",
                           PgParams().Text(uid)));
  if (open[0].Int("open") >= static_cast<int64_t>(kMaxOpenProbesPerTask)) {
    return absl::ResourceExhaustedError(
        absl::StrCat(kMaxOpenProbesPerTask,
                     " questions about this task wait for its worker already: "
                     "wait for their answers"));
  }
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows asked,
      transaction->Execute(
          "INSERT INTO probes (task_uid, question, deadline) VALUES ($1, $2, "
          "now() + $3 * interval '1 millisecond') RETURNING id",
          PgParams()
              .Text(uid)
              .Bytes(question.bytes)
              .Int(absl::ToInt64Milliseconds(question.time))));
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("UPDATE tasks SET use_time = now() WHERE uid = $1",
                    PgParams().Text(uid))
          .status());
  std::vector<Change> changes = {
      {.kind = Change::Kind::kTask, .uid = task.uid, .task = task.key}};
  const WorkerName& worker = task.assignment.worker.name;
  if (task.assignment.assigned()) {
    changes.push_back({.kind = Change::Kind::kOrders, .worker = worker});
  }
  BINFERRY_RETURN_IF_ERROR(Notify(transaction, changes));
  return ProbeStore::Asked{.id = asked[0].Text("id"), .worker = worker};
}

// The task that was asked about.
struct Answered {
  TaskUid uid;
  TaskKey task;
  Generation generation;
};

absl::Status KeepTest(const TaskUid& uid, const KeptTest& test,
                      PgTransaction* transaction) {
  return transaction
      ->Execute(
          "INSERT INTO connection_tests (task_uid, endpoint, document) VALUES "
          "($1, $2, $3) ON CONFLICT (task_uid, endpoint) DO UPDATE SET "
          "document = excluded.document",
          PgParams()
              .Text(uid.value())
              .Text(EndpointName(test.endpoint))
              .Bytes(test.document))
      .status();
}

absl::Status AnswerOne(const WorkerIdentity& worker, const ProbeAnswer& answer,
                       PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute(
          "UPDATE probes p SET answer_time = now(), answer = $4 "
          "FROM tasks t WHERE p.id = $1 AND p.answer_time IS NULL "
          "AND t.uid = p.task_uid AND t.worker = $2 AND "
          "t.worker_incarnation = $3 "
          "RETURNING t.uid, t.project, t.task_id, t.generation",
          PgParams()
              .Text(answer.id)
              .Text(worker.name.value())
              .Text(worker.incarnation.value())
              .Bytes(answer.answer)));
  if (rows.empty()) return absl::OkStatus();
  const Answered answered = {
      .uid = TaskUid(rows[0].Text("uid")),
      .task = {.project = rows[0].Text("project"),
               .task_id = rows[0].Text("task_id")},
      .generation = Generation(rows[0].Int("generation"))};
  if (answer.test.has_value()) {
    BINFERRY_RETURN_IF_ERROR(KeepTest(answered.uid, *answer.test, transaction));
  }
  if (answer.precheck.has_value()) {
    BINFERRY_RETURN_IF_ERROR(KeepPrecheck(answered.uid, *answer.precheck,
                                          answered.generation, transaction));
  }
  return Notify(transaction,
                {{.kind = Change::Kind::kTask,
                  .uid = answered.uid,
                  .task = answered.task},
                 {.kind = Change::Kind::kOrders, .worker = worker.name}});
}

}  // namespace

absl::StatusOr<ProbeStore::Asked> ProbeStore::Ask(const Question& question) {
  return TransactFor<Asked>(pool_, [&](PgTransaction* transaction) {
    return AskIn(question, transaction);
  });
}

absl::StatusOr<std::optional<std::string>> ProbeStore::ReadAnswer(
    const std::string& id) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute("SELECT answer_time IS NOT NULL AS answered, "
                     "coalesce(answer, '') AS answer FROM probes WHERE id = $1",
                     PgParams().Text(id)));
  if (rows.empty()) {
    return absl::NotFoundError(
        "the question is gone: the task was deleted meanwhile");
  }
  if (!rows[0].Bool("answered")) return std::optional<std::string>();
  return std::optional<std::string>(rows[0].Bytes("answer"));
}

absl::Status ProbeStore::Forget(const std::string& id) {
  return pool_->Execute("DELETE FROM probes WHERE id = $1", PgParams().Text(id))
      .status();
}

absl::Status ProbeStore::Answer(const WorkerIdentity& worker,
                                const std::vector<ProbeAnswer>& answers) {
  return pool_->Transact([&](PgTransaction& transaction) {
    for (const ProbeAnswer& answer : answers) {
      absl::Status status = AnswerOne(worker, answer, &transaction);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

absl::Status ProbeStore::RemoveOld() {
  return pool_
      ->Execute(
          "DELETE FROM probes WHERE deadline < now() - interval '1 "
          "minute'")
      .status();
}

}  // namespace binferry::controller
