// What a task does to the rows of a table on their way into records, as the
// user says it.
#ifndef BINFERRY_WORKER_SELECT_TABLE_RULES_H_
#define BINFERRY_WORKER_SELECT_TABLE_RULES_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace binferry::worker {

// Which changes are carried.
struct CarriedOperations {
  bool inserts = true;
  bool updates = true;  // Those written as a DELETE and an INSERT too.
  bool deletes = true;

  friend bool operator==(const CarriedOperations&,
                         const CarriedOperations&) = default;
};

// The column is not in records.
struct DropColumn {
  friend bool operator==(const DropColumn&, const DropColumn&) = default;
};

// `*` in place of each character but the first and the last ones.
struct MaskText {
  uint32_t show_first = 0;  // Characters, 0 to 256.
  uint32_t show_last = 0;   // The same.

  friend bool operator==(const MaskText&, const MaskText&) = default;
};

// The hexadecimal SHA-256 of the task's salt and the value's text.
struct HashText {
  friend bool operator==(const HashText&, const HashText&) = default;
};

struct TruncateText {
  uint32_t max_characters = 1;  // 1 to 65,535.

  friend bool operator==(const TruncateText&, const TruncateText&) = default;
};

// In place of every value, NULL too.
struct ConstantText {
  std::string text;  // UTF-8, at most 256 characters.

  friend bool operator==(const ConstantText&, const ConstantText&) = default;
};

// monostate: the value as it is.
using ColumnTransformation = std::variant<std::monostate, DropColumn, MaskText,
                                          HashText, TruncateText, ConstantText>;

struct ColumnRule {
  std::string column;       // Of the source.
  std::string mapped_name;  // In records; "" = the same.
  ColumnTransformation transformation;

  friend bool operator==(const ColumnRule&, const ColumnRule&) = default;
};

// A column that records have and the table doesn't.
struct AdditionalColumn {
  enum class Content : uint8_t {
    kConstant,             // `text`
    kCreateTime,           // Commit time, in records of INSERT only.
    kUpdateTime,           // Commit time.
    kDatabaseTable,        // `database@table`, mapped names.
    kServerDatabaseTable,  // `text@database@table`
    kSynchronizationTime,  // When the record was made.
  };
  enum class Type : uint8_t { kInt, kLong, kVarchar, kDatetime, kTimestamp };

  std::string name;
  Content content = Content::kConstant;
  Type type = Type::kVarchar;
  std::string text;  // UTF-8, at most 256 characters.

  friend bool operator==(const AdditionalColumn&,
                         const AdditionalColumn&) = default;
};

// The limits of proto/binferry/v1/object_selection.proto hold. All columns are
// named as in the source, letter case included.
struct TableRules {
  CarriedOperations operations;
  std::string topic;  // "" = by the task's policy.
  // Of the record key, in order; empty: the primary key.
  std::vector<std::string> key_columns;
  std::vector<ColumnRule> columns;
  std::vector<AdditionalColumn> additional_columns;
  std::string row_filter;  // common/row_filter.h; "" = every row.
  // Only these columns are carried; empty: all.
  std::vector<std::string> included_columns;

  friend bool operator==(const TableRules&, const TableRules&) = default;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SELECT_TABLE_RULES_H_
