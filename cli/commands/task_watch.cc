// watch, wait.
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands/command.h"
#include "cli/message_text.h"
#include "cli/task_table.h"
#include "cli/task_watcher.h"
#include "common/exit_code.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

struct WatchArguments {
  std::string name;
  std::string state;
  std::string timeout = "60s";
  std::string resume_token;
};

// Where a task stays until somebody acts.
bool IsFinal(v1::TaskState state) {
  return state == v1::TASK_STATE_CREATE_FAILED ||
         state == v1::TASK_STATE_START_FAILED ||
         state == v1::TASK_STATE_INCREMENTAL_SYNC_FAILED ||
         state == v1::TASK_STATE_STOP_FAILED ||
         state == v1::TASK_STATE_COMPLETED;
}

// One screen of all watched tasks, drawn anew with each change.
class Screen {
 public:
  explicit Screen(const Session* session) : session_(session) {}

  void Show(const v1::WatchTaskResponse& change) {
    if (session_->options().output != OutputFormat::kTable) {
      session_->out() << ToJsonLine(change) << std::flush;
      return;
    }
    if (change.has_task()) {
      tasks_[change.task().name()] = change.task();
    } else {
      tasks_.erase(change.deleted_name());
    }
    if (session_->is_terminal) {
      // Home, then clear what is below: no flicker as a full clear makes.
      session_->out() << "\x1b[H\x1b[J" << Table(tasks_) << std::flush;
    } else if (change.has_task()) {
      session_->out() << Table({{change.task().name(), change.task()}})
                      << std::flush;
    } else {
      session_->out() << change.deleted_name() << " is deleted\n" << std::flush;
    }
  }

 private:
  static std::string Table(const std::map<std::string, v1::Task>& tasks) {
    std::vector<v1::Task> list;
    for (const auto& [name, task] : tasks) list.push_back(task);
    return TaskTable(list, absl::Now());
  }

  const Session* const session_;
  std::map<std::string, v1::Task> tasks_;
};

int Watch(const WatchArguments& arguments, Session* session) {
  v1::WatchTaskRequest request;
  request.set_name(arguments.name.empty()
                       ? session->Parent()
                       : session->TaskNameOf(arguments.name));
  request.set_resume_token(arguments.resume_token);
  TaskWatcher watcher(request, absl::InfiniteFuture(), session);
  Screen screen(session);
  while (true) {
    const absl::StatusOr<v1::WatchTaskResponse> change = watcher.Next();
    if (absl::IsOutOfRange(change.status())) return kExitOk;
    if (!change.ok()) return session->Fail(change.status());
    screen.Show(*change);
  }
}

// Why a task is in a state that wasn't waited for.
std::string WhyOf(const v1::TaskStatus& status) {
  std::string text = status.state_message();
  if (status.has_last_error()) {
    absl::StrAppend(&text, text.empty() ? "" : "\n",
                    status.last_error().message());
    if (!absl::StrContains(status.last_error().message(),
                           status.last_error().remedy())) {
      absl::StrAppend(&text, "\nWhat to do: ", status.last_error().remedy());
    }
  }
  return text;
}

}  // namespace

int WaitForState(const std::string& name, v1::TaskState wanted,
                 absl::Duration timeout, Session* session) {
  v1::WatchTaskRequest request;
  request.set_name(name);
  TaskWatcher watcher(request, absl::Now() + timeout, session);
  v1::Task last;
  while (true) {
    const absl::StatusOr<v1::WatchTaskResponse> change = watcher.Next();
    if (absl::IsDeadlineExceeded(change.status())) {
      session->err() << "binferry: " << name << " is "
                     << StateName(last.status().state()) << " after "
                     << absl::FormatDuration(timeout) << ", not "
                     << StateName(wanted) << ". " << WhyOf(last.status())
                     << "\n";
      return kExitUnreachable;
    }
    if (!change.ok()) return session->Fail(change.status());
    if (!change->has_task()) {
      session->err() << "binferry: " << change->deleted_name()
                     << " was deleted\n";
      return kExitWaitFailed;
    }
    last = change->task();
    const v1::TaskState state = last.status().state();
    if (state == wanted) return kExitOk;
    if (IsFinal(state)) {
      session->err() << "binferry: " << last.name() << " is "
                     << StateName(state) << ": " << WhyOf(last.status())
                     << "\n";
      return kExitWaitFailed;
    }
  }
}

namespace {

int Wait(const WatchArguments& arguments, Session* session) {
  const absl::StatusOr<v1::TaskState> wanted = ParseState(arguments.state);
  absl::Duration timeout;
  if (!wanted.ok()) {
    session->Fail(wanted.status());
    return kExitUsage;
  }
  if (!absl::ParseDuration(arguments.timeout, &timeout)) {
    session->err() << "binferry: --timeout " << arguments.timeout
                   << ": give a duration such as 60s or 5m\n";
    return kExitUsage;
  }
  return WaitForState(session->TaskNameOf(arguments.name), *wanted, timeout,
                      session);
}

}  // namespace

void AddTaskWatchCommands(CLI::App* parent, Session* session, Action* action) {
  auto arguments = std::make_shared<WatchArguments>();

  CLI::App* const watch = parent->add_subcommand(
      "watch", "Follow one task, or all of the project, live");
  watch->footer(
      "Goes on when the connection was lost. With -o json a line a change, "
      "with "
      "the token\nto go on behind it.\n"
      "Example: binferry task watch orders -o json");
  watch->add_option("NAME", arguments->name, "The task; all without one");
  watch->add_option("--resume-token", arguments->resume_token,
                    "Only what changed since the answer that had this");
  watch->callback(
      [=] { *action = [=] { return Watch(*arguments, session); }; });

  CLI::App* const wait =
      parent->add_subcommand("wait", "Wait until a task is in a state");
  wait->footer(
      "Exit code 4: the task is in another state that it doesn't leave by "
      "itself; 3: the time\nis over.\n"
      "Example: binferry task wait orders --for INCREMENTAL_SYNC --timeout 5m");
  wait->add_option("NAME", arguments->name, "The task")->required();
  wait->add_option("--for", arguments->state, "The state")->required();
  wait->add_option("--timeout", arguments->timeout, "How long, e.g. 5m")
      ->capture_default_str();
  wait->callback([=] { *action = [=] { return Wait(*arguments, session); }; });
}

}  // namespace binferry::cli
