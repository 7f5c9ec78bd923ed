// Lists of what a source has, for people who choose what a task carries.
#ifndef BINFERRY_WORKER_MYSQL_SOURCE_OBJECTS_H_
#define BINFERRY_WORKER_MYSQL_SOURCE_OBJECTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/mysql/connection.h"

namespace binferry::worker {

// A part of a list.
struct ListPage {
  // Only names that contain this, in whatever letter case.
  std::string name_contains;
  size_t size = 100;
  // Of the page before; "" for the first one.
  std::string token;
};

struct SourceDatabase {
  std::string name;
  std::string not_selectable_reason;  // "" = it can be selected.
  std::string default_charset;
  uint32_t tables = 0;  // Base tables that the user may see.
};

struct SourceTable {
  std::string name;
  std::string engine;  // As the server names it; "" for views.
  uint64_t rows_estimate = 0;
  // Of the primary key, else of the first UNIQUE key of NOT NULL columns.
  std::vector<std::string> primary_key;
  std::string not_selectable_reason;
};

struct SourceColumn {
  std::string name;
  std::string type;  // As the server prints it: "int unsigned".
  bool nullable = false;
  uint32_t key_ordinal = 0;  // From 1 in the table's key; 0 = not in it.
  std::string charset;       // "" where there is none.
  bool generated = false;
  bool invisible = false;
};

template <typename Item>
struct ObjectList {
  std::vector<Item> items;  // By name.
  std::string next_token;   // "" on the last page.
};

// What the session's user may see. A page costs the same however many there are
// before it. INVALID_ARGUMENT for a token that is none; errors of Query.
absl::StatusOr<ObjectList<SourceDatabase>> ListSourceDatabases(
    Connection* connection, const ListPage& page);

// Base tables and views of `database`. FAILED_PRECONDITION, with a remedy, if
// it doesn't exist or the user may not see it.
absl::StatusOr<ObjectList<SourceTable>> ListSourceTables(
    Connection* connection, const std::string& database, const ListPage& page);

// In the table's order. FAILED_PRECONDITION as ListSourceTables.
absl::StatusOr<std::vector<SourceColumn>> ListSourceColumns(
    Connection* connection, const std::string& database,
    const std::string& table);

// The account that the session is logged in as, as GRANT takes it:
// `'ferry'@'%'`.
absl::StatusOr<std::string> ReadAccount(Connection* connection);

// `name` as SQL takes it, back quotes included.
std::string QuoteName(absl::string_view name);

// Whether `database` is one of the server's own, which no task can carry.
bool IsSystemSchema(absl::string_view database);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_SOURCE_OBJECTS_H_
