// How commands are declared.
#ifndef BINFERRY_CLI_COMMANDS_COMMAND_H_
#define BINFERRY_CLI_COMMANDS_COMMAND_H_

#include <google/protobuf/message.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "binferry/v1/task.pb.h"
#include "cli/session.h"

namespace binferry::cli {

// What the command line asked for; run after all of it is read. Returns the
// exit code.
using Action = std::function<int()>;

// Each adds subcommands to `parent`; one that is chosen sets `*action`. The
// arguments must outlive the action.
void AddTaskDefinitionCommands(CLI::App* parent, Session* session,
                               Action* action);  // create, clone, update
void AddTaskReadCommands(CLI::App* parent, Session* session,
                         Action* action);  // get, list, describe
void AddTaskListingCommands(CLI::App* parent, Session* session,
                            Action* action);  // databases ... position
void AddTaskCheckCommands(CLI::App* parent, Session* session,
                          Action* action);  // test, check, confirm
void AddTaskHistoryCommands(CLI::App* parent, Session* session,
                            Action* action);  // events, logs
void AddTaskWatchCommands(CLI::App* parent, Session* session,
                          Action* action);  // watch, wait
void AddTaskVerbCommands(CLI::App* parent, Session* session,
                         Action* action);  // start ... delete
void AddTaskResetCommand(CLI::App* parent, Session* session, Action* action);
void AddWorkerCommands(CLI::App* parent, Session* session, Action* action);
void AddCompletionCommand(CLI::App* root, Session* session, Action* action);

// Prints `message` as `session.options().output` says; `table` is it for
// people.
void Print(const google::protobuf::Message& message, absl::string_view table,
           const Session& session);

// Prints one task, as a line of a table by default.
void PrintTask(const v1::Task& task, const Session& session);

// kExitOk, or says the error and returns its exit code.
int ExitCodeOf(const absl::Status& status, const Session& session);

// The state whose name, with or without its prefix and in any case, is `word`;
// INVALID_ARGUMENT naming all else.
absl::StatusOr<v1::TaskState> ParseState(const std::string& word);

// Watches until the task `name` is in `wanted` (kExitOk), is in another state
// that it doesn't leave by itself or is gone (kExitWaitFailed), or `timeout` is
// over (kExitUnreachable); says why on err().
int WaitForState(const std::string& name, v1::TaskState wanted,
                 absl::Duration timeout, Session* session);

// All commands, with the program's own options, over `session`. Returns the
// exit code.
int RunCommandLine(int argc, const char* const* argv, Session* session);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_COMMANDS_COMMAND_H_
