// worker list, worker get.
#include <memory>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands/command.h"
#include "cli/task_table.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

absl::Status List(Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* workers, session->workers());
  v1::ListWorkersRequest request;
  request.set_page_size(1000);
  v1::ListWorkersResponse all;
  do {
    BINFERRY_ASSIGN_OR_RETURN(
        v1::ListWorkersResponse page,
        session->Call<v1::ListWorkersResponse>([&](auto* rpc, auto* response) {
          return workers->ListWorkers(rpc, request, response);
        }));
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all.MergeFrom(page);
  } while (!request.page_token().empty());
  Print(all,
        WorkerTable({all.workers().begin(), all.workers().end()}, absl::Now()),
        *session);
  return absl::OkStatus();
}

absl::Status Get(const std::string& name, Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* workers, session->workers());
  v1::GetWorkerRequest request;
  request.set_name(
      absl::StrContains(name, "/") ? name : absl::StrCat("workers/", name));
  BINFERRY_ASSIGN_OR_RETURN(
      const v1::Worker worker,
      session->Call<v1::Worker>([&](auto* rpc, auto* response) {
        return workers->GetWorker(rpc, request, response);
      }));
  Print(worker, WorkerTable({worker}, absl::Now()), *session);
  if (session->options().output == OutputFormat::kTable) {
    for (const std::string& task : worker.tasks()) {
      session->out() << "  " << task << "\n";
    }
  }
  return absl::OkStatus();
}

}  // namespace

void AddWorkerCommands(CLI::App* parent, Session* session, Action* action) {
  auto name = std::make_shared<std::string>();
  parent->add_subcommand("list", "Show workers")->callback([=] {
    *action = [=] { return ExitCodeOf(List(session), *session); };
  });
  CLI::App* const get =
      parent->add_subcommand("get", "Show one worker and its tasks");
  get->add_option("NAME", *name, "The worker")->required();
  get->callback([=] {
    *action = [=] { return ExitCodeOf(Get(*name, session), *session); };
  });
}

}  // namespace binferry::cli
