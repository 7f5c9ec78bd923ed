#include "controller/store/assignment_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/store/beat_sql.h"
#include "controller/store/report_json.h"
#include "controller/store/task_row.h"
#include "controller/store/transact.h"

namespace binferry::controller {
namespace {

WorkerOrders OrdersFromRows(const PgRows& rows) {
  WorkerOrders orders;
  for (size_t i = 0; i < rows.size(); ++i) {
    const PgRow row = rows[i];
    const std::string kind = row.Text("kind");
    const TaskUid uid(row.Text("uid"));
    if (kind == "order") {
      const auto state = ParseTaskState(row.Text("state"));
      const auto desired = ParseDesiredState(row.Text("desired_state"));
      const auto stop_mode = ParseStopMode(row.Text("stop_mode"));
      orders.orders.push_back(
          {.task_uid = uid,
           .epoch = Epoch(row.Int("epoch")),
           .generation = Generation(row.Int("generation")),
           .purpose = PurposeOf(
               {.state = state.value_or(TaskState::kConfiguration),
                .desired = desired.value_or(DesiredState::kConfigured),
                .stop_mode = stop_mode.value_or(StopMode::kNow)}),
           .retry_count = row.Int("retry_count")});
    } else if (kind == "probe") {
      orders.probes.push_back(
          {.id = row.Text("probe_id"),
           .task_uid = uid,
           .epoch = Epoch(row.Int("epoch")),
           .question = row.Bytes("question"),
           .time_left = absl::Milliseconds(row.Int("time_left_ms"))});
    }
  }
  std::sort(
      orders.orders.begin(), orders.orders.end(),
      [](const Order& a, const Order& b) { return a.task_uid < b.task_uid; });
  std::sort(orders.probes.begin(), orders.probes.end(),
            [](const Probe& a, const Probe& b) { return a.id < b.id; });
  return orders;
}

absl::StatusOr<Task> CheckClaim(PgTransaction* transaction,
                                const AssignmentClaim& claim) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute(
          SelectTasks(Document::kFull,
                      "WHERE t.uid::text = $1 AND t.worker = $2 AND "
                      "t.worker_incarnation = $3 AND t.epoch = $4 "
                      "FOR SHARE OF t"),
          PgParams()
              .Text(claim.task_uid.value())
              .Text(claim.worker.name.value())
              .Text(claim.worker.incarnation.value())
              .Int(claim.epoch.value())));
  if (rows.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("worker ", claim.worker.name.value(),
                     " does not have task ", claim.task_uid.value(),
                     " under epoch ", claim.epoch.value(), " any more"));
  }
  return TaskFromRow(rows[0]);
}

absl::StatusOr<SealedSecrets> ReadSecrets(PgTransaction* transaction,
                                          const TaskUid& uid) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute("SELECT field, key_id, sealed FROM task_secrets "
                           "WHERE task_uid = $1",
                           PgParams().Text(uid.value())));
  SealedSecrets secrets;
  for (const SecretField field : kSecretFields) {
    for (size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].Text("field") != SecretFieldPath(field)) continue;
      secrets[field] = {.key_id = rows[i].Text("key_id"),
                        .bytes = rows[i].Bytes("sealed")};
    }
  }
  return secrets;
}

absl::StatusOr<TaskRuntime> ReadRuntime(PgTransaction* transaction,
                                        const Task& task) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute(
          "SELECT t.server_id, t.replica_uuid, t.kafka_cluster_id, "
          "p.partition FROM tasks t LEFT JOIN state_partitions p ON "
          "p.task_uid = t.uid AND p.kafka_cluster_id = t.kafka_cluster_id "
          "WHERE t.uid = $1",
          PgParams().Text(task.uid.value())));
  if (rows.empty()) return absl::AbortedError("the task was deleted meanwhile");
  TaskRuntime runtime;
  runtime.server_id = static_cast<uint32_t>(rows[0].Int("server_id"));
  runtime.replica_uuid = rows[0].Text("replica_uuid");
  runtime.kafka_cluster_id = rows[0].Text("kafka_cluster_id");
  if (!rows[0].IsNull("partition")) {
    runtime.state_partition = static_cast<int32_t>(rows[0].Int("partition"));
  }
  runtime.start_position_committed = task.start_position_committed;
  runtime.reset_count = task.reset_count;
  return runtime;
}

absl::StatusOr<AssignedTask> ReadAssignedTask(const AssignmentClaim& claim,
                                              PgTransaction* transaction) {
  AssignedTask assigned;
  BINFERRY_ASSIGN_OR_RETURN(assigned.task, CheckClaim(transaction, claim));
  BINFERRY_ASSIGN_OR_RETURN(assigned.secrets,
                            ReadSecrets(transaction, assigned.task.uid));
  BINFERRY_ASSIGN_OR_RETURN(assigned.runtime,
                            ReadRuntime(transaction, assigned.task));
  return assigned;
}

absl::StatusOr<int32_t> ClaimPartition(const AssignmentClaim& claim,
                                       const std::string& cluster,
                                       PgTransaction* transaction) {
  BINFERRY_RETURN_IF_ERROR(CheckClaim(transaction, claim).status());
  const PgParams params = PgParams().Text(cluster).Text(claim.task_uid.value());
  // Claims of one cluster take turns, so that two don't find the same number.
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("SELECT pg_advisory_xact_lock(7380952, hashtext($1))",
                    PgParams().Text(cluster))
          .status());
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute(
              "INSERT INTO state_partitions (kafka_cluster_id, partition, "
              "task_uid) SELECT $1, n.partition, $2::uuid FROM "
              "generate_series(0, (SELECT count(*)::integer FROM "
              "state_partitions WHERE kafka_cluster_id = $1)) AS n (partition) "
              "WHERE NOT EXISTS (SELECT 1 FROM state_partitions p WHERE "
              "p.kafka_cluster_id = $1 AND p.partition = n.partition) "
              "ORDER BY 2 LIMIT 1 "
              "ON CONFLICT (kafka_cluster_id, task_uid) DO NOTHING",
              params)
          .status());
  BINFERRY_RETURN_IF_ERROR(
      transaction
          ->Execute("UPDATE tasks SET kafka_cluster_id = $1 WHERE "
                    "uid = $2::uuid AND kafka_cluster_id <> $1",
                    params)
          .status());
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute("SELECT partition FROM state_partitions WHERE "
                           "kafka_cluster_id = $1 AND task_uid = $2::uuid",
                           params));
  if (rows.empty()) return absl::AbortedError("the task was deleted meanwhile");
  return static_cast<int32_t>(rows[0].Int("partition"));
}

}  // namespace

absl::StatusOr<WorkerOrders> AssignmentStore::Beat(const Heartbeat& heartbeat) {
  static const std::string* const sql = new std::string(BeatSql());
  std::vector<std::string> network_types;
  for (const NetworkType type : heartbeat.place.network_types) {
    network_types.push_back(absl::StrCat(static_cast<int>(type)));
  }
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute(*sql, PgParams()
                               .Text(heartbeat.worker.name.value())
                               .Text(heartbeat.worker.incarnation.value())
                               .Int(heartbeat.sequence)
                               .Text(heartbeat.place.region)
                               .Text(heartbeat.place.availability_zone)
                               .TextArray(network_types)
                               .Text(heartbeat.place.vpc)
                               .Text(heartbeat.place.subnet)
                               .TextMap(heartbeat.place.labels)
                               .Int(heartbeat.slots)
                               .Text(heartbeat.version)
                               .Bool(heartbeat.draining)
                               .Text(ReportsToJson(heartbeat.reports))));
  if (rows.empty()) return absl::InternalError("a heartbeat gave no rows");
  if (rows[0].Bool("superseded")) {
    return absl::FailedPreconditionError(absl::StrCat(
        "worker ", heartbeat.worker.name.value(),
        ": a newer process of this name has taken over; give each worker a "
        "name of its own"));
  }
  return OrdersFromRows(rows);
}

absl::StatusOr<WorkerOrders> AssignmentStore::ReadOrders(
    const WorkerIdentity& worker) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute(OrdersSql(), PgParams()
                                      .Text(worker.name.value())
                                      .Text(worker.incarnation.value())));
  return OrdersFromRows(rows);
}

absl::StatusOr<AssignedTask> AssignmentStore::GetAssignedTask(
    const AssignmentClaim& claim) {
  return TransactFor<AssignedTask>(pool_, [&](PgTransaction* transaction) {
    return ReadAssignedTask(claim, transaction);
  });
}

absl::StatusOr<int32_t> AssignmentStore::ClaimStatePartition(
    const AssignmentClaim& claim, const std::string& kafka_cluster_id) {
  return TransactFor<int32_t>(pool_, [&](PgTransaction* transaction) {
    return ClaimPartition(claim, kafka_cluster_id, transaction);
  });
}

}  // namespace binferry::controller
