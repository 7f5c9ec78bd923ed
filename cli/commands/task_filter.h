// Which tasks a command is about.
#ifndef BINFERRY_CLI_COMMANDS_TASK_FILTER_H_
#define BINFERRY_CLI_COMMANDS_TASK_FILTER_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "binferry/v1/task_service.pb.h"
#include "cli/session.h"

namespace binferry::cli {

// Conditions as the command line gives them; those that are set must all hold.
struct TaskFilter {
  std::vector<std::string> states;  // Any of them.
  std::vector<std::string> tags;    // key=value, all of them.
  std::string contains;
  std::string region;

  bool empty() const {
    return states.empty() && tags.empty() && contains.empty() && region.empty();
  }
};

// --state, --tag, --contains, --region. `filter` must outlive the parse.
void AddFilterOptions(CLI::App* command, TaskFilter* filter);

// Every page of the tasks below `parent` that pass, in view BASIC.
// INVALID_ARGUMENT for a word that makes no sense.
absl::StatusOr<v1::ListTasksResponse> ListTasks(const std::string& parent,
                                                const TaskFilter& filter,
                                                Session* session);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_COMMANDS_TASK_FILTER_H_
