#include "worker/task/object_conversion.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

absl::Status Unknown(absl::string_view field, int value) {
  return absl::UnimplementedError(absl::StrCat(
      field, ": ", value, " is not carried out by this worker's version"));
}

absl::StatusOr<CarriedOperations> ConvertOperations(
    const v1::TableRules& rules) {
  if (rules.operations().empty()) return CarriedOperations();
  CarriedOperations carried{
      .inserts = false, .updates = false, .deletes = false};
  for (const int operation : rules.operations()) {
    switch (static_cast<v1::DmlOperation>(operation)) {
      case v1::DML_OPERATION_INSERT:
        carried.inserts = true;
        continue;
      case v1::DML_OPERATION_UPDATE:
        carried.updates = true;
        continue;
      case v1::DML_OPERATION_DELETE:
        carried.deletes = true;
        continue;
      case v1::DML_OPERATION_UNSPECIFIED:
      case v1::DmlOperation_INT_MIN_SENTINEL_DO_NOT_USE_:
      case v1::DmlOperation_INT_MAX_SENTINEL_DO_NOT_USE_:
        break;
    }
    return Unknown("operations", operation);
  }
  return carried;
}

ColumnTransformation ConvertTransformation(const v1::ColumnRule& rule) {
  switch (rule.transformation_case()) {
    case v1::ColumnRule::kDrop:
      if (rule.drop()) return DropColumn{};
      break;
    case v1::ColumnRule::kMask:
      return MaskText{.show_first = rule.mask().show_first(),
                      .show_last = rule.mask().show_last()};
    case v1::ColumnRule::kHash:
      if (rule.hash()) return HashText{};
      break;
    case v1::ColumnRule::kTruncateCharacters:
      return TruncateText{.max_characters = rule.truncate_characters()};
    case v1::ColumnRule::kConstantValue:
      return ConstantText{.text = rule.constant_value()};
    case v1::ColumnRule::TRANSFORMATION_NOT_SET:
      break;
  }
  return std::monostate{};
}

absl::StatusOr<AdditionalColumn::Content> ConvertContent(
    v1::AdditionalColumnValue value) {
  using Content = AdditionalColumn::Content;
  switch (value) {
    case v1::ADDITIONAL_COLUMN_VALUE_CONSTANT:
      return Content::kConstant;
    case v1::ADDITIONAL_COLUMN_VALUE_CREATE_TIME:
      return Content::kCreateTime;
    case v1::ADDITIONAL_COLUMN_VALUE_UPDATE_TIME:
      return Content::kUpdateTime;
    case v1::ADDITIONAL_COLUMN_VALUE_DATABASE_TABLE:
      return Content::kDatabaseTable;
    case v1::ADDITIONAL_COLUMN_VALUE_SERVER_DATABASE_TABLE:
      return Content::kServerDatabaseTable;
    case v1::ADDITIONAL_COLUMN_VALUE_SYNCHRONIZATION_TIME:
      return Content::kSynchronizationTime;
    case v1::ADDITIONAL_COLUMN_VALUE_UNSPECIFIED:
    case v1::AdditionalColumnValue_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::AdditionalColumnValue_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unknown("additional_columns.value", value);
}

absl::StatusOr<AdditionalColumn::Type> ConvertType(
    v1::AdditionalColumnType type) {
  using Type = AdditionalColumn::Type;
  switch (type) {
    case v1::ADDITIONAL_COLUMN_TYPE_INT:
      return Type::kInt;
    case v1::ADDITIONAL_COLUMN_TYPE_LONG:
      return Type::kLong;
    case v1::ADDITIONAL_COLUMN_TYPE_VARCHAR:
      return Type::kVarchar;
    case v1::ADDITIONAL_COLUMN_TYPE_DATETIME:
      return Type::kDatetime;
    case v1::ADDITIONAL_COLUMN_TYPE_TIMESTAMP:
      return Type::kTimestamp;
    case v1::ADDITIONAL_COLUMN_TYPE_UNSPECIFIED:
    case v1::AdditionalColumnType_INT_MIN_SENTINEL_DO_NOT_USE_:
    case v1::AdditionalColumnType_INT_MAX_SENTINEL_DO_NOT_USE_:
      break;
  }
  return Unknown("additional_columns.type", type);
}

absl::StatusOr<TableRules> ConvertRules(const v1::TableRules& rules) {
  TableRules to;
  BINFERRY_ASSIGN_OR_RETURN(to.operations, ConvertOperations(rules));
  to.topic = rules.topic();
  to.key_columns.assign(rules.key_columns().begin(), rules.key_columns().end());
  for (const v1::ColumnRule& rule : rules.columns()) {
    to.columns.push_back({.column = rule.column(),
                          .mapped_name = rule.mapped_name(),
                          .transformation = ConvertTransformation(rule)});
  }
  for (const v1::AdditionalColumn& column : rules.additional_columns()) {
    AdditionalColumn added{.name = column.name(), .text = column.text()};
    BINFERRY_ASSIGN_OR_RETURN(added.content, ConvertContent(column.value()));
    BINFERRY_ASSIGN_OR_RETURN(added.type, ConvertType(column.type()));
    to.additional_columns.push_back(std::move(added));
  }
  to.row_filter = rules.row_filter();
  to.included_columns.assign(rules.included_columns().begin(),
                             rules.included_columns().end());
  return to;
}

// Of a message with optional rules, whose path is `path`.
template <typename Object>
absl::StatusOr<std::optional<TableRules>> RulesOf(const Object& object,
                                                  const std::string& path) {
  if (!object.has_rules()) return std::optional<TableRules>();
  absl::StatusOr<TableRules> rules = ConvertRules(object.rules());
  if (!rules.ok()) {
    return absl::Status(
        rules.status().code(),
        absl::StrCat("objects.", path, ".rules.", rules.status().message()));
  }
  return std::optional<TableRules>(*std::move(rules));
}

absl::StatusOr<DatabaseObject> ConvertDatabase(
    const v1::DatabaseObject& database, const std::string& path,
    std::vector<RequiredObject>* required) {
  DatabaseObject to{.name = database.name(),
                    .mapped_name = database.mapped_name(),
                    .all_tables = database.all_tables(),
                    .name_pattern = database.name_pattern()};
  BINFERRY_ASSIGN_OR_RETURN(to.rules, RulesOf(database, path));
  // What is selected by pattern need not be there.
  const bool is_named = database.name_pattern().empty();
  if (is_named) {
    required->push_back({.field = absl::StrCat("objects.", path, ".name"),
                         .database = database.name(),
                         .table = ""});
  }
  for (int i = 0; i < database.tables_size(); ++i) {
    const v1::TableObject& table = database.tables(i);
    const std::string table_path = absl::StrCat(path, ".tables[", i, "]");
    TableObject& added = to.tables.emplace_back();
    added.name = table.name();
    added.mapped_name = table.mapped_name();
    BINFERRY_ASSIGN_OR_RETURN(added.rules, RulesOf(table, table_path));
    // Where every table is selected the list only says more about some.
    if (!is_named || database.all_tables()) continue;
    required->push_back({.field = absl::StrCat("objects.", table_path, ".name"),
                         .database = database.name(),
                         .table = table.name()});
  }
  for (int i = 0; i < database.table_patterns_size(); ++i) {
    const v1::TablePattern& pattern = database.table_patterns(i);
    TablePattern& added = to.table_patterns.emplace_back();
    added.pattern = pattern.pattern();
    BINFERRY_ASSIGN_OR_RETURN(
        added.rules,
        RulesOf(pattern, absl::StrCat(path, ".table_patterns[", i, "]")));
  }
  to.excluded_tables.assign(database.excluded_tables().begin(),
                            database.excluded_tables().end());
  return to;
}

}  // namespace

absl::StatusOr<ConvertedObjects> ConvertObjects(
    const v1::ObjectSelection& objects) {
  ConvertedObjects converted;
  for (int i = 0; i < objects.databases_size(); ++i) {
    BINFERRY_ASSIGN_OR_RETURN(
        DatabaseObject database,
        ConvertDatabase(objects.databases(i),
                        absl::StrCat("databases[", i, "]"),
                        &converted.required));
    converted.selection.databases.push_back(std::move(database));
  }
  const absl::Status selection =
      TableSelector::Create(converted.selection).status();
  if (selection.ok()) return converted;
  return absl::Status(selection.code(),
                      absl::StrCat("objects.", selection.message()));
}

}  // namespace binferry::worker
