// test, check, confirm: what comes before a start.
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/commands/command.h"
#include "cli/inspection_text.h"
#include "cli/message_text.h"
#include "cli/task_table.h"
#include "common/exit_code.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

// As the API allows.
constexpr int kMaxItemsAtOnce = 100;

struct CheckArguments {
  std::string name;
  std::vector<std::string> items;
  bool source = false;
  bool destination = false;
  bool show = false;
  bool all = false;
};

absl::StatusOr<v1::ConnectionTest> Test(const std::string& name,
                                        v1::Endpoint endpoint,
                                        Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* stub, session->inspections());
  v1::TestConnectionRequest request;
  request.set_name(session->TaskNameOf(name));
  request.set_endpoint(endpoint);
  return session->CallWorker<v1::ConnectionTest>(
      [&](auto* rpc, auto* response) {
        return stub->TestConnection(rpc, request, response);
      });
}

// The asked ends one after the other, both where none is named.
int TestEnds(const CheckArguments& arguments, Session* session) {
  const bool both = arguments.source == arguments.destination;
  std::vector<v1::Endpoint> endpoints;
  if (both || arguments.source) endpoints.push_back(v1::ENDPOINT_SOURCE);
  if (both || arguments.destination) {
    endpoints.push_back(v1::ENDPOINT_DESTINATION);
  }
  int exit_code = kExitOk;
  for (const v1::Endpoint endpoint : endpoints) {
    const absl::StatusOr<v1::ConnectionTest> test =
        Test(arguments.name, endpoint, session);
    if (!test.ok()) return session->Fail(test.status());
    if (session->options().output == OutputFormat::kYaml) {
      session->out() << "---\n";
    } else if (endpoint != endpoints.front()) {
      session->out() << "\n";
    }
    Print(*test, TestPage(*test, absl::Now()), *session);
    if (!test->passed()) exit_code = kExitNotPassed;
  }
  return exit_code;
}

absl::StatusOr<v1::Precheck> GetPrecheck(const std::string& name,
                                         Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* stub, session->inspections());
  v1::GetPrecheckRequest request;
  request.set_name(session->TaskNameOf(name));
  return session->Call<v1::Precheck>([&](auto* rpc, auto* response) {
    return stub->GetPrecheck(rpc, request, response);
  });
}

absl::StatusOr<v1::Precheck> RunPrecheck(const std::string& name,
                                         Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* stub, session->inspections());
  v1::RunPrecheckRequest request;
  request.set_name(session->TaskNameOf(name));
  return session->CallWorker<v1::Precheck>([&](auto* rpc, auto* response) {
    return stub->RunPrecheck(rpc, request, response);
  });
}

int Check(const CheckArguments& arguments, Session* session) {
  const absl::StatusOr<v1::Precheck> precheck =
      arguments.show ? GetPrecheck(arguments.name, session)
                     : RunPrecheck(arguments.name, session);
  if (!precheck.ok()) return session->Fail(precheck.status());
  Print(*precheck,
        PrecheckPage(*precheck, IdOf(session->TaskNameOf(arguments.name)),
                     absl::Now()),
        *session);
  return precheck->ready() ? kExitOk : kExitNotPassed;
}

// With `all` the items that the last result leaves to be confirmed; each is
// named before, so that nobody confirms what they have not been shown.
absl::StatusOr<std::vector<std::string>> ItemsToConfirm(
    const CheckArguments& arguments, Session* session) {
  if (!arguments.all) return arguments.items;
  BINFERRY_ASSIGN_OR_RETURN(const v1::Precheck precheck,
                            GetPrecheck(arguments.name, session));
  std::vector<std::string> ids;
  for (const v1::PrecheckItem& item : precheck.items()) {
    if (!IsToBeConfirmed(item)) continue;
    ids.push_back(item.id());
    session->err() << "confirming " << item.id() << ": " << item.cause()
                   << "\n";
  }
  return ids;
}

absl::StatusOr<v1::Precheck> ConfirmItems(const std::string& name,
                                          const std::vector<std::string>& ids,
                                          Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(auto* stub, session->inspections());
  v1::ConfirmPrecheckRequest request;
  request.set_name(session->TaskNameOf(name));
  absl::StatusOr<v1::Precheck> precheck = absl::InternalError("no item");
  for (size_t i = 0; i < ids.size(); ++i) {
    request.add_item_ids(ids[i]);
    if (request.item_ids_size() < kMaxItemsAtOnce && i + 1 < ids.size()) {
      continue;
    }
    precheck = session->Call<v1::Precheck>([&](auto* rpc, auto* response) {
      return stub->ConfirmPrecheck(rpc, request, response);
    });
    if (!precheck.ok()) return precheck;
    request.clear_item_ids();
  }
  return precheck;
}

int Confirm(const CheckArguments& arguments, Session* session) {
  const absl::StatusOr<std::vector<std::string>> ids =
      ItemsToConfirm(arguments, session);
  if (!ids.ok()) return session->Fail(ids.status());
  const absl::StatusOr<v1::Precheck> precheck =
      ids->empty() ? GetPrecheck(arguments.name, session)
                   : ConfirmItems(arguments.name, *ids, session);
  if (!precheck.ok()) return session->Fail(precheck.status());
  Print(*precheck,
        OpenItemsPage(*precheck, IdOf(session->TaskNameOf(arguments.name)),
                      absl::Now()),
        *session);
  return precheck->ready() ? kExitOk : kExitNotPassed;
}

void AddTest(CLI::App* parent, const std::shared_ptr<CheckArguments>& arguments,
             Session* session, Action* action) {
  CLI::App* const test = parent->add_subcommand(
      "test",
      "Connect to source and destination from the task's worker, step by step");
  test->footer(
      "Each step is shown with its time; of one that fails, cause and remedy. "
      "Exit code 5: a step failed.\n"
      "Example: binferry task test orders --source");
  test->add_option("NAME", arguments->name, "The task")->required();
  test->add_flag("--source", arguments->source, "Only the MySQL server");
  test->add_flag("--destination", arguments->destination,
                 "Only the Kafka cluster");
  test->callback(
      [=] { *action = [=] { return TestEnds(*arguments, session); }; });
}

}  // namespace

void AddTaskCheckCommands(CLI::App* parent, Session* session, Action* action) {
  auto arguments = std::make_shared<CheckArguments>();
  AddTest(parent, arguments, session, action);

  CLI::App* const check = parent->add_subcommand(
      "check", "Check everything that a start needs (the precheck)");
  check->footer(
      "PASSED: nothing to do. ALARM: to be confirmed with `task confirm`. "
      "FAILED: to be repaired.\nVOID: the task was changed since; check again. "
      "Exit code 5: the task can't start yet.\n"
      "Examples:\n"
      "  binferry task check orders\n"
      "  binferry task check orders --show -o json");
  check->add_option("NAME", arguments->name, "The task")->required();
  check->add_flag("--show", arguments->show,
                  "Show the last result; check nothing");
  check->callback(
      [=] { *action = [=] { return Check(*arguments, session); }; });

  CLI::App* const confirm = parent->add_subcommand(
      "confirm",
      "Accept ALARM items of the last check, so that the task can "
      "start");
  confirm->footer(
      "Examples:\n"
      "  binferry task confirm orders source_tls objects_no_primary_key\n"
      "  binferry task confirm orders --all");
  confirm->add_option("NAME", arguments->name, "The task")->required();
  confirm->add_option("ITEM", arguments->items, "Ids of the items");
  confirm->add_flag("--all", arguments->all,
                    "All that are to be confirmed; they are shown");
  confirm->callback([=] {
    if (arguments->all == !arguments->items.empty()) {
      throw CLI::ValidationError("confirm", "give the items' ids, or --all");
    }
    *action = [=] { return Confirm(*arguments, session); };
  });
}

}  // namespace binferry::cli
