// databases, tables, columns, topics, position: what a task's worker sees.
#include <memory>
#include <string>

#include "cli/commands/command.h"
#include "cli/inspection_text.h"
#include "common/status_macros.h"

namespace binferry::cli {
namespace {

using Stub = v1::InspectionService::StubInterface;

struct ListingArguments {
  std::string name;
  std::string database;
  std::string table;
  std::string contains;
};

// Every page of a list, in one answer.
template <typename Response, typename Request>
absl::StatusOr<Response> AllPages(
    Request request,
    grpc::Status (Stub::*list)(grpc::ClientContext*, const Request&, Response*),
    Session* session) {
  BINFERRY_ASSIGN_OR_RETURN(Stub* const stub, session->inspections());
  request.set_page_size(1000);
  Response all;
  do {
    BINFERRY_ASSIGN_OR_RETURN(
        Response page,
        session->CallWorker<Response>([&](auto* rpc, auto* response) {
          return (stub->*list)(rpc, request, response);
        }));
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all.MergeFrom(page);
  } while (!request.page_token().empty());
  return all;
}

absl::Status ListDatabases(const ListingArguments& arguments,
                           Session* session) {
  v1::ListDatabasesRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  request.set_name_contains(arguments.contains);
  BINFERRY_ASSIGN_OR_RETURN(const v1::ListDatabasesResponse all,
                            AllPages(request, &Stub::ListDatabases, session));
  Print(all, DatabaseTable(all), *session);
  return absl::OkStatus();
}

absl::Status ListTables(const ListingArguments& arguments, Session* session) {
  v1::ListTablesRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  request.set_database(arguments.database);
  request.set_name_contains(arguments.contains);
  BINFERRY_ASSIGN_OR_RETURN(const v1::ListTablesResponse all,
                            AllPages(request, &Stub::ListTables, session));
  Print(all, SourceTableTable(all), *session);
  return absl::OkStatus();
}

absl::Status ListColumns(const ListingArguments& arguments, Session* session) {
  v1::ListColumnsRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  request.set_database(arguments.database);
  request.set_table(arguments.table);
  BINFERRY_ASSIGN_OR_RETURN(Stub* const stub, session->inspections());
  BINFERRY_ASSIGN_OR_RETURN(const v1::ListColumnsResponse columns,
                            session->CallWorker<v1::ListColumnsResponse>(
                                [&](auto* rpc, auto* response) {
                                  return stub->ListColumns(rpc, request,
                                                           response);
                                }));
  Print(columns, ColumnTable(columns), *session);
  return absl::OkStatus();
}

absl::Status ListTopics(const ListingArguments& arguments, Session* session) {
  v1::ListTopicsRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  request.set_name_contains(arguments.contains);
  BINFERRY_ASSIGN_OR_RETURN(const v1::ListTopicsResponse all,
                            AllPages(request, &Stub::ListTopics, session));
  Print(all, TopicTable(all), *session);
  return absl::OkStatus();
}

absl::Status ShowPosition(const ListingArguments& arguments, Session* session) {
  v1::GetSourcePositionRequest request;
  request.set_name(session->TaskNameOf(arguments.name));
  BINFERRY_ASSIGN_OR_RETURN(Stub* const stub, session->inspections());
  BINFERRY_ASSIGN_OR_RETURN(
      const v1::SourcePosition position,
      session->CallWorker<v1::SourcePosition>([&](auto* rpc, auto* response) {
        return stub->GetSourcePosition(rpc, request, response);
      }));
  Print(position, PositionPage(position), *session);
  return absl::OkStatus();
}

}  // namespace

void AddTaskListingCommands(CLI::App* parent, Session* session,
                            Action* action) {
  auto arguments = std::make_shared<ListingArguments>();
  using Listing = absl::Status (*)(const ListingArguments&, Session*);
  const auto add = [=](const char* name, const char* description,
                       Listing listing) {
    CLI::App* const command = parent->add_subcommand(name, description);
    command->add_option("NAME", arguments->name, "The task")->required();
    command->callback([=] {
      *action = [=] {
        return ExitCodeOf(listing(*arguments, session), *session);
      };
    });
    return command;
  };
  const auto add_search = [=](CLI::App* command) {
    command->add_option("--contains", arguments->contains,
                        "Only names that contain this, in any letter case");
  };

  add_search(add("databases",
                 "Databases of the source, and why some can't be selected",
                 &ListDatabases));
  CLI::App* const tables =
      add("tables", "Tables of a database: engine, rows, key", &ListTables);
  tables->add_option("DATABASE", arguments->database, "The database")
      ->required();
  tables->footer("Example: binferry task tables orders shop --contains item");
  add_search(tables);
  CLI::App* const columns = add(
      "columns", "Columns of a table: type, key, character set", &ListColumns);
  columns->add_option("DATABASE", arguments->database, "The database")
      ->required();
  columns->add_option("TABLE", arguments->table, "The table")->required();
  columns->footer("Example: binferry task columns orders shop items");
  add_search(add("topics",
                 "Topics of the destination, and why some can't be "
                 "chosen",
                 &ListTopics));
  add("position",
      "Where the source is now, and how far back its binlogs go: what a start "
      "position may be",
      &ShowPosition)
      ->footer(
          "Start there: binferry task update NAME --set "
          "startPosition.gtidSet=SET\n"
          "or --set startPosition.coordinates.file=FILE --set "
          "startPosition.coordinates.position=N");
}

}  // namespace binferry::cli
