// start, pause, resume, stop, retry, delete.
#include <google/protobuf/util/time_util.h>

#include <memory>
#include <ostream>

#include "cli/commands/command.h"
#include "common/exit_code.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

struct VerbArguments {
  std::string name;
  std::string at;
  bool force = false;
};

using Stub = v1::TaskService::StubInterface;
using Rpc = grpc::Status (Stub::*)(grpc::ClientContext*,
                                   const v1::TaskActionRequest&, v1::Task*);

int Report(const absl::StatusOr<v1::Task>& task, absl::string_view said,
           const Session& session) {
  if (!task.ok()) return session.Fail(task.status());
  if (session.options().output == OutputFormat::kTable) {
    session.out() << task->name() << " " << said << "\n";
  } else {
    PrintTask(*task, session);
  }
  return kExitOk;
}

int Act(const VerbArguments& arguments, Rpc verb, absl::string_view said,
        Session* session) {
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  v1::TaskActionRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  return Report(session->Call<v1::Task>([&](auto* rpc, auto* response) {
    return ((*tasks)->*verb)(rpc, request, response);
  }),
                said, *session);
}

int Start(const VerbArguments& arguments, Session* session) {
  v1::StartTaskRequest request;
  if (!arguments.at.empty() &&
      !google::protobuf::util::TimeUtil::FromString(
          arguments.at, request.mutable_start_time())) {
    session->err() << "binferry: --at " << arguments.at
                   << ": give a time such as 2026-01-31T22:00:00Z\n";
    return kExitUsage;
  }
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  request.set_name(session->TaskNameOf(arguments.name));
  return Report(session->Call<v1::Task>([&](auto* rpc, auto* response) {
    return (*tasks)->StartTask(rpc, request, response);
  }),
                arguments.at.empty() ? "starts" : "will start then", *session);
}

int Delete(const VerbArguments& arguments, Session* session) {
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  v1::DeleteTaskRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  request.set_force(arguments.force);
  const absl::StatusOr<google::protobuf::Empty> done =
      session->Call<google::protobuf::Empty>([&](auto* rpc, auto* response) {
        return (*tasks)->DeleteTask(rpc, request, response);
      });
  if (!done.ok()) return session->Fail(done.status());
  session->out() << request.name() << " is deleted\n";
  return kExitOk;
}

}  // namespace

void AddTaskVerbCommands(CLI::App* parent, Session* session, Action* action) {
  auto arguments = std::make_shared<VerbArguments>();
  const auto add = [=](const char* verb, const char* description) {
    CLI::App* const command = parent->add_subcommand(verb, description);
    command->add_option("NAME", arguments->name, "The task")->required();
    return command;
  };
  const auto add_verb = [=](const char* verb, const char* description, Rpc rpc,
                            const char* said) {
    add(verb, description)->callback([=] {
      *action = [=] { return Act(*arguments, rpc, said, session); };
    });
  };

  CLI::App* const start = add("start", "Start a configured task");
  start->add_option("--at", arguments->at, "When, e.g. 2026-01-31T22:00:00Z");
  start->callback(
      [=] { *action = [=] { return Start(*arguments, session); }; });
  add_verb("pause", "Stop reading; the position is kept", &Stub::PauseTask,
           "pauses");
  add_verb("resume", "Go on after a pause", &Stub::ResumeTask, "resumes");
  add_verb("stop", "End a task for good", &Stub::StopTask, "stops");
  add_verb("retry", "Try again what failed", &Stub::RetryTask,
           "is tried again");
  CLI::App* const remove = add("delete", "Remove an ended task");
  remove->add_flag("--force", arguments->force,
                   "In any state; its checkpoint stays in Kafka");
  remove->callback(
      [=] { *action = [=] { return Delete(*arguments, session); }; });
}

}  // namespace binferry::cli
