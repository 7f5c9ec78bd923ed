// start, pause, resume, stop, retry, delete: of one task or of many.
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands/command.h"
#include "cli/commands/task_filter.h"
#include "cli/inspection_text.h"
#include "cli/task_table.h"
#include "cli/text_table.h"
#include "common/exit_code.h"
#include "common/status_details.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

// As the API allows.
constexpr size_t kMaxTasksAtOnce = 1000;

struct VerbArguments {
  std::vector<std::string> names;
  TaskFilter filter;
  std::string at;
  bool all = false;
  bool yes = false;
  bool force = false;
  bool drain = false;
  bool now = false;
};

// One verb, as the words of the command line make it.
struct Verb {
  v1::TaskAction action = v1::TASK_ACTION_UNSPECIFIED;
  const char* said = "";  // "orders pauses".
  // It can't be taken back: without names it wants more than --all.
  bool is_final = false;
};

v1::StopMode StopModeOf(const VerbArguments& arguments) {
  if (arguments.now) return v1::STOP_MODE_NOW;
  return arguments.drain ? v1::STOP_MODE_DRAIN : v1::STOP_MODE_UNSPECIFIED;
}

// Nothing, or kExitUsage after saying why.
absl::StatusOr<google::protobuf::Timestamp> StartTimeOf(
    const VerbArguments& arguments) {
  google::protobuf::Timestamp time;
  if (!google::protobuf::util::TimeUtil::FromString(arguments.at, &time)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--at ", arguments.at, ": give a time such as 2026-01-31T22:00:00Z"));
  }
  return time;
}

// What the last check of a task that can't start before it is ready left open,
// and what to do; empty where that can't be told.
std::string OpenItems(const std::string& name, Session* session) {
  const auto stub = session->inspections();
  if (!stub.ok()) return "";
  v1::GetPrecheckRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::Precheck> precheck =
      session->Call<v1::Precheck>([&](auto* rpc, auto* response) {
        return (*stub)->GetPrecheck(rpc, request, response);
      });
  if (absl::IsNotFound(precheck.status())) {
    return absl::StrCat(
        "The task was not checked yet:\n\n  binferry task check ", IdOf(name),
        "\n");
  }
  if (!precheck.ok() || precheck->ready()) return "";
  return OpenItemsPage(*precheck, IdOf(name), absl::Now());
}

template <typename Request>
absl::StatusOr<v1::Task> Call(
    grpc::Status (v1::TaskService::StubInterface::*rpc)(grpc::ClientContext*,
                                                        const Request&,
                                                        v1::Task*),
    const Request& request, Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* tasks, session->tasks());
  return session->Call<v1::Task>([&](auto* context, auto* response) {
    return (tasks->*rpc)(context, request, response);
  });
}

absl::StatusOr<v1::Task> Act(const Verb& verb, const std::string& name,
                             const VerbArguments& arguments, Session* session) {
  using Stub = v1::TaskService::StubInterface;
  v1::TaskActionRequest request;
  request.set_name(name);
  switch (verb.action) {
    case v1::TASK_ACTION_START: {
      v1::StartTaskRequest start;
      start.set_name(name);
      if (!arguments.at.empty()) {
        BINFERRY_ASSIGN_OR_RETURN(*start.mutable_start_time(),
                                  StartTimeOf(arguments));
      }
      return Call(&Stub::StartTask, start, session);
    }
    case v1::TASK_ACTION_PAUSE:
      return Call(&Stub::PauseTask, request, session);
    case v1::TASK_ACTION_RESUME:
      return Call(&Stub::ResumeTask, request, session);
    case v1::TASK_ACTION_RETRY:
      return Call(&Stub::RetryTask, request, session);
    case v1::TASK_ACTION_STOP: {
      v1::StopTaskRequest stop;
      stop.set_name(name);
      stop.set_mode(StopModeOf(arguments));
      return Call(&Stub::StopTask, stop, session);
    }
    case v1::TASK_ACTION_DELETE:
    case v1::TASK_ACTION_UNSPECIFIED:
    case v1::TaskAction_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::TaskAction_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  BINFERRY_ASSIGN_OR_RETURN(auto* tasks, session->tasks());
  v1::DeleteTaskRequest remove;
  remove.set_name(name);
  remove.set_force(arguments.force);
  BINFERRY_RETURN_IF_ERROR(
      session
          ->Call<google::protobuf::Empty>([&](auto* rpc, auto* response) {
            return tasks->DeleteTask(rpc, remove, response);
          })
          .status());
  v1::Task gone;
  gone.set_name(name);
  return gone;
}

int ActOnOne(const Verb& verb, const VerbArguments& arguments,
             Session* session) {
  const std::string name = session->TaskNameOf(arguments.names.front());
  const absl::StatusOr<v1::Task> task = Act(verb, name, arguments, session);
  if (!task.ok()) {
    const std::string open_items =
        DetailsOf(task.status()).reason == "PRECHECK_NOT_READY"
            ? OpenItems(name, session)
            : "";
    if (open_items.empty()) return session->Fail(task.status());
    // In place of the server's words, which say the same in one line.
    session->err() << "binferry: " << name << " can't start yet. "
                   << open_items;
    return kExitFailure;
  }
  Print(
      *task,
      absl::StrCat(name, " ",
                   verb.action == v1::TASK_ACTION_START && !arguments.at.empty()
                       ? "will start then"
                       : verb.said,
                   "\n"),
      *session);
  return kExitOk;
}

// The named tasks, or those that the filter selects. INVALID_ARGUMENT where the
// words say neither.
absl::StatusOr<std::vector<std::string>> NamesOf(const Verb& verb,
                                                 const VerbArguments& arguments,
                                                 Session* session) {
  std::vector<std::string> names;
  if (!arguments.all) {
    for (const std::string& word : arguments.names) {
      names.push_back(session->TaskNameOf(word));
    }
    return names;
  }
  if (verb.is_final && arguments.filter.empty() && !arguments.yes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "every task of ", session->Parent(),
        " would end for good: say which by --state, --tag, --contains or "
        "--region, or confirm with --yes"));
  }
  BINFERRY_ASSIGN_OR_RETURN(
      const v1::ListTasksResponse tasks,
      ListTasks(session->Parent(), arguments.filter, session));
  for (const v1::Task& task : tasks.tasks()) names.push_back(task.name());
  return names;
}

absl::StatusOr<v1::BatchTaskActionResponse> ActOnMany(
    const Verb& verb, const std::vector<std::string>& names,
    const VerbArguments& arguments, Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* tasks, session->tasks());
  v1::BatchTaskActionRequest request;
  request.set_action(verb.action);
  request.set_stop_mode(StopModeOf(arguments));
  request.set_force(arguments.force);
  if (!arguments.at.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(*request.mutable_start_time(),
                              StartTimeOf(arguments));
  }
  v1::BatchTaskActionResponse all;
  for (size_t begin = 0; begin < names.size(); begin += kMaxTasksAtOnce) {
    const size_t end = std::min(names.size(), begin + kMaxTasksAtOnce);
    request.clear_names();
    for (size_t i = begin; i < end; ++i) request.add_names(names[i]);
    BINFERRY_ASSIGN_OR_RETURN(const v1::BatchTaskActionResponse page,
                              session->Call<v1::BatchTaskActionResponse>(
                                  [&](auto* rpc, auto* response) {
                                    return tasks->BatchTaskAction(rpc, request,
                                                                  response);
                                  }));
    all.MergeFrom(page);
  }
  return all;
}

std::string ResultTable(const v1::BatchTaskActionResponse& results,
                        size_t* failures) {
  std::vector<std::vector<std::string>> rows = {
      {"NAME", "RESULT", "STATE", "MESSAGE"}};
  *failures = 0;
  for (const v1::BatchTaskResult& result : results.results()) {
    if (result.code() != "OK") ++*failures;
    rows.push_back({IdOf(result.name()), result.code(),
                    result.state() == v1::TASK_STATE_UNSPECIFIED
                        ? "-"
                        : StateName(result.state()),
                    result.message()});
  }
  return absl::StrCat(FormatTable(rows), rows.size() - 1 - *failures, " of ",
                      rows.size() - 1, " done\n");
}

int Run(const Verb& verb, const VerbArguments& arguments, Session* session) {
  if (!arguments.at.empty() && !StartTimeOf(arguments).ok()) {
    session->Fail(StartTimeOf(arguments).status());
    return kExitUsage;
  }
  if (arguments.names.size() == 1) return ActOnOne(verb, arguments, session);
  const absl::StatusOr<std::vector<std::string>> names =
      NamesOf(verb, arguments, session);
  if (absl::IsInvalidArgument(names.status())) {
    session->Fail(names.status());
    return kExitUsage;
  }
  if (!names.ok()) return session->Fail(names.status());
  const absl::StatusOr<v1::BatchTaskActionResponse> results =
      ActOnMany(verb, *names, arguments, session);
  if (!results.ok()) return session->Fail(results.status());
  size_t failures = 0;
  const std::string table = ResultTable(*results, &failures);
  Print(*results, table, *session);
  return failures == 0 ? kExitOk : kExitFailure;
}

}  // namespace

void AddTaskVerbCommands(CLI::App* parent, Session* session, Action* action) {
  auto arguments = std::make_shared<VerbArguments>();
  const auto add = [=](const char* name, const char* description,
                       const Verb& verb) {
    CLI::App* const command = parent->add_subcommand(name, description);
    command->footer(absl::StrCat(
        "Of many tasks each has its own result; exit code 1: one was refused.\n"
        "Examples:\n  binferry task ",
        name, " orders\n  binferry task ", name,
        " orders items\n  binferry task ", name,
        " --all --tag team=warehouse"));
    command->add_option("NAME", arguments->names, "The tasks");
    command->add_flag("--all", arguments->all,
                      "All tasks of the project that pass these:");
    AddFilterOptions(command, &arguments->filter);
    command->callback([=] {
      if (arguments->all == !arguments->names.empty()) {
        throw CLI::ValidationError(name, "name the tasks, or give --all");
      }
      if (!arguments->all && !arguments->filter.empty()) {
        throw CLI::ValidationError(
            name, "--state, --tag, --contains and --region go with --all");
      }
      *action = [=] { return Run(verb, *arguments, session); };
    });
    return command;
  };

  CLI::App* const start =
      add("start", "Start a task that was checked",
          {.action = v1::TASK_ACTION_START, .said = "starts"});
  start->add_option("--at", arguments->at, "When, e.g. 2026-01-31T22:00:00Z");
  add("pause", "Stop reading; the position is kept",
      {.action = v1::TASK_ACTION_PAUSE, .said = "pauses"});
  add("resume", "Go on after a pause",
      {.action = v1::TASK_ACTION_RESUME, .said = "resumes"});
  CLI::App* const stop =
      add("stop", "End a task for good",
          {.action = v1::TASK_ACTION_STOP, .said = "stops", .is_final = true});
  CLI::Option* const drain = stop->add_flag(
      "--drain", arguments->drain,
      "First deliver what the source has committed by now; the default for a "
      "task that carries rows");
  stop->add_flag("--now", arguments->now, "At once; also ends a --drain")
      ->excludes(drain);
  stop->add_flag("--yes", arguments->yes, "Even all tasks of the project");
  add("retry", "Try again what failed",
      {.action = v1::TASK_ACTION_RETRY, .said = "is tried again"});
  CLI::App* const remove = add("delete", "Remove an ended task",
                               {.action = v1::TASK_ACTION_DELETE,
                                .said = "is deleted",
                                .is_final = true});
  remove->add_flag("--force", arguments->force,
                   "In any state; its checkpoint stays in Kafka");
  remove->add_flag("--yes", arguments->yes, "Even all tasks of the project");
}

}  // namespace binferry::cli
