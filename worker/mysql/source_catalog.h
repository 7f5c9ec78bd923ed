// What a MySQL source says about itself.
#ifndef BINFERRY_WORKER_MYSQL_SOURCE_CATALOG_H_
#define BINFERRY_WORKER_MYSQL_SOURCE_CATALOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/gtid_set.h"
#include "worker/mysql/connection.h"

namespace binferry::worker {

// Global variables. A text is empty, a number unset, where the server's version
// lacks the variable. Names of values are as the server prints them, upper
// case.
struct SourceVariables {
  std::string version;  // Of the handshake: "9.7.4".
  std::string server_uuid;
  uint32_t server_id = 0;
  bool log_bin = false;
  std::string binlog_format;
  std::string binlog_row_image;
  std::string binlog_row_metadata;
  std::string binlog_row_value_options;
  std::string binlog_transaction_compression;
  std::optional<uint64_t> binlog_expire_logs_seconds;  // 0 = never.
  std::string gtid_mode;
  GtidSet gtid_executed;
  GtidSet gtid_purged;

  bool is_mariadb() const;
  bool uses_gtid() const { return gtid_mode == "ON"; }
};

// UNIMPLEMENTED, by name, for a MariaDB server; else errors of Query.
absl::StatusOr<SourceVariables> ReadSourceVariables(Connection* connection);

// The server's clock.
absl::StatusOr<absl::Time> ReadSourceTime(Connection* connection);

// Where the source's binlog ends.
struct SourcePosition {
  Coordinates coordinates;
  // Every transaction in it was committed before `coordinates`; transactions
  // that commit during the reading may lie before `coordinates` and not be in
  // the set, never the other way round in what a resume by the set skips.
  GtidSet gtid_executed;
};

// PERMISSION_DENIED without REPLICATION CLIENT; FAILED_PRECONDITION where the
// binlog is off.
absl::StatusOr<SourcePosition> ReadSourcePosition(Connection* connection);

struct BinlogFile {
  std::string name;
  uint64_t bytes = 0;
};

// Oldest first. Errors as ReadSourcePosition.
absl::StatusOr<std::vector<BinlogFile>> ListBinlogFiles(Connection* connection);

// An object that a task needs on the source.
struct RequiredObject {
  std::string field;  // How the user's spec calls it, for messages.
  std::string database;
  std::string table;  // "" = the database itself.
};

// Those of `objects` that don't exist, or that the user may not see; names
// compare exactly.
absl::StatusOr<std::vector<RequiredObject>> FindMissingObjects(
    Connection* connection, const std::vector<RequiredObject>& objects);

// What the session's user may do, by trying.
struct SourcePrivileges {
  bool replication_slave = false;
  bool replication_client = false;
};

absl::StatusOr<SourcePrivileges> ReadSourcePrivileges(Connection* connection);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_SOURCE_CATALOG_H_
