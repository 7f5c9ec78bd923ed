#include "worker/precheck/source_facts.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

std::string Text(const TextRow& row, size_t column) {
  return column < row.size() ? row[column].value_or("") : "";
}

// The rows of the first statement that the server knows and the user may run;
// nothing if there is none: a refusal is a fact, not an error.
absl::StatusOr<std::optional<std::vector<TextRow>>> QueryIfAllowed(
    Connection* connection,
    std::initializer_list<absl::string_view> statements) {
  for (const absl::string_view statement : statements) {
    absl::StatusOr<std::vector<TextRow>> rows = connection->Query(statement);
    if (rows.ok()) return std::optional(*std::move(rows));
    if (absl::IsUnavailable(rows.status()) || absl::IsCancelled(rows.status()))
      return rows.status();
  }
  return std::nullopt;
}

absl::Status ReadOthers(Connection* connection, SourceServerFacts& facts) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> rows,
      connection->Query(
          "SHOW GLOBAL VARIABLES WHERE Variable_name IN "
          "('binlog_encryption', 'binlog_expire_logs_auto_purge', "
          "'binlog_space_limit', 'innodb_native_foreign_keys', "
          "'log_replica_updates', 'log_slave_updates', "
          "'lower_case_table_names', 'max_allowed_packet', 'read_only', "
          "'super_read_only', 'sync_binlog')"));
  for (const TextRow& row : rows)
    facts.others.emplace(absl::AsciiStrToLower(Text(row, 0)), Text(row, 1));
  return absl::OkStatus();
}

absl::Status ReadBinlogFilters(Connection* connection,
                               SourceServerFacts& facts) {
  BINFERRY_ASSIGN_OR_RETURN(
      const auto rows, QueryIfAllowed(connection, {"SHOW BINARY LOG STATUS",
                                                   "SHOW MASTER STATUS"}));
  if (!rows.has_value() || rows->empty()) return absl::OkStatus();
  constexpr size_t kDoDb = 2;
  constexpr size_t kIgnoreDb = 3;
  facts.binlog_do_db = Text(rows->front(), kDoDb);
  facts.binlog_ignore_db = Text(rows->front(), kIgnoreDb);
  return absl::OkStatus();
}

absl::Status ReadReplication(Connection* connection, SourceServerFacts& facts) {
  BINFERRY_ASSIGN_OR_RETURN(
      const auto own,
      QueryIfAllowed(connection, {"SHOW REPLICA STATUS", "SHOW SLAVE STATUS"}));
  facts.is_replica = own.has_value() && !own->empty();
  BINFERRY_ASSIGN_OR_RETURN(
      const auto registered,
      QueryIfAllowed(connection, {"SHOW REPLICAS", "SHOW SLAVE HOSTS"}));
  if (!registered.has_value()) return absl::OkStatus();
  constexpr size_t kUuid = 4;
  facts.replicas.emplace();
  for (const TextRow& row : *registered) {
    RegisteredReplica& replica = facts.replicas->emplace_back();
    if (!absl::SimpleAtoi(Text(row, 0), &replica.server_id))
      replica.server_id = 0;
    replica.uuid = Text(row, kUuid);
  }
  return absl::OkStatus();
}

absl::Status ReadWhatMayBeHidden(Connection* connection,
                                 SourceServerFacts& facts) {
  BINFERRY_ASSIGN_OR_RETURN(const auto prepared,
                            QueryIfAllowed(connection, {"XA RECOVER"}));
  if (prepared.has_value()) facts.prepared_xa = prepared->size();
  BINFERRY_ASSIGN_OR_RETURN(
      const auto sessions,
      QueryIfAllowed(
          connection,
          {"SELECT COUNT(DISTINCT v.THREAD_ID) FROM "
           "performance_schema.variables_by_thread v JOIN "
           "performance_schema.threads t USING (THREAD_ID) WHERE "
           "t.PROCESSLIST_ID <> CONNECTION_ID() AND ((v.VARIABLE_NAME = "
           "'binlog_format' AND v.VARIABLE_VALUE <> 'ROW') OR "
           "(v.VARIABLE_NAME = 'binlog_row_image' AND v.VARIABLE_VALUE <> "
           "'FULL'))"}));
  uint64_t count = 0;
  if (sessions.has_value() && !sessions->empty() &&
      absl::SimpleAtoi(Text(sessions->front(), 0), &count))
    facts.deviating_sessions = count;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SourceServerFacts> ReadSourceServerFacts(
    Connection* connection) {
  SourceServerFacts facts;
  facts.where = connection->where();
  facts.is_encrypted = connection->is_encrypted();
  BINFERRY_ASSIGN_OR_RETURN(facts.variables, ReadSourceVariables(connection));
  BINFERRY_ASSIGN_OR_RETURN(facts.privileges, ReadSourcePrivileges(connection));
  BINFERRY_RETURN_IF_ERROR(ReadOthers(connection, facts));
  BINFERRY_RETURN_IF_ERROR(ReadBinlogFilters(connection, facts));
  BINFERRY_RETURN_IF_ERROR(ReadReplication(connection, facts));
  BINFERRY_RETURN_IF_ERROR(ReadWhatMayBeHidden(connection, facts));
  return facts;
}

}  // namespace binferry::worker
