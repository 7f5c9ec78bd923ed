// watch, wait.
#include <algorithm>
#include <map>
#include <memory>
#include <ostream>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands/command.h"
#include "cli/message_text.h"
#include "cli/task_table.h"
#include "common/exit_code.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

struct WatchArguments {
  std::string name;
  std::string state;
  std::string timeout = "60s";
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
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  v1::WatchTaskRequest request;
  request.set_name(arguments.name.empty()
                       ? session->Parent()
                       : session->TaskNameOf(arguments.name));
  grpc::ClientContext rpc;
  const auto stream = (*tasks)->WatchTask(&rpc, request);
  Screen screen(session);
  v1::WatchTaskResponse change;
  while (stream->Read(&change)) screen.Show(change);
  const grpc::Status status = stream->Finish();
  return status.ok() ? kExitOk : session->Fail(session->Explain(status));
}

// Reads until the task is in the state, is in another final one, is gone, or
// the time is over.
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
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  v1::WatchTaskRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  grpc::ClientContext rpc;
  rpc.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  const auto stream = (*tasks)->WatchTask(&rpc, request);
  v1::WatchTaskResponse change;
  v1::Task last;
  while (stream->Read(&change)) {
    if (!change.has_task()) {
      session->err() << "binferry: " << change.deleted_name()
                     << " was deleted\n";
      return kExitWaitFailed;
    }
    last = change.task();
    const v1::TaskState state = last.status().state();
    if (state == *wanted) return kExitOk;
    if (IsFinal(state)) {
      session->err() << "binferry: " << last.name() << " is "
                     << StateName(state) << ": "
                     << last.status().state_message() << "\n"
                     << last.status().last_error().message() << "\n";
      return kExitWaitFailed;
    }
  }
  const grpc::Status status = stream->Finish();
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    session->err() << "binferry: " << request.name() << " is "
                   << StateName(last.status().state()) << " after "
                   << arguments.timeout << ", not " << StateName(*wanted)
                   << ". " << last.status().state_message() << "\n"
                   << last.status().last_error().message() << "\n";
    return kExitUnreachable;
  }
  return session->Fail(session->Explain(status));
}

}  // namespace

void AddTaskWatchCommands(CLI::App* parent, Session* session, Action* action) {
  auto arguments = std::make_shared<WatchArguments>();

  CLI::App* const watch = parent->add_subcommand(
      "watch", "Follow one task, or all of the project, live");
  watch->add_option("NAME", arguments->name, "The task; all without one");
  watch->callback(
      [=] { *action = [=] { return Watch(*arguments, session); }; });

  CLI::App* const wait =
      parent->add_subcommand("wait", "Wait until a task is in a state");
  wait->add_option("NAME", arguments->name, "The task")->required();
  wait->add_option("--for", arguments->state, "The state")->required();
  wait->add_option("--timeout", arguments->timeout, "How long, e.g. 5m")
      ->capture_default_str();
  wait->callback([=] { *action = [=] { return Wait(*arguments, session); }; });
}

}  // namespace binferry::cli
