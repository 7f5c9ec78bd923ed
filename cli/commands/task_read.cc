// get, list, describe.
#include <memory>
#include <optional>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "cli/commands/command.h"
#include "cli/commands/task_filter.h"
#include "cli/message_text.h"
#include "cli/nearest_word.h"
#include "cli/task_page.h"
#include "cli/task_table.h"
#include "common/exit_code.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

struct ReadArguments {
  std::string name;
  TaskFilter filter;
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

absl::Status List(const ReadArguments& arguments, Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(
      const v1::ListTasksResponse all,
      ListTasks(arguments.all_projects ? "projects/-" : session->Parent(),
                arguments.filter, session));
  Print(all, TaskTable({all.tasks().begin(), all.tasks().end()}, absl::Now()),
        *session);
  return absl::OkStatus();
}

}  // namespace

void Print(const google::protobuf::Message& message, absl::string_view table,
           const Session& session) {
  switch (session.options().output) {
    case OutputFormat::kJson:
      session.out() << ToJson(message);
      break;
    case OutputFormat::kYaml:
      session.out() << ToYaml(message);
      break;
    case OutputFormat::kTable:
      session.out() << table;
      break;
  }
}

void PrintTask(const v1::Task& task, const Session& session) {
  Print(task, TaskTable({task}, absl::Now()), session);
}

int ExitCodeOf(const absl::Status& status, const Session& session) {
  return status.ok() ? kExitOk : session.Fail(status);
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

  CLI::App* const get = parent->add_subcommand(
      "get", "Show one task in a line, or with -o whole");
  get->footer("Example: binferry task get orders -o yaml");
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
      "describe",
      "Everything about one task, for people: state, positions, lag, load, top "
      "tables, last error and what to do about it, last events");
  describe->add_option("NAME", arguments->name, "The task")->required();
  describe->callback([=] {
    *action = [=] {
      const absl::StatusOr<v1::Task> task = Get(arguments->name, session);
      if (!task.ok()) return session->Fail(task.status());
      Print(*task, DescribeTask(*task, absl::Now()), *session);
      return kExitOk;
    };
  });

  CLI::App* const list = parent->add_subcommand("list", "Show tasks");
  list->footer(
      "Examples:\n"
      "  binferry task list --state FAILED\n"
      "  binferry task list --tag team=warehouse --contains orders");
  AddFilterOptions(list, &arguments->filter);
  list->add_flag("--all-projects", arguments->all_projects, "Of every project");
  list->callback([=] {
    *action = [=] {
      const absl::Status status = List(*arguments, session);
      if (absl::IsInvalidArgument(status)) {
        session->Fail(status);
        return kExitUsage;
      }
      return ExitCodeOf(status, *session);
    };
  });
}

}  // namespace binferry::cli
