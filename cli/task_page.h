// One task as a page for people.
#ifndef BINFERRY_CLI_TASK_PAGE_H_
#define BINFERRY_CLI_TASK_PAGE_H_

#include <string>

#include "absl/time/time.h"
#include "binferry/v1/task.pb.h"

namespace binferry::cli {

// Everything about one task that a person asks for, times relative to `now`.
// Long texts are cut, such as GTID sets: `-o json` has them whole.
std::string DescribeTask(const v1::Task& task, absl::Time now);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_TASK_PAGE_H_
