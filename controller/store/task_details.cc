// Events and counters of tables, read for many tasks at once.
#include <string>
#include <utility>
#include <vector>

#include "common/status_macros.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

absl::StatusOr<std::map<TaskUid, TaskDetails>> TaskStore::ReadDetails(
    const std::vector<TaskUid>& uids, int max_events) {
  std::vector<std::string> texts;
  for (const TaskUid& uid : uids) texts.push_back(uid.value());
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows events,
      pool_->Execute("SELECT u.uid, e.time, e.reason, e.message, "
                     "e.actor, e.result FROM unnest($1::uuid[]) AS u (uid) "
                     "CROSS JOIN LATERAL ("
                     "SELECT id, time, reason, message, actor, result "
                     "FROM task_events "
                     "WHERE task_uid = u.uid ORDER BY id DESC LIMIT $2) e "
                     "ORDER BY u.uid, e.id DESC",
                     PgParams().TextArray(texts).Int(max_events)));
  BINFERRY_ASSIGN_OR_RETURN(const PgRows tables,
                            pool_->Execute("SELECT * FROM task_top_tables "
                                           "WHERE task_uid = ANY ($1::uuid[]) "
                                           "ORDER BY task_uid, place",
                                           PgParams().TextArray(texts)));
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows tests,
      pool_->Execute("SELECT task_uid, document FROM connection_tests WHERE "
                     "task_uid = ANY ($1::uuid[])",
                     PgParams().TextArray(texts)));
  std::map<TaskUid, TaskDetails> details;
  for (size_t i = 0; i < tests.size(); ++i) {
    details[TaskUid(tests[i].Text("task_uid"))].tests.push_back(
        tests[i].Bytes("document"));
  }
  for (size_t i = 0; i < events.size(); ++i) {
    details[TaskUid(events[i].Text("uid"))].events.push_back(
        {.time = events[i].Time("time"),
         .reason = events[i].Text("reason"),
         .message = events[i].Text("message"),
         .actor = events[i].Text("actor"),
         .result = events[i].Text("result")});
  }
  for (size_t i = 0; i < tables.size(); ++i) {
    const PgRow row = tables[i];
    details[TaskUid(row.Text("task_uid"))].top_tables.push_back(
        {.database = row.Text("database"),
         .table = row.Text("table_name"),
         .inserts = row.Uint("inserts"),
         .updates = row.Uint("updates"),
         .deletes = row.Uint("deletes"),
         .record_bytes = row.Uint("record_bytes")});
  }
  return details;
}

}  // namespace binferry::controller
