// Which databases and tables of the source a task carries, under which names.
#ifndef BINFERRY_WORKER_SELECT_OBJECT_SELECTION_H_
#define BINFERRY_WORKER_SELECT_OBJECT_SELECTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

struct TableRule {
  std::string name;
  std::string mapped_name;  // In the output; "" = the same.
};

struct DatabaseRule {
  std::string name;
  std::string mapped_name;  // In the output; "" = the same.
  // Every table, those created later too; `tables` then only map names.
  bool all_tables = false;
  std::vector<TableRule> tables;
};

// What the user selects. Names are those of the source and compare exactly,
// letter case included.
struct ObjectSelection {
  std::vector<DatabaseRule> databases;
};

// A number that is the same for two selections of the same databases and
// tables, in whatever order and under whatever mapped names, and differs for
// others but for one pair in 2^64. Never 0, and the same in every process and
// version: checkpoints keep it.
uint64_t SelectionFingerprint(const ObjectSelection& selection);

// The names of a selected table in the output.
struct SelectedTable {
  absl::string_view database;
  absl::string_view table;

  friend bool operator==(const SelectedTable&, const SelectedTable&) = default;
};

// An ObjectSelection made ready for look-up. Immutable.
class TableSelector {
 public:
  // INVALID_ARGUMENT, naming the field as in `databases[1].tables[0].name`, if
  // nothing is selected, a name is empty or stands twice, a database selects no
  // table, or is a system schema (mysql, information_schema,
  // performance_schema, sys), which no task can select.
  static absl::StatusOr<TableSelector> Create(const ObjectSelection& selection);

  // The mapped names of a table, nothing if it isn't selected. Valid while this
  // object and the arguments live. No allocation.
  std::optional<SelectedTable> Select(absl::string_view database,
                                      absl::string_view table) const;

  // Whether a table of `database` may be selected. In whatever letter case, as
  // statements name databases on sources with lower_case_table_names=2.
  bool SelectsDatabase(absl::string_view database) const;

  // Whether `statement` may name a table of a selected database with the
  // database's name before it, in whatever letter case. Sooner says yes than
  // misses one.
  bool MayNameDatabase(absl::string_view statement) const;

 private:
  struct Database {
    std::string mapped_name;
    bool all_tables = false;
    absl::flat_hash_map<std::string, std::string> mapped_tables;
  };

  absl::flat_hash_map<std::string, Database> databases_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SELECT_OBJECT_SELECTION_H_
