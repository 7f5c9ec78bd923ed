#include "controller/store/probe_store.h"

#include <string>

#include "absl/strings/string_view.h"
#include "common/status_macros.h"
#include "controller/store/notify.h"

namespace binferry::controller {
namespace {

absl::Status AnswerOne(const WorkerIdentity& worker, const ProbeResult& result,
                       PgTransaction* transaction) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute(
          "UPDATE probes p SET answer_time = now(), passed = $4, message = $5 "
          "FROM tasks t WHERE p.id::text = $1 AND p.answer_time IS NULL "
          "AND t.uid = p.task_uid AND t.worker = $2 AND "
          "t.worker_incarnation = $3 AND t.epoch = p.epoch "
          "RETURNING t.uid, t.project, t.task_id",
          PgParams()
              .Text(result.id)
              .Text(worker.name.value())
              .Text(worker.incarnation.value())
              .Bool(result.passed)
              .Text(absl::string_view(result.message)
                        .substr(0, kMaxProbeMessageBytes))));
  if (rows.empty()) return absl::OkStatus();
  return Notify(transaction,
                {{.kind = Change::Kind::kTask,
                  .uid = TaskUid(rows[0].Text("uid")),
                  .task = {.project = rows[0].Text("project"),
                           .task_id = rows[0].Text("task_id")}},
                 {.kind = Change::Kind::kOrders, .worker = worker.name}});
}

}  // namespace

absl::Status ProbeStore::Answer(const WorkerIdentity& worker,
                                const std::vector<ProbeResult>& results) {
  return pool_->Transact([&](PgTransaction& transaction) {
    for (const ProbeResult& result : results) {
      absl::Status status = AnswerOne(worker, result, &transaction);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

}  // namespace binferry::controller
