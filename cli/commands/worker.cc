// worker list, worker get.
#include <memory>
#include <ostream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands/command.h"
#include "cli/message_text.h"
#include "cli/task_table.h"
#include "common/exit_code.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

template <typename Message>
void Print(const Message& message, const std::vector<v1::Worker>& workers,
           const Session& session) {
  switch (session.options().output) {
    case OutputFormat::kJson:
      session.out() << ToJson(message);
      break;
    case OutputFormat::kYaml:
      session.out() << ToYaml(message);
      break;
    case OutputFormat::kTable:
      session.out() << WorkerTable(workers, absl::Now());
      break;
  }
}

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
  Print(all, {all.workers().begin(), all.workers().end()}, *session);
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
  Print(worker, {worker}, *session);
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
    *action = [=] {
      const absl::Status status = List(session);
      return status.ok() ? kExitOk : session->Fail(status);
    };
  });
  CLI::App* const get =
      parent->add_subcommand("get", "Show one worker and its tasks");
  get->add_option("NAME", *name, "The worker")->required();
  get->callback([=] {
    *action = [=] {
      const absl::Status status = Get(*name, session);
      return status.ok() ? kExitOk : session->Fail(status);
    };
  });
}

}  // namespace binferry::cli
