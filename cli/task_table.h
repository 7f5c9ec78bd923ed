// Tasks and workers as tables for people.
#ifndef BINFERRY_CLI_TASK_TABLE_H_
#define BINFERRY_CLI_TASK_TABLE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "binferry/v1/task.pb.h"
#include "binferry/v1/worker.pb.h"

namespace binferry::cli {

// A line a task: name, state, lag ("?" while unknown), records, rate, worker,
// age, and the last error if there is one.
std::string TaskTable(const std::vector<v1::Task>& tasks, absl::Time now);

std::string WorkerTable(const std::vector<v1::Worker>& workers, absl::Time now);

// "INCREMENTAL_SYNC" of TASK_STATE_INCREMENTAL_SYNC.
std::string StateName(v1::TaskState state);

// "orders" of "projects/default/tasks/orders".
std::string IdOf(const std::string& name);

// "12ms"; "?" while it is not known.
std::string LagOf(const v1::TaskStatus& status);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_TASK_TABLE_H_
