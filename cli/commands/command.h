// How commands are declared.
#ifndef BINFERRY_CLI_COMMANDS_COMMAND_H_
#define BINFERRY_CLI_COMMANDS_COMMAND_H_

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
                               Action* action);  // create, update
void AddTaskReadCommands(CLI::App* parent, Session* session,
                         Action* action);  // get, list, describe
void AddTaskWatchCommands(CLI::App* parent, Session* session,
                          Action* action);  // watch, wait
void AddTaskVerbCommands(CLI::App* parent, Session* session,
                         Action* action);  // start ... delete
void AddWorkerCommands(CLI::App* parent, Session* session, Action* action);
void AddCompletionCommand(CLI::App* root, Session* session, Action* action);

// Prints one task as `session->options().output` says, a table by default.
void PrintTask(const v1::Task& task, const Session& session);

// The state whose name, with or without its prefix and in any case, is `word`;
// INVALID_ARGUMENT naming all else.
absl::StatusOr<v1::TaskState> ParseState(const std::string& word);

// All commands, with the program's own options, over `session`. Returns the
// exit code.
int RunCommandLine(int argc, const char* const* argv, Session* session);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_COMMANDS_COMMAND_H_
