// What a precheck needs to know of the tables that a task selects.
#ifndef BINFERRY_WORKER_PRECHECK_OBJECT_FACTS_H_
#define BINFERRY_WORKER_PRECHECK_OBJECT_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/source_catalog.h"
#include "worker/select/object_selection.h"
#include "worker/select/table_rules.h"

namespace binferry::worker {

// Database and table.
using TableName = std::pair<std::string, std::string>;

// "shop.orders", for people.
std::string NameText(const TableName& name);

// A selected table that exists.
struct TableFacts {
  TableName name;
  TableName mapped_name;
  std::string engine;
  bool is_encrypted = false;  // At rest: ENCRYPTION='Y'.
  bool may_select = true;     // Every column.
  bool has_key = false;       // A primary key, or a NOT NULL UNIQUE one.
  // Bytes of the largest row, as its column types allow it.
  uint64_t max_row_bytes = 0;
  uint32_t generated_columns = 0;
  uint32_t invisible_columns = 0;
};

// A column of a table that has rules.
struct ColumnFacts {
  std::string name;
  bool nullable = false;
  std::string collation;  // "" for columns without one.
};

// A selected table whose rules say something about columns.
struct RuledTableFacts {
  TableName name;
  TableRules rules;
  std::vector<ColumnFacts> columns;
  // Of each UNIQUE index, its columns.
  std::vector<std::vector<std::string>> unique_keys;
};

struct ForeignKeyFacts {
  std::string name;
  TableName child;
  TableName parent;
  bool child_selected = false;
  bool parent_selected = false;
  std::string update_rule;  // "CASCADE", "SET NULL", "NO ACTION" …
  std::string delete_rule;
};

struct ObjectFacts {
  std::string where;
  std::string account;
  // Selected by name and not there, or not seen.
  std::vector<RequiredObject> missing;
  // Patterns and whole databases, by the paths of their fields, that select
  // no table now.
  std::vector<std::string> selecting_nothing;
  std::vector<TableFacts> tables;
  std::vector<RuledTableFacts> ruled_tables;
  // Those that have a selected table at one end at least.
  std::vector<ForeignKeyFacts> foreign_keys;
  uint64_t triggers = 0;  // On selected tables.
  uint64_t events = 0;    // In databases of selected tables.

  // Of the server and the task.
  std::string server_version;
  std::string row_image;  // "" where the server has no such setting.
  std::string native_foreign_keys;
  std::string lower_case_table_names;
  int64_t max_record_bytes = 0;
  bool records_go_by_key = false;
  bool has_hash_salt = false;
};

struct ObjectQuestion {
  ObjectSelection selection;
  std::vector<RequiredObject> required;
};

// Everything up to `events`, in a number of statements that grows with the
// databases and with the tables only per 500 of them. Errors of Query;
// INVALID_ARGUMENT for a selection that is none.
absl::StatusOr<ObjectFacts> ReadObjectFacts(Connection* connection,
                                            const ObjectQuestion& question);

// Selected tables, as GRANT takes their names, of which the session's user may
// not read every column; at most `limit`. Those that it doesn't see at all are
// not among them.
absl::StatusOr<std::vector<std::string>> FindTablesWithoutSelect(
    Connection* connection, const ObjectSelection& selection, size_t limit);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_OBJECT_FACTS_H_
