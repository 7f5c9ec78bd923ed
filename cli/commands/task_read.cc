// get, list, describe.
#include <memory>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "cli/commands/command.h"
#include "cli/message_text.h"
#include "cli/nearest_word.h"
#include "cli/task_table.h"
#include "common/exit_code.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

struct ReadArguments {
  std::string name;
  std::vector<std::string> states;
  std::vector<std::string> tags;
  std::string contains;
  bool all_projects = false;
};

absl::StatusOr<v1::Task> Get(const std::string& name, Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* tasks, session->tasks());
  v1::GetTaskRequest request;
  request.set_name(session->TaskNameOf(name));
  return session->Call<v1::Task>([&](auto* rpc, auto* response) {
    return tasks->GetTask(rpc, request, response);
  });
}

absl::StatusOr<v1::ListTasksRequest> ListRequest(const ReadArguments& arguments,
                                                 const Session& session) {
  v1::ListTasksRequest request;
  request.set_parent(arguments.all_projects ? "projects/-" : session.Parent());
  request.set_page_size(1000);
  request.set_id_contains(arguments.contains);
  for (const std::string& word : arguments.states) {
    BINFERRY_ASSIGN_OR_RETURN(const v1::TaskState state, ParseState(word));
    request.add_states(state);
  }
  for (const std::string& tag : arguments.tags) {
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

absl::Status List(const ReadArguments& arguments, Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(v1::ListTasksRequest request,
                            ListRequest(arguments, *session));
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
  switch (session->options().output) {
    case OutputFormat::kJson:
      session->out() << ToJson(all);
      break;
    case OutputFormat::kYaml:
      session->out() << ToYaml(all);
      break;
    case OutputFormat::kTable:
      session->out() << TaskTable({all.tasks().begin(), all.tasks().end()},
                                  absl::Now());
      break;
  }
  return absl::OkStatus();
}

}  // namespace

void PrintTask(const v1::Task& task, const Session& session) {
  switch (session.options().output) {
    case OutputFormat::kJson:
      session.out() << ToJson(task);
      break;
    case OutputFormat::kYaml:
      session.out() << ToYaml(task);
      break;
    case OutputFormat::kTable:
      session.out() << TaskTable({task}, absl::Now());
      break;
  }
}

absl::StatusOr<v1::TaskState> ParseState(const std::string& word) {
  const std::string upper = absl::AsciiStrToUpper(word);
  std::vector<std::string> known;
  const auto& type = *v1::TaskState_descriptor();
  for (int i = 1; i < type.value_count(); ++i) {
    const auto state = static_cast<v1::TaskState>(type.value(i)->number());
    known.push_back(StateName(state));
    if (upper == known.back() || upper == type.value(i)->name()) return state;
  }
  const std::optional<std::string> nearest = NearestWord(word, known);
  return absl::InvalidArgumentError(absl::StrCat(
      "no state is called `", word, "`; ",
      nearest.has_value() ? absl::StrCat("did you mean ", *nearest, "? ") : "",
      "States: ", absl::StrJoin(known, ", ")));
}

void AddTaskReadCommands(CLI::App* parent, Session* session, Action* action) {
  auto arguments = std::make_shared<ReadArguments>();

  CLI::App* const get = parent->add_subcommand("get", "Show one task");
  get->add_option("NAME", arguments->name, "The task")->required();
  get->callback([=] {
    *action = [=] {
      const absl::StatusOr<v1::Task> task = Get(arguments->name, session);
      if (!task.ok()) return session->Fail(task.status());
      PrintTask(*task, *session);
      return kExitOk;
    };
  });

  CLI::App* const describe = parent->add_subcommand(
      "describe", "Everything about one task, for people");
  describe->add_option("NAME", arguments->name, "The task")->required();
  describe->callback([=] {
    *action = [=] {
      const absl::StatusOr<v1::Task> task = Get(arguments->name, session);
      if (!task.ok()) return session->Fail(task.status());
      if (session->options().output == OutputFormat::kTable) {
        session->out() << DescribeTask(*task, absl::Now());
      } else {
        PrintTask(*task, *session);
      }
      return kExitOk;
    };
  });

  CLI::App* const list = parent->add_subcommand("list", "Show tasks");
  list->add_option("--state", arguments->states, "Only in one of these states")
      ->delimiter(',');
  list->add_option("--tag", arguments->tags, "Only with these key=value tags")
      ->delimiter(',');
  list->add_option("--contains", arguments->contains,
                   "Only names that contain this");
  list->add_flag("--all-projects", arguments->all_projects, "Of every project");
  list->callback([=] {
    *action = [=] {
      const absl::Status status = List(*arguments, session);
      if (absl::IsInvalidArgument(status)) {
        session->Fail(status);
        return kExitUsage;
      }
      return status.ok() ? kExitOk : session->Fail(status);
    };
  });
}

}  // namespace binferry::cli
