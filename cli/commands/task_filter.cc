#include "cli/commands/task_filter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/commands/command.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

absl::StatusOr<v1::ListTasksRequest> RequestOf(const std::string& parent,
                                               const TaskFilter& filter) {
  v1::ListTasksRequest request;
  request.set_parent(parent);
  request.set_page_size(1000);
  request.set_id_contains(filter.contains);
  request.set_region(filter.region);
  for (const std::string& word : filter.states) {
    BINFERRY_ASSIGN_OR_RETURN(const v1::TaskState state, ParseState(word));
    request.add_states(state);
  }
  for (const std::string& tag : filter.tags) {
    const std::vector<std::string> parts =
        absl::StrSplit(tag, absl::MaxSplits('=', 1));
    if (parts.size() != 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("--tag ", tag, ": give key=value"));
    }
    (*request.mutable_tags())[parts[0]] = parts[1];
  }
  return request;
}

}  // namespace

void AddFilterOptions(CLI::App* command, TaskFilter* filter) {
  command
      ->add_option("--state", filter->states,
                   "Only in one of these states, e.g. "
                   "PAUSED,INCREMENTAL_SYNC_FAILED; FAILED stands for all "
                   "that end so")
      ->delimiter(',');
  command
      ->add_option("--tag", filter->tags,
                   "Only with all of these tags, key=value")
      ->delimiter(',');
  command->add_option("--contains", filter->contains,
                      "Only names that contain this");
  command->add_option("--region", filter->region,
                      "Only tasks placed in this region");
}

absl::StatusOr<v1::ListTasksResponse> ListTasks(const std::string& parent,
                                                const TaskFilter& filter,
                                                Session* session) {
  TaskFilter wanted = filter;
  wanted.states.clear();
  for (const std::string& word : filter.states) {
    if (word != "FAILED" && word != "failed") {
      wanted.states.push_back(word);
      continue;
    }
    for (const char* state : {"CREATE_FAILED", "START_FAILED",
                              "INCREMENTAL_SYNC_FAILED", "STOP_FAILED"}) {
      wanted.states.push_back(state);
    }
  }
  BINFERRY_ASSIGN_OR_RETURN(v1::ListTasksRequest request,
                            RequestOf(parent, wanted));
  BINFERRY_ASSIGN_OR_RETURN(auto* tasks, session->tasks());
  v1::ListTasksResponse all;
  do {
    BINFERRY_ASSIGN_OR_RETURN(
        v1::ListTasksResponse page,
        session->Call<v1::ListTasksResponse>([&](auto* rpc, auto* response) {
          return tasks->ListTasks(rpc, request, response);
        }));
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all.MergeFrom(page);
  } while (!request.page_token().empty());
  return all;
}

}  // namespace binferry::cli
