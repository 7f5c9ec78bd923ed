// create, update: from a file and --set.
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
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
  std::string name;  // update
  bool start = false;
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
  auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  absl::StatusOr<v1::Task> task =
      session->Call<v1::Task>([&](auto* rpc, auto* response) {
        return (*tasks)->CreateTask(rpc, request, response);
      });
  if (!task.ok()) {
    return session->Fail(WithLines(task.status(), arguments.file, *file));
  }
  if (arguments.start && !arguments.validate_only) {
    v1::StartTaskRequest start;
    start.set_name(task->name());
    task = session->Call<v1::Task>([&](auto* rpc, auto* response) {
      return (*tasks)->StartTask(rpc, start, response);
    });
    if (!task.ok()) return session->Fail(task.status());
  }
  if (session->options().output != OutputFormat::kTable) {
    PrintTask(*task, *session);
  } else {
    session->out() << task->name()
                   << (arguments.validate_only ? " is valid\n"
                       : arguments.start       ? " is created and starts\n"
                                               : " is created\n");
  }
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
  // The fields that are named, and of those with parts only the parts: so that
  // `--set source.password=...` leaves the rest of the source alone.
  for (auto it = file->lines.begin(); it != file->lines.end(); ++it) {
    const auto next = std::next(it);
    const std::string& path = it->first;
    const bool has_parts =
        next != file->lines.end() && absl::StartsWith(next->first, path + ".");
    const bool is_part_of_credentials = absl::StartsWith(path, "source.") ||
                                        absl::StartsWith(path, "destination.");
    const bool is_whole =
        !absl::StrContains(path, '.') && !absl::StrContains(path, '[');
    if (is_part_of_credentials
            ? !absl::StrContains(path, '[')
            : is_whole &&
                  !(has_parts && (path == "source" || path == "destination"))) {
      request.mutable_update_mask()->add_paths(path);
    }
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
  if (session->options().output != OutputFormat::kTable) {
    PrintTask(*task, *session);
  } else {
    session->out() << task->name() << " is updated (generation "
                   << task->generation() << ")\n";
  }
  return kExitOk;
}

}  // namespace

void AddTaskDefinitionCommands(CLI::App* parent, Session* session,
                               Action* action) {
  auto arguments = std::make_shared<DefinitionArguments>();

  CLI::App* const create =
      parent->add_subcommand("create", "Create a task from a file");
  create->add_option("-f,--file", arguments->file, "Task file; - is stdin")
      ->required();
  create
      ->add_option("--set", arguments->settings,
                   "path=value over the file, e.g. source.port=3306")
      ->take_all();
  create->add_option("--id", arguments->id, "The task's name; wins over `id`");
  create->add_flag("--start", arguments->start, "Start it at once");
  create->add_flag("--validate-only", arguments->validate_only,
                   "Only say whether the server would take it");
  create->callback(
      [=] { *action = [=] { return Create(*arguments, session); }; });

  CLI::App* const update =
      parent->add_subcommand("update", "Change fields of a task");
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

}  // namespace binferry::cli
