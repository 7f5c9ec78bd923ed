#include "controller/store/history_store.h"

#include <limits>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/store/task_read.h"
#include "controller/store/transact.h"

namespace binferry::controller {
namespace {

constexpr int64_t kNewest = std::numeric_limits<int64_t>::max();

TaskEvent EventFromRow(const PgRow& row) {
  return {.time = row.Time("time"),
          .reason = row.Text("reason"),
          .message = row.Text("message"),
          .actor = row.Text("actor"),
          .result = row.Text("result")};
}

TaskLogLine LineFromRow(const PgRow& row) {
  return {.time = row.Time("time"),
          .level = static_cast<TaskLogLevel>(row.Int("level")),
          .message = row.Text("message"),
          .worker = row.Text("worker")};
}

// A page of `rows`, which hold one more than `limit` if there is a next one.
template <typename Entry>
HistoryPage<Entry> PageOf(const PgRows& rows, int limit,
                          Entry (*from_row)(const PgRow&)) {
  HistoryPage<Entry> page;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (page.entries.size() == static_cast<size_t>(limit)) {
      page.next = rows[i - 1].Int("id");
      break;
    }
    page.entries.push_back(from_row(rows[i]));
  }
  return page;
}

// Of each task the newest `$1` rows of `table` stay. Walks the index by task
// and id, from the newest row of each task to the last that stays.
std::string RemoveBeyond(absl::string_view table) {
  return absl::StrCat(
      "DELETE FROM ", table,
      " e USING (SELECT t.uid, k.id FROM tasks t CROSS JOIN "
      "LATERAL (SELECT id FROM ",
      table,
      " WHERE task_uid = t.uid ORDER BY id DESC OFFSET $1 "
      "LIMIT 1) k) o WHERE e.task_uid = o.uid AND e.id <= o.id");
}

}  // namespace

absl::Status HistoryStore::Record(const TaskKey& task, const UserEvent& event) {
  return pool_
      ->Execute(
          "INSERT INTO task_events (task_uid, reason, message, actor, result) "
          "SELECT uid, $3, $4, $5, $6 FROM tasks WHERE project = $1 AND "
          "task_id = $2",
          PgParams()
              .Text(task.project)
              .Text(task.task_id)
              .Text(event.reason)
              .Text(event.message)
              .Text(event.actor)
              .Text(event.result))
      .status();
}

absl::StatusOr<HistoryPage<TaskEvent>> HistoryStore::ListEvents(
    const TaskKey& task, const EventQuery& query) {
  using Page = HistoryPage<TaskEvent>;
  return TransactFor<Page>(
      pool_, [&](PgTransaction* transaction) -> absl::StatusOr<Page> {
        BINFERRY_ASSIGN_OR_RETURN(const Task found,
                                  ReadTask(transaction, task));
        BINFERRY_ASSIGN_OR_RETURN(
            const PgRows rows,
            transaction->Execute(
                absl::StrCat("SELECT id, time, reason, message, actor, result "
                             "FROM task_events WHERE task_uid = $1 AND id < $2",
                             query.only_actions ? " AND result <> ''" : "",
                             " ORDER BY id DESC LIMIT $3"),
                PgParams()
                    .Text(found.uid.value())
                    .Int(query.before.value_or(kNewest))
                    .Int(query.limit + 1)));
        return PageOf(rows, query.limit, EventFromRow);
      });
}

absl::StatusOr<HistoryPage<TaskLogLine>> HistoryStore::ListLogLines(
    const TaskKey& task, const LogQuery& query) {
  using Page = HistoryPage<TaskLogLine>;
  return TransactFor<Page>(
      pool_, [&](PgTransaction* transaction) -> absl::StatusOr<Page> {
        BINFERRY_ASSIGN_OR_RETURN(const Task found,
                                  ReadTask(transaction, task));
        BINFERRY_ASSIGN_OR_RETURN(
            const PgRows rows,
            transaction->Execute(
                "SELECT id, time, level, message, worker FROM task_log_lines "
                "WHERE task_uid = $1 AND id < $2 AND level >= $3 "
                "ORDER BY id DESC LIMIT $4",
                PgParams()
                    .Text(found.uid.value())
                    .Int(query.before.value_or(kNewest))
                    .Int(static_cast<int64_t>(query.min_level))
                    .Int(query.limit + 1)));
        return PageOf(rows, query.limit, LineFromRow);
      });
}

absl::StatusOr<std::vector<TaskKey>> HistoryStore::ListDeleted(
    const std::string& project, absl::Time since) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute(
          "SELECT DISTINCT d.project, d.task_id FROM task_deletions d WHERE "
          "d.project = $1 AND d.time >= $2 AND NOT EXISTS (SELECT 1 FROM tasks "
          "t WHERE t.project = d.project AND t.task_id = d.task_id)",
          PgParams().Text(project).Time(since)));
  std::vector<TaskKey> keys;
  for (size_t i = 0; i < rows.size(); ++i) {
    keys.push_back({.project = rows[i].Text("project"),
                    .task_id = rows[i].Text("task_id")});
  }
  return keys;
}

absl::StatusOr<absl::Time> HistoryStore::Now() {
  BINFERRY_ASSIGN_OR_RETURN(const PgRows rows,
                            pool_->Execute("SELECT clock_timestamp() AS now"));
  return rows[0].Time("now");
}

absl::Status HistoryStore::RemoveOld() {
  BINFERRY_RETURN_IF_ERROR(
      pool_
          ->Execute(RemoveBeyond("task_events"),
                    PgParams().Int(static_cast<int64_t>(kMaxEventsPerTask)))
          .status());
  BINFERRY_RETURN_IF_ERROR(
      pool_
          ->Execute(RemoveBeyond("task_log_lines"),
                    PgParams().Int(static_cast<int64_t>(kMaxLogLinesPerTask)))
          .status());
  return pool_
      ->Execute("DELETE FROM task_deletions WHERE time < now() - interval '" +
                std::to_string(absl::ToInt64Hours(kDeletionsKept)) + " hours'")
      .status();
}

}  // namespace binferry::controller
