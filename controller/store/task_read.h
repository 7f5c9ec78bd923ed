// Reading one task inside a transaction.
#ifndef BINFERRY_CONTROLLER_STORE_TASK_READ_H_
#define BINFERRY_CONTROLLER_STORE_TASK_READ_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controller/model/task.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

// NOT_FOUND; `name` as in "projects/p/tasks/t".
absl::Status NoSuchTask(absl::string_view name);

// The task with its document, as the transaction sees it. NOT_FOUND.
absl::StatusOr<Task> ReadTask(PgTransaction* transaction, const TaskKey& key);

// The same, its row locked until the transaction ends.
absl::StatusOr<Task> LockTask(PgTransaction* transaction, const TaskKey& key);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_TASK_READ_H_
