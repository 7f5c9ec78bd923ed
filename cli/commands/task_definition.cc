// create, update: from a file and --set.
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/commands/command.h"
#include "cli/task_file.h"
#include "common/exit_code.h"
#include "common/read_file.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

constexpr size_t kMaxTaskFileBytes = size_t{16} << 20;

struct DefinitionArguments {
  std::string file;
  std::vector<std::string> settings;
  std::string id;    // create
  std::string name;  // update, clone
  std::string request_id;
  std::string timeout = "60s";
  bool wait = false;
  bool validate_only = false;
};

// Reads the file ("-" is standard input, "" is none) and warns of secrets that
// stand in it.
absl::StatusOr<TaskFile> Load(const DefinitionArguments& arguments,
                              const Session& session) {
  std::string text;
  if (arguments.file == "-") {
    std::ostringstream all;
    all << std::cin.rdbuf();
    text = all.str();
  } else if (!arguments.file.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(text,
                              ReadFile(arguments.file, kMaxTaskFileBytes));
  }
  BINFERRY_ASSIGN_OR_RETURN(
      TaskFile file, ParseTaskFile(arguments.file, text, arguments.settings,
                                   session.secrets()));
  for (const std::string& path : file.plain_secrets) {
    session.err() << "binferry: warning: " << path
                  << " is given as plain text; better {env: NAME} or {file: "
                     "PATH}\n";
  }
  return file;
}

int Create(const DefinitionArguments& arguments, Session* session) {
  absl::StatusOr<TaskFile> file = Load(arguments, *session);
  if (!file.ok()) {
    session->Fail(file.status());
    return kExitUsage;
  }
  v1::CreateTaskRequest request;
  request.set_parent(session->Parent());
  request.set_task_id(arguments.id.empty() ? file->id : arguments.id);
  if (request.task_id().empty()) {
    session->err() << "binferry: the task has no name: write `id: NAME` into "
                      "the file or give --id NAME\n";
    return kExitUsage;
  }
  *request.mutable_task() = file->task;
  request.set_validate_only(arguments.validate_only);
  request.set_request_id(arguments.request_id);
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  absl::StatusOr<v1::Task> task =
      session->Call<v1::Task>([&](auto* rpc, auto* response) {
        return (*tasks)->CreateTask(rpc, request, response);
      });
  if (!task.ok()) {
    return session->Fail(WithLines(task.status(), arguments.file, *file));
  }
  const std::string id = request.task_id();
  Print(*task,
        arguments.validate_only
            ? absl::StrCat(task->name(), " is valid\n")
            : absl::StrCat(task->name(), " is created; go on with\n\n",
                           "  binferry task test ", id,
                           "\n  binferry task check ", id,
                           "\n  binferry task start ", id, "\n"),
        *session);
  if (!arguments.wait || arguments.validate_only) return kExitOk;
  absl::Duration timeout;
  if (!absl::ParseDuration(arguments.timeout, &timeout)) return kExitUsage;
  return WaitForState(task->name(), v1::TASK_STATE_CONFIGURATION, timeout,
                      session);
}

int Clone(const DefinitionArguments& arguments, Session* session) {
  v1::CloneTaskRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  request.set_task_id(arguments.id);
  request.set_request_id(arguments.request_id);
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  const absl::StatusOr<v1::Task> task =
      session->Call<v1::Task>([&](auto* rpc, auto* response) {
        return (*tasks)->CloneTask(rpc, request, response);
      });
  if (!task.ok()) return session->Fail(task.status());
  Print(*task,
        absl::StrCat(task->name(),
                     " is created, without passwords, keys and salts. Give "
                     "them, then test and check it:\n\n"
                     "  binferry task update ",
                     arguments.id, " --set 'source.password={env: NAME}'\n"),
        *session);
  return kExitOk;
}

int Update(const DefinitionArguments& arguments, Session* session) {
  absl::StatusOr<TaskFile> file = Load(arguments, *session);
  if (!file.ok()) {
    session->Fail(file.status());
    return kExitUsage;
  }
  v1::UpdateTaskRequest request;
  *request.mutable_task() = file->task;
  request.mutable_task()->set_name(session->TaskNameOf(arguments.name));
  for (const std::string& path : UpdatePathsOf(*file)) {
    request.mutable_update_mask()->add_paths(path);
  }
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  const absl::StatusOr<v1::Task> task =
      session->Call<v1::Task>([&](auto* rpc, auto* response) {
        return (*tasks)->UpdateTask(rpc, request, response);
      });
  if (!task.ok()) {
    return session->Fail(WithLines(task.status(), arguments.file, *file));
  }
  Print(*task,
        absl::StrCat(task->name(), " is updated (generation ",
                     task->generation(), ")\n"),
        *session);
  return kExitOk;
}

void AddCreate(CLI::App* parent,
               const std::shared_ptr<DefinitionArguments>& arguments,
               Session* session, Action* action) {
  CLI::App* const create =
      parent->add_subcommand("create", "Create a task from a file");
  create->footer(
      "deploy/task.example.yaml is a commented file. Then: task test, task "
      "check, task confirm,\ntask start.\n"
      "Examples:\n"
      "  binferry task create -f orders.yaml --wait\n"
      "  binferry task create -f orders.yaml --id items --set "
      "source.port=3307\n"
      "  binferry task create -f orders.yaml --validate-only");
  create->add_option("-f,--file", arguments->file, "Task file; - is stdin")
      ->required();
  create
      ->add_option("--set", arguments->settings,
                   "path=value over the file, e.g. source.port=3306")
      ->take_all();
  create->add_option("--id", arguments->id, "The task's name; wins over `id`");
  create->add_flag("--wait", arguments->wait,
                   "Return when a worker has it, so that it can be tested");
  create
      ->add_option("--wait-timeout", arguments->timeout,
                   "How long --wait waits, e.g. 5m")
      ->check([](const std::string& text) {
        absl::Duration duration;
        return absl::ParseDuration(text, &duration)
                   ? ""
                   : "give a duration such as 60s or 5m";
      })
      ->capture_default_str();
  create->add_flag("--validate-only", arguments->validate_only,
                   "Only say whether the server would take it");
  create->add_option("--request-id", arguments->request_id,
                     "A UUID: repeated with it, the command creates nothing "
                     "again");
  create->callback(
      [=] { *action = [=] { return Create(*arguments, session); }; });
}

void AddClone(CLI::App* parent,
              const std::shared_ptr<DefinitionArguments>& arguments,
              Session* session, Action* action) {
  CLI::App* const clone = parent->add_subcommand(
      "clone", "Create a task like another one; passwords are not taken over");
  clone->footer("Example: binferry task clone orders orders-copy");
  clone->add_option("NAME", arguments->name, "The task that is cloned")
      ->required();
  clone->add_option("NEW", arguments->id, "The new task's name")->required();
  clone->add_option("--request-id", arguments->request_id,
                    "A UUID: repeated with it, the command creates nothing "
                    "again");
  clone->callback(
      [=] { *action = [=] { return Clone(*arguments, session); }; });
}

void AddUpdate(CLI::App* parent,
               const std::shared_ptr<DefinitionArguments>& arguments,
               Session* session, Action* action) {
  CLI::App* const update =
      parent->add_subcommand("update", "Change fields of a task");
  update->footer(
      "Only the fields that are named change; of source, destination, "
      "recordOptions and\ntuning only their parts that are named.\n"
      "Examples:\n"
      "  binferry task update orders --set 'source.password={env: PW}'\n"
      "  binferry task update orders -f objects.yaml");
  update->add_option("NAME", arguments->name, "The task")->required();
  update->add_option("-f,--file", arguments->file,
                     "Task file with the fields to change; - is stdin");
  update
      ->add_option("--set", arguments->settings,
                   "path=value, e.g. description=..., source.password={env: "
                   "PW}")
      ->take_all();
  update->callback([=] {
    if (arguments->file.empty() && arguments->settings.empty()) {
      throw CLI::ValidationError("update", "give --set path=value or -f FILE");
    }
    *action = [=] { return Update(*arguments, session); };
  });
}

}  // namespace

void AddTaskDefinitionCommands(CLI::App* parent, Session* session,
                               Action* action) {
  auto arguments = std::make_shared<DefinitionArguments>();
  AddCreate(parent, arguments, session, action);
  AddClone(parent, arguments, session, action);
  AddUpdate(parent, arguments, session, action);
}

}  // namespace binferry::cli
