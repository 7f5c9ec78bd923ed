// The program's own options, and all commands.
#include <map>
#include <ostream>

#include "cli/commands/command.h"
#include "common/exit_code.h"
#include "common/version.h"

namespace binferry::cli {
namespace {

void AddGlobalOptions(CLI::App* app, SessionOptions* options) {
  app->add_option("--server", options->server,
                  "The controller's API address, host:port")
      ->envname("BINFERRY_SERVER")
      ->capture_default_str();
  app->add_option("--project", options->project, "Where tasks are looked for")
      ->envname("BINFERRY_PROJECT")
      ->capture_default_str();
  app->add_option("--tls-ca", options->tls.authorities,
                  "PEM file: who signs the server's certificate")
      ->envname("BINFERRY_TLS_CA");
  app->add_option("--tls-cert", options->tls.certificate,
                  "PEM file: our certificate")
      ->envname("BINFERRY_TLS_CERT");
  app->add_option("--tls-key", options->tls.key, "PEM file: its key")
      ->envname("BINFERRY_TLS_KEY");
  app->add_flag("--insecure-dev", options->insecure_dev,
                "Without TLS, for a controller that runs with it too")
      ->envname("BINFERRY_INSECURE_DEV");
  app->add_option_function<double>(
         "--timeout",
         [options](double seconds) {
           options->timeout_seconds = seconds;
           options->worker_timeout_seconds = seconds;
         },
         "Seconds to wait for an answer; default: 10, of a worker's 120")
      ->check(CLI::Range(0.1, 3600.0));
  const std::map<std::string, OutputFormat> formats = {
      {"table", OutputFormat::kTable},
      {"json", OutputFormat::kJson},
      {"yaml", OutputFormat::kYaml}};
  app->add_option("-o,--output", options->output, "table, json or yaml")
      ->transform(CLI::CheckedTransformer(formats).description(""));
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv, Session* session) {
  CLI::App app("Create, watch and steer synchronization tasks.", "binferry");
  app.set_version_flag("--version", kVersion);
  app.footer(
      "A task's way: create, test, check, confirm, start. Every command has "
      "its "
      "own --help.\n"
      "Exit codes: 0 done; 1 the server refused; 2 wrong usage or a broken "
      "file;\n3 no server or no answer in time; 4 `wait` saw another final "
      "state;\n5 `test` failed, or `check` found what stands in the way of a "
      "start.");
  app.require_subcommand(1);
  // So that `-o json` and the rest may stand behind the command too.
  app.fallthrough();
  AddGlobalOptions(&app, &session->options());

  Action action;
  CLI::App* const task = app.add_subcommand("task", "Synchronization tasks");
  task->require_subcommand(1)->fallthrough();
  AddTaskDefinitionCommands(task, session, &action);
  AddTaskCheckCommands(task, session, &action);
  AddTaskListingCommands(task, session, &action);
  AddTaskVerbCommands(task, session, &action);
  AddTaskResetCommand(task, session, &action);
  AddTaskReadCommands(task, session, &action);
  AddTaskWatchCommands(task, session, &action);
  AddTaskHistoryCommands(task, session, &action);
  CLI::App* const worker = app.add_subcommand("worker", "Workers");
  worker->require_subcommand(1)->fallthrough();
  AddWorkerCommands(worker, session, &action);
  AddCompletionCommand(&app, session, &action);
  app.add_subcommand("version", "Print the version")->callback([&] {
    action = [session] {
      session->out() << "binferry " << kVersion << "\n";
      return kExitOk;
    };
  });
  for (CLI::App* group : {task, worker}) {
    for (CLI::App* command :
         group->get_subcommands([](CLI::App*) { return true; })) {
      command->fallthrough();
    }
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e, session->out(), session->err()) == 0 ? kExitOk
                                                            : kExitUsage;
  }
  return action();
}

}  // namespace binferry::cli
