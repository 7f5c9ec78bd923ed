#include "controller/store/task_read.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "controller/store/task_row.h"

namespace binferry::controller {
namespace {

absl::StatusOr<Task> Read(PgTransaction* transaction, const TaskKey& key,
                          absl::string_view lock) {
  BINFERRY_ASSIGN_OR_RETURN(
      const PgRows rows,
      transaction->Execute(
          SelectTasks(
              Document::kFull,
              absl::StrCat("WHERE t.project = $1 AND t.task_id = $2 ", lock)),
          PgParams().Text(key.project).Text(key.task_id)));
  if (rows.empty()) {
    return NoSuchTask(
        absl::StrCat("projects/", key.project, "/tasks/", key.task_id));
  }
  return TaskFromRow(rows[0]);
}

}  // namespace

absl::Status NoSuchTask(absl::string_view name) {
  return absl::NotFoundError(absl::StrCat("there is no task ", name));
}

absl::StatusOr<Task> ReadTask(PgTransaction* transaction, const TaskKey& key) {
  return Read(transaction, key, "");
}

absl::StatusOr<Task> LockTask(PgTransaction* transaction, const TaskKey& key) {
  return Read(transaction, key, "FOR UPDATE OF t");
}

}  // namespace binferry::controller
