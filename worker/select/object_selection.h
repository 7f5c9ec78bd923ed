// Which databases and tables of the source a task carries, under which names
// and with which rules.
#ifndef BINFERRY_WORKER_SELECT_OBJECT_SELECTION_H_
#define BINFERRY_WORKER_SELECT_OBJECT_SELECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/name_pattern.h"
#include "worker/select/table_rules.h"

namespace binferry::worker {

struct TableObject {
  std::string name;
  std::string mapped_name;  // In the output; "" = the same.
  // In place of those of the database.
  std::optional<TableRules> rules;
};

struct TablePattern {
  std::string pattern;  // common/name_pattern.h, as all patterns here.
  std::optional<TableRules> rules;
};

struct DatabaseObject {
  std::string name;         // "": those that `name_pattern` matches.
  std::string mapped_name;  // In the output; "" = the same.
  // Every table, those created later too; `tables` then only say more about
  // some.
  bool all_tables = false;
  std::vector<TableObject> tables;
  std::string name_pattern;
  std::vector<TablePattern> table_patterns;
  // Tables that neither `all_tables` nor `table_patterns` select, nor any
  // object behind this one.
  std::vector<std::string> excluded_tables;
  // Of tables that have none of their own.
  std::optional<TableRules> rules;
};

// What the user selects. Names are those of the source and compare exactly,
// letter case included. Of the objects that match a table the first in this
// order decides: of the database with its name the `tables`, the
// `excluded_tables`, the `table_patterns` in their order and `all_tables`; then
// the same of each database by pattern, in their order.
struct ObjectSelection {
  std::vector<DatabaseObject> databases;
};

// A number that is the same for two selections of the same databases, tables
// and patterns, in whatever order (but that of databases by pattern counts) and
// under whatever mapped names and rules, and differs for others but for one
// pair in 2^64. Never 0, and the same in every process and version: checkpoints
// keep it. Rules are not in it: rows are counted before rules leave some out.
uint64_t SelectionFingerprint(const ObjectSelection& selection);

// A selected table: its names in the output, and its rules.
struct SelectedTable {
  absl::string_view database;
  absl::string_view table;
  const TableRules* rules = nullptr;  // Null where there are none.

  friend bool operator==(const SelectedTable&, const SelectedTable&) = default;
};

// An ObjectSelection made ready for look-up. Immutable.
class TableSelector {
 public:
  // INVALID_ARGUMENT, naming the field as in `databases[1].tables[0].name`, if
  // nothing is selected, a name is empty or stands twice, a database selects no
  // table, has both or neither of name and pattern, or is a system schema
  // (mysql, information_schema, performance_schema, sys), which no task can
  // select; if a pattern or a row filter can't be read.
  static absl::StatusOr<TableSelector> Create(const ObjectSelection& selection);

  // What is said about a table, nothing if it isn't selected. Valid while this
  // object and the arguments live. No allocation but where RE2 makes some.
  std::optional<SelectedTable> Select(absl::string_view database,
                                      absl::string_view table) const;

  // Whether a table of `database` may be selected. In whatever letter case, as
  // statements name databases on sources with lower_case_table_names=2.
  bool SelectsDatabase(absl::string_view database) const;

  // Whether `statement` may name a table of a selected database with the
  // database's name before it, in whatever letter case. Sooner says yes than
  // misses one: where databases are selected by pattern, to every statement
  // with a dot.
  bool MayNameDatabase(absl::string_view statement) const;

 private:
  // Rules are owned by `rules_`.
  struct Table {
    std::string mapped_name;
    const TableRules* rules = nullptr;
    bool is_excluded = false;
  };
  struct Pattern {
    NamePattern pattern;
    const TableRules* rules = nullptr;
  };
  struct Database {
    std::string mapped_name;  // "": the source's.
    bool all_tables = false;
    absl::flat_hash_map<std::string, Table> tables;
    std::vector<Pattern> patterns;
    const TableRules* rules = nullptr;
  };
  struct DatabasePattern {
    NamePattern pattern;
    Database database;
  };
  // What a database says about a table.
  enum class Verdict : uint8_t { kNothing, kExcluded, kSelected };

  absl::StatusOr<Database> Prepare(const DatabaseObject& object,
                                   absl::string_view field);
  absl::Status PrepareTables(const DatabaseObject& object,
                             absl::string_view field, Database* to);
  absl::Status Add(const DatabaseObject& object, absl::string_view field);
  // Null for rules that say nothing.
  absl::StatusOr<const TableRules*> Keep(const std::optional<TableRules>& rules,
                                         absl::string_view field);
  static Verdict Judge(const Database& by, absl::string_view table,
                       SelectedTable* selected);

  absl::flat_hash_map<std::string, Database> databases_;
  std::vector<DatabasePattern> database_patterns_;
  std::vector<std::unique_ptr<const TableRules>> rules_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SELECT_OBJECT_SELECTION_H_
