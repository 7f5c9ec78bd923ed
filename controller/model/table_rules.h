// What a task does to the rows of a table on their way into records.
#ifndef BINFERRY_CONTROLLER_MODEL_TABLE_RULES_H_
#define BINFERRY_CONTROLLER_MODEL_TABLE_RULES_H_

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace binferry::controller {

// The words and numbers of proto/binferry/v1/object_selection.proto, which says
// what they mean.
enum class DmlOperation { kUnspecified, kInsert, kUpdate, kDelete };
enum class AdditionalColumnValue {
  kUnspecified,
  kConstant,
  kCreateTime,
  kUpdateTime,
  kDatabaseTable,
  kServerDatabaseTable,
  kSynchronizationTime
};
enum class AdditionalColumnType {
  kUnspecified,
  kInt,
  kLong,
  kVarchar,
  kDatetime,
  kTimestamp
};

// A flag of the message's oneof, which is only true if it means something.
struct DropColumn {
  bool is_set = true;

  friend bool operator==(const DropColumn&, const DropColumn&) = default;
};
struct HashText {
  bool is_set = true;

  friend bool operator==(const HashText&, const HashText&) = default;
};
struct MaskText {
  uint32_t show_first = 0;
  uint32_t show_last = 0;

  friend bool operator==(const MaskText&, const MaskText&) = default;
};
struct TruncateText {
  uint32_t max_characters = 0;

  friend bool operator==(const TruncateText&, const TruncateText&) = default;
};
struct ConstantText {
  std::string text;

  friend bool operator==(const ConstantText&, const ConstantText&) = default;
};

using ColumnTransformation = std::variant<std::monostate, DropColumn, MaskText,
                                          HashText, TruncateText, ConstantText>;

struct ColumnRule {
  std::string column;
  std::string mapped_name;  // "" = unset.
  ColumnTransformation transformation;

  friend bool operator==(const ColumnRule&, const ColumnRule&) = default;
};

struct AdditionalColumn {
  std::string name;
  AdditionalColumnValue value = AdditionalColumnValue::kUnspecified;
  AdditionalColumnType type = AdditionalColumnType::kUnspecified;
  std::string text;

  friend bool operator==(const AdditionalColumn&,
                         const AdditionalColumn&) = default;
};

struct TableRules {
  std::vector<DmlOperation> operations;
  std::string topic;
  std::vector<std::string> key_columns;
  std::vector<ColumnRule> columns;
  std::vector<AdditionalColumn> additional_columns;
  std::string row_filter;
  std::vector<std::string> included_columns;

  friend bool operator==(const TableRules&, const TableRules&) = default;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TABLE_RULES_H_
