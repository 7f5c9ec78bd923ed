#include "controller/store/worker_store.h"

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/store/worker_row.h"

namespace binferry::controller {

absl::StatusOr<std::vector<Worker>> WorkerStore::List(const WorkerName& after,
                                                      int limit) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute(SelectWorkers("WHERE w.name COLLATE \"C\" > $1 "
                                   "ORDER BY w.name COLLATE \"C\" LIMIT $2"),
                     PgParams().Text(after.value()).Int(limit)));
  std::vector<Worker> workers;
  for (size_t i = 0; i < rows.size(); ++i) {
    workers.push_back(WorkerFromRow(rows[i]));
  }
  return workers;
}

absl::StatusOr<Worker> WorkerStore::Get(const WorkerName& name) {
  BINFERRY_ASSIGN_OR_RETURN(const PgRows rows,
                            pool_->Execute(SelectWorkers("WHERE w.name = $1"),
                                           PgParams().Text(name.value())));
  if (rows.empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is no worker workers/", name.value()));
  }
  return WorkerFromRow(rows[0]);
}

absl::StatusOr<std::vector<TaskKey>> WorkerStore::ListTasks(
    const WorkerName& name) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      pool_->Execute("SELECT project, task_id FROM tasks WHERE worker = $1 "
                     "ORDER BY project COLLATE \"C\", task_id COLLATE \"C\" "
                     "LIMIT 10000",
                     PgParams().Text(name.value())));
  std::vector<TaskKey> tasks;
  for (size_t i = 0; i < rows.size(); ++i) {
    tasks.push_back({.project = rows[i].Text("project"),
                     .task_id = rows[i].Text("task_id")});
  }
  return tasks;
}

}  // namespace binferry::controller
