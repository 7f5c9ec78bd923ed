// The statement behind a page of tasks.
#ifndef BINFERRY_CONTROLLER_STORE_TASK_LIST_QUERY_H_
#define BINFERRY_CONTROLLER_STORE_TASK_LIST_QUERY_H_

#include <string>

#include "controller/store/pg_connection.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

struct TaskListQuery {
  std::string sql;
  PgParams params;
};

// Names only the conditions that `filter` has, so that PostgreSQL walks along
// the index of (project, task_id) from `filter.after` on, without a sort, until
// the page is full.
TaskListQuery MakeTaskListQuery(const TaskFilter& filter);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_TASK_LIST_QUERY_H_
