// reset: a new start position for a task that is paused or has failed.
#include <google/protobuf/util/time_util.h>

#include <memory>
#include <ostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "cli/commands/command.h"
#include "cli/task_table.h"
#include "common/exit_code.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

struct ResetArguments {
  std::string name;
  std::string gtid_set;
  std::string file;
  uint64_t position = 0;
  std::string time;
  bool to_now = false;
};

absl::StatusOr<v1::StartPosition> PositionOf(const ResetArguments& arguments) {
  v1::StartPosition position;
  if (!arguments.gtid_set.empty()) {
    position.set_gtid_set(arguments.gtid_set);
  } else if (!arguments.file.empty()) {
    position.mutable_coordinates()->set_file(arguments.file);
    position.mutable_coordinates()->set_position(arguments.position);
  } else if (!arguments.time.empty() &&
             !google::protobuf::util::TimeUtil::FromString(
                 arguments.time, position.mutable_time())) {
    return absl::InvalidArgumentError(
        absl::StrCat("--time ", arguments.time,
                     ": give a time such as 2026-01-31T22:00:00Z"));
  }
  return position;
}

int Reset(const ResetArguments& arguments, Session* session) {
  const absl::StatusOr<v1::StartPosition> position = PositionOf(arguments);
  if (!position.ok()) {
    session->Fail(position.status());
    return kExitUsage;
  }
  v1::ResetTaskRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  if (!arguments.to_now) *request.mutable_start_position() = *position;
  const auto tasks = session->tasks();
  if (!tasks.ok()) return session->Fail(tasks.status());
  const absl::StatusOr<v1::Task> task =
      session->Call<v1::Task>([&](auto* rpc, auto* response) {
        return (*tasks)->ResetTask(rpc, request, response);
      });
  if (!task.ok()) return session->Fail(task.status());
  const std::string id = IdOf(request.name());
  Print(*task,
        absl::StrCat(request.name(),
                     " has its new start position; go on with\n\n"
                     "  binferry task check ",
                     id, "\n  binferry task start ", id, "\n"),
        *session);
  return kExitOk;
}

}  // namespace

void AddTaskResetCommand(CLI::App* parent, Session* session, Action* action) {
  auto arguments = std::make_shared<ResetArguments>();
  CLI::App* const reset = parent->add_subcommand(
      "reset", "Give a paused or failed task another start position");
  reset->footer(
      "What lies between the old position and a later new one is not carried; "
      "what is\nread again is delivered again. The task is then to be checked "
      "and started.\n"
      "Examples:\n"
      "  binferry task reset orders --to-now\n"
      "  binferry task reset orders --time 2026-01-31T22:00:00Z\n"
      "  binferry task reset orders --file binlog.000042 --position 157");
  reset->add_option("NAME", arguments->name, "The task")->required();
  reset->add_option("--gtid-set", arguments->gtid_set,
                    "Executed GTIDs, as @@gtid_executed prints them");
  CLI::Option* const file = reset->add_option("--file", arguments->file,
                                              "A binlog file; with --position");
  CLI::Option* const position =
      reset
          ->add_option("--position", arguments->position,
                       "The byte in it where a transaction starts")
          ->needs(file);
  file->needs(position);
  reset->add_option("--time", arguments->time,
                    "The first transaction at or after this time");
  reset->add_flag("--to-now", arguments->to_now,
                  "The source's end when the task starts again");
  reset->callback([=] {
    const int ways = (arguments->gtid_set.empty() ? 0 : 1) +
                     (arguments->file.empty() ? 0 : 1) +
                     (arguments->time.empty() ? 0 : 1) +
                     (arguments->to_now ? 1 : 0);
    if (ways != 1) {
      throw CLI::ValidationError(
          "reset",
          "give one of --gtid-set, --file with --position, --time, --to-now");
    }
    *action = [=] { return Reset(*arguments, session); };
  });
}

}  // namespace binferry::cli
