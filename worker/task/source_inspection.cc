#include "worker/task/source_inspection.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/clean_text.h"
#include "common/status_macros.h"
#include "worker/agent/probe_runner.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/source_catalog.h"
#include "worker/mysql/source_objects.h"
#include "worker/precheck/source_precheck.h"
#include "worker/precheck/source_trial.h"
#include "worker/task/inspection_proto.h"

namespace binferry::worker {
namespace {

constexpr absl::Duration kMaxConnectTimeout = absl::Seconds(5);
constexpr absl::Duration kMaxReadTimeout = absl::Seconds(30);
constexpr size_t kDefaultPageSize = 100;
constexpr size_t kMaxPageSize = 1000;

ConnectionOptions OptionsWithin(const Inspection& inspection) {
  ConnectionOptions options = inspection.spec.source;
  options.connect_timeout = std::min(inspection.time_left, kMaxConnectTimeout);
  options.read_timeout = std::min(inspection.time_left, kMaxReadTimeout);
  return options;
}

// What `ask` answers over a connection of its own, which breaks at the stop.
template <typename Ask>
auto WithConnection(const Inspection& inspection, Ask ask)
    -> decltype(ask(std::declval<Connection*>())) {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                            Connection::Connect(OptionsWithin(inspection)));
  const std::stop_callback interrupt(
      inspection.stop, [&connection] { connection->Interrupt(); });
  return ask(connection.get());
}

template <typename Request>
ListPage PageOf(const Request& request) {
  const auto asked = static_cast<size_t>(std::max(0, request.page_size()));
  return {.name_contains = request.name_contains(),
          .size = asked == 0 ? kDefaultPageSize : std::min(asked, kMaxPageSize),
          .token = request.page_token()};
}

// What `list` gives of `page`, of as many items as fit into an answer.
template <typename List>
auto FittingPage(ListPage page, List list) -> decltype(list(page)) {
  while (true) {
    auto response = list(page);
    if (!response.ok() || page.size == 1 ||
        response->ByteSizeLong() <= ProbeRunner::kMaxResultBytes) {
      return response;
    }
    page.size /= 2;
  }
}

}  // namespace

v1::ConnectionTest TestSource(const Inspection& inspection) {
  return ToProto(v1::ENDPOINT_SOURCE,
                 TrySource({.connection = OptionsWithin(inspection),
                            .server_id = inspection.spec.dump.server_id,
                            .objects = inspection.spec.selection,
                            .time_left = inspection.time_left},
                           inspection.clock));
}

absl::StatusOr<v1::ListDatabasesResponse> ListDatabases(
    const Inspection& inspection, const v1::ListDatabasesRequest& request) {
  const auto list =
      [](Connection* connection,
         const ListPage& page) -> absl::StatusOr<v1::ListDatabasesResponse> {
    BINFERRY_ASSIGN_OR_RETURN(const ObjectList<SourceDatabase> found,
                              ListSourceDatabases(connection, page));
    v1::ListDatabasesResponse response;
    for (const SourceDatabase& database : found.items) {
      *response.add_databases() = ToProto(database);
    }
    response.set_next_page_token(found.next_token);
    return response;
  };
  return WithConnection(inspection, [&](Connection* connection) {
    return FittingPage(PageOf(request), [&](const ListPage& page) {
      return list(connection, page);
    });
  });
}

absl::StatusOr<v1::ListTablesResponse> ListTables(
    const Inspection& inspection, const v1::ListTablesRequest& request) {
  const auto list = [&request](Connection* connection, const ListPage& page)
      -> absl::StatusOr<v1::ListTablesResponse> {
    BINFERRY_ASSIGN_OR_RETURN(
        const ObjectList<SourceTable> found,
        ListSourceTables(connection, request.database(), page));
    v1::ListTablesResponse response;
    for (const SourceTable& table : found.items) {
      *response.add_tables() = ToProto(table, request.database());
    }
    response.set_next_page_token(found.next_token);
    return response;
  };
  return WithConnection(inspection, [&](Connection* connection) {
    return FittingPage(PageOf(request), [&](const ListPage& page) {
      return list(connection, page);
    });
  });
}

absl::StatusOr<v1::ListColumnsResponse> ListColumns(
    const Inspection& inspection, const v1::ListColumnsRequest& request) {
  return WithConnection(
      inspection,
      [&request](
          Connection* connection) -> absl::StatusOr<v1::ListColumnsResponse> {
        BINFERRY_ASSIGN_OR_RETURN(
            const std::vector<SourceColumn> columns,
            ListSourceColumns(connection, request.database(), request.table()));
        v1::ListColumnsResponse response;
        for (const SourceColumn& column : columns) {
          *response.add_columns() = ToProto(column);
        }
        return response;
      });
}

absl::StatusOr<v1::SourcePosition> GetSourcePosition(
    const Inspection& inspection) {
  return WithConnection(
      inspection,
      [](Connection* connection) -> absl::StatusOr<v1::SourcePosition> {
        BINFERRY_ASSIGN_OR_RETURN(const SourceVariables variables,
                                  ReadSourceVariables(connection));
        BINFERRY_ASSIGN_OR_RETURN(const SourcePosition position,
                                  ReadSourcePosition(connection));
        BINFERRY_ASSIGN_OR_RETURN(const std::vector<BinlogFile> files,
                                  ListBinlogFiles(connection));
        v1::SourcePosition result;
        v1::BinlogCoordinates* place =
            result.mutable_position()->mutable_coordinates();
        place->set_file(CleanText(position.coordinates.file));
        place->set_position(position.coordinates.position);
        result.mutable_position()->set_gtid_set(
            position.gtid_executed.ToString());
        if (!files.empty()) result.set_oldest_file(CleanText(files[0].name));
        result.set_purged_gtid_set(variables.gtid_purged.ToString());
        result.set_server_version(CleanText(variables.version));
        result.set_server_uuid(CleanText(variables.server_uuid));
        return result;
      });
}

std::vector<PrecheckItem> CheckSourceAndObjects(const Inspection& inspection) {
  const TaskSpec& spec = inspection.spec;
  std::optional<StartPosition> start;
  if (!spec.start_position_committed) start = spec.start;
  return PrecheckSource(
      {.source = {.connection = OptionsWithin(inspection), .dump = spec.dump},
       .start = start,
       .objects = {.selection = spec.selection,
                   .required = spec.required_objects},
       .max_record_bytes = spec.max_record_bytes,
       .records_go_by_key =
           spec.partition_policy == PartitionPolicy::kPrimaryKeyHash ||
           spec.partition_policy == PartitionPolicy::kColumnHash,
       .has_hash_salt = !spec.hash_salt.empty(),
       .time_left = inspection.time_left},
      inspection.clock, inspection.stop);
}

}  // namespace binferry::worker
