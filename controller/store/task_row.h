// Tasks in rows of PostgreSQL.
#ifndef BINFERRY_CONTROLLER_STORE_TASK_ROW_H_
#define BINFERRY_CONTROLLER_STORE_TASK_ROW_H_

#include <string>

#include "absl/strings/string_view.h"
#include "controller/model/task.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

enum class Document {
  kFull,
  kBasic,  // `basic_document`, or the whole where an old row has none.
  kLeft,   // Empty.
};

// `SELECT ... FROM tasks t ... ` followed by `rest` (WHERE, ORDER BY, ...),
// whose rows TaskFromRow reads. One row a task, by primary keys only.
std::string SelectTasks(Document document, absl::string_view rest);

Task TaskFromRow(const PgRow& row);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_TASK_ROW_H_
