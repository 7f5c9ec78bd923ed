#include "worker/mysql/source_catalog.h"

#include <initializer_list>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

// Runs the first of `statements` that the server knows: names changed over the
// versions, and vendors don't follow the numbers.
absl::StatusOr<std::vector<TextRow>> QueryFirstKnown(
    Connection* connection,
    std::initializer_list<absl::string_view> statements) {
  absl::Status unknown = absl::InternalError("no statement");
  for (const absl::string_view statement : statements) {
    absl::StatusOr<std::vector<TextRow>> rows = connection->Query(statement);
    if (!absl::IsUnimplemented(rows.status())) return rows;
    unknown = rows.status();
  }
  return unknown;
}

std::string Text(const TextRow& row, size_t column) {
  return column < row.size() ? row[column].value_or("") : "";
}

absl::Status Unreadable(const Connection& connection, absl::string_view what,
                        absl::string_view value) {
  return absl::FailedPreconditionError(
      absl::StrCat(connection.where(), " answers '", value, "' for ", what,
                   ", which is not what MySQL answers"));
}

// SHOW VARIABLES answers for what exists and leaves out the rest, where
// @@global would fail. It cuts long values, so GTID sets are not read by it.
absl::StatusOr<std::map<std::string, std::string>> ReadShortVariables(
    Connection* connection) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> rows,
      connection->Query(
          "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', "
          "'server_id', 'log_bin', 'binlog_format', 'binlog_row_image', "
          "'binlog_row_metadata', 'binlog_row_value_options', "
          "'binlog_transaction_compression', 'binlog_expire_logs_seconds', "
          "'expire_logs_days', 'gtid_mode')"));
  std::map<std::string, std::string> variables;
  for (const TextRow& row : rows)
    variables.emplace(absl::AsciiStrToLower(Text(row, 0)), Text(row, 1));
  return variables;
}

// The server goes by the days only where the seconds are 0 or not known to it.
std::optional<uint64_t> RetentionSeconds(const std::string& seconds,
                                         const std::string& days) {
  constexpr uint64_t kSecondsPerDay = 24 * 60 * 60;
  uint64_t from_seconds = 0;
  uint64_t from_days = 0;
  const bool knows_seconds = absl::SimpleAtoi(seconds, &from_seconds);
  const bool knows_days = absl::SimpleAtoi(days, &from_days);
  if (!knows_seconds && !knows_days) return std::nullopt;
  return from_seconds != 0 ? from_seconds : from_days * kSecondsPerDay;
}

absl::Status ReadGtidSets(Connection* connection, SourceVariables& out) {
  absl::StatusOr<std::vector<TextRow>> rows =
      connection->Query("SELECT @@global.gtid_executed, @@global.gtid_purged");
  if (absl::IsUnimplemented(rows.status())) return absl::OkStatus();
  BINFERRY_RETURN_IF_ERROR(rows.status());
  if (rows->size() != 1) return Unreadable(*connection, "gtid_executed", "");
  BINFERRY_ASSIGN_OR_RETURN(out.gtid_executed,
                            GtidSet::Parse(Text(rows->front(), 0)));
  BINFERRY_ASSIGN_OR_RETURN(out.gtid_purged,
                            GtidSet::Parse(Text(rows->front(), 1)));
  return absl::OkStatus();
}

// Database and table names of the server, as far as the session's user sees
// them.
absl::StatusOr<std::set<std::pair<std::string, std::string>>> ReadNames(
    Connection* connection, const std::vector<RequiredObject>& objects) {
  std::set<std::pair<std::string, std::string>> names;
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> databases,
      connection->Query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA"));
  for (const TextRow& row : databases) names.emplace(Text(row, 0), "");
  std::set<std::string> wanted;
  for (const RequiredObject& object : objects) {
    if (!object.table.empty()) wanted.insert(object.database);
  }
  // One statement per database: the server then opens only that directory.
  for (const std::string& database : wanted) {
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<TextRow> tables,
        connection->Query(absl::StrCat(
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE "
            "TABLE_TYPE='BASE TABLE' AND TABLE_SCHEMA=",
            connection->Quote(database))));
    for (const TextRow& row : tables) names.emplace(database, Text(row, 0));
  }
  return names;
}

// Whether the first known of `statements` runs; a missing privilege is no
// error.
absl::StatusOr<bool> MayRun(
    Connection* connection,
    std::initializer_list<absl::string_view> statements) {
  const absl::Status status = QueryFirstKnown(connection, statements).status();
  if (absl::IsPermissionDenied(status)) return false;
  // The binlog is off (error 1381): refused for another reason than privilege.
  if (status.ok() || absl::IsFailedPrecondition(status)) return true;
  return status;
}

}  // namespace

bool SourceVariables::is_mariadb() const {
  return absl::StrContains(version, "MariaDB");
}

absl::StatusOr<SourceVariables> ReadSourceVariables(Connection* connection) {
  SourceVariables out;
  out.version = connection->server_version();
  if (out.is_mariadb())
    return absl::UnimplementedError(
        absl::StrCat(connection->where(), " is a MariaDB server (", out.version,
                     "): this release reads MySQL's binlog only"));
  BINFERRY_ASSIGN_OR_RETURN(auto variables, ReadShortVariables(connection));
  const auto upper = [&](const char* name) {
    return absl::AsciiStrToUpper(variables[name]);
  };
  out.server_uuid = variables["server_uuid"];
  if (!absl::SimpleAtoi(variables["server_id"], &out.server_id))
    return Unreadable(*connection, "server_id", variables["server_id"]);
  out.log_bin = upper("log_bin") == "ON";
  out.binlog_format = upper("binlog_format");
  out.binlog_row_image = upper("binlog_row_image");
  out.binlog_row_metadata = upper("binlog_row_metadata");
  out.binlog_row_value_options = upper("binlog_row_value_options");
  out.binlog_transaction_compression = upper("binlog_transaction_compression");
  out.gtid_mode = upper("gtid_mode");
  out.binlog_expire_logs_seconds = RetentionSeconds(
      variables["binlog_expire_logs_seconds"], variables["expire_logs_days"]);
  BINFERRY_RETURN_IF_ERROR(ReadGtidSets(connection, out));
  return out;
}

absl::StatusOr<absl::Time> ReadSourceTime(Connection* connection) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> rows,
      connection->Query(
          "SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)"));
  int64_t micros = 0;
  if (rows.empty() || !absl::SimpleAtoi(Text(rows.front(), 0), &micros))
    return Unreadable(*connection, "NOW(6)", "");
  return absl::FromUnixMicros(micros);
}

absl::StatusOr<SourcePosition> ReadSourcePosition(Connection* connection) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> rows,
      QueryFirstKnown(connection,
                      {"SHOW BINARY LOG STATUS", "SHOW MASTER STATUS"}));
  if (rows.empty())
    return absl::FailedPreconditionError(
        absl::StrCat("the binlog of ", connection->where(),
                     " is off: start the server with log_bin"));
  SourcePosition out;
  const TextRow& row = rows.front();
  out.coordinates.file = Text(row, 0);
  if (!absl::SimpleAtoi(Text(row, 1), &out.coordinates.position))
    return Unreadable(*connection, "the binlog position", Text(row, 1));
  constexpr size_t kExecutedGtidSet = 4;
  BINFERRY_ASSIGN_OR_RETURN(out.gtid_executed,
                            GtidSet::Parse(Text(row, kExecutedGtidSet)));
  return out;
}

absl::StatusOr<std::vector<BinlogFile>> ListBinlogFiles(
    Connection* connection) {
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<TextRow> rows,
                            connection->Query("SHOW BINARY LOGS"));
  std::vector<BinlogFile> files;
  files.reserve(rows.size());
  for (const TextRow& row : rows) {
    BinlogFile& file = files.emplace_back();
    file.name = Text(row, 0);
    if (!absl::SimpleAtoi(Text(row, 1), &file.bytes))
      return Unreadable(*connection, "a binlog file's size", Text(row, 1));
  }
  return files;
}

absl::StatusOr<std::vector<RequiredObject>> FindMissingObjects(
    Connection* connection, const std::vector<RequiredObject>& objects) {
  std::vector<RequiredObject> missing;
  if (objects.empty()) return missing;
  BINFERRY_ASSIGN_OR_RETURN(const auto names, ReadNames(connection, objects));
  for (const RequiredObject& object : objects) {
    if (names.count({object.database, object.table}) == 0)
      missing.push_back(object);
  }
  return missing;
}

absl::StatusOr<SourcePrivileges> ReadSourcePrivileges(Connection* connection) {
  // What was granted through roles shows in no list of grants; each of these
  // statements needs exactly one of the two.
  SourcePrivileges privileges;
  BINFERRY_ASSIGN_OR_RETURN(
      privileges.replication_slave,
      MayRun(connection, {"SHOW REPLICAS", "SHOW SLAVE HOSTS"}));
  BINFERRY_ASSIGN_OR_RETURN(
      privileges.replication_client,
      MayRun(connection, {"SHOW BINARY LOG STATUS", "SHOW MASTER STATUS"}));
  return privileges;
}

}  // namespace binferry::worker
