// Tasks and workers as tables and pages for people.
#ifndef BINFERRY_CLI_TASK_TABLE_H_
#define BINFERRY_CLI_TASK_TABLE_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "binferry/v1/task.pb.h"
#include "binferry/v1/worker.pb.h"

namespace binferry::cli {

// Left-aligned columns, two blanks apart, as wide as needed. `rows` are as long
// as the first, which is the head.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);

// A line a task: name, state, lag ("?" while unknown), records, rate, worker,
// age, and the last error if there is one.
std::string TaskTable(const std::vector<v1::Task>& tasks, absl::Time now);

// Everything about one task that a person asks for, times relative to `now`.
std::string DescribeTask(const v1::Task& task, absl::Time now);

std::string WorkerTable(const std::vector<v1::Worker>& workers, absl::Time now);

// "INCREMENTAL_SYNC" of TASK_STATE_INCREMENTAL_SYNC.
std::string StateName(v1::TaskState state);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_TASK_TABLE_H_
