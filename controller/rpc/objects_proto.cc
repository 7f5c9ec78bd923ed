#include "controller/rpc/objects_proto.h"

#include <optional>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "controller/rpc/enum_proto.h"

namespace binferry::controller {
namespace {

ColumnTransformation TransformationFromProto(const v1::ColumnRule& in) {
  switch (in.transformation_case()) {
    case v1::ColumnRule::kDrop:
      return DropColumn{.is_set = in.drop()};
    case v1::ColumnRule::kMask:
      return MaskText{.show_first = in.mask().show_first(),
                      .show_last = in.mask().show_last()};
    case v1::ColumnRule::kHash:
      return HashText{.is_set = in.hash()};
    case v1::ColumnRule::kTruncateCharacters:
      return TruncateText{.max_characters = in.truncate_characters()};
    case v1::ColumnRule::kConstantValue:
      return ConstantText{.text = in.constant_value()};
    case v1::ColumnRule::TRANSFORMATION_NOT_SET:
      return std::monostate();
  }
  return std::monostate();
}

AdditionalColumn AdditionalFromProto(const v1::AdditionalColumn& in,
                                     const std::string& path,
                                     std::vector<FieldViolation>* violations) {
  AdditionalColumn out;
  out.name = in.name();
  out.value = EnumFromProto<AdditionalColumnValue>(
      in.value(), v1::AdditionalColumnValue_IsValid(in.value()),
      absl::StrCat(path, ".value"), violations);
  out.type = EnumFromProto<AdditionalColumnType>(
      in.type(), v1::AdditionalColumnType_IsValid(in.type()),
      absl::StrCat(path, ".type"), violations);
  out.text = in.text();
  return out;
}

TableRules RulesFromProto(const v1::TableRules& in, const std::string& path,
                          std::vector<FieldViolation>* violations) {
  TableRules out;
  for (int i = 0; i < in.operations_size(); ++i) {
    out.operations.push_back(EnumFromProto<DmlOperation>(
        in.operations(i), v1::DmlOperation_IsValid(in.operations(i)),
        absl::StrCat(path, ".operations[", i, "]"), violations));
  }
  out.topic = in.topic();
  out.key_columns = {in.key_columns().begin(), in.key_columns().end()};
  for (const v1::ColumnRule& rule : in.columns()) {
    out.columns.push_back({.column = rule.column(),
                           .mapped_name = rule.mapped_name(),
                           .transformation = TransformationFromProto(rule)});
  }
  for (int i = 0; i < in.additional_columns_size(); ++i) {
    out.additional_columns.push_back(AdditionalFromProto(
        in.additional_columns(i),
        absl::StrCat(path, ".additional_columns[", i, "]"), violations));
  }
  out.row_filter = in.row_filter();
  out.included_columns = {in.included_columns().begin(),
                          in.included_columns().end()};
  return out;
}

// Of a message that may have rules: a database, a table, a pattern.
template <typename Message>
std::optional<TableRules> RulesOf(const Message& in, const std::string& path,
                                  std::vector<FieldViolation>* violations) {
  if (!in.has_rules()) return std::nullopt;
  return RulesFromProto(in.rules(), absl::StrCat(path, ".rules"), violations);
}

void TransformationToProto(const ColumnTransformation& in,
                           v1::ColumnRule* out) {
  if (const auto* drop = std::get_if<DropColumn>(&in)) {
    out->set_drop(drop->is_set);
  } else if (const auto* mask = std::get_if<MaskText>(&in)) {
    out->mutable_mask()->set_show_first(mask->show_first);
    out->mutable_mask()->set_show_last(mask->show_last);
  } else if (const auto* hash = std::get_if<HashText>(&in)) {
    out->set_hash(hash->is_set);
  } else if (const auto* truncate = std::get_if<TruncateText>(&in)) {
    out->set_truncate_characters(truncate->max_characters);
  } else if (const auto* constant = std::get_if<ConstantText>(&in)) {
    out->set_constant_value(constant->text);
  }
}

void RulesToProto(const TableRules& in, v1::TableRules* out) {
  for (const DmlOperation operation : in.operations) {
    out->add_operations(EnumToProto<v1::DmlOperation>(operation));
  }
  out->set_topic(in.topic);
  for (const std::string& column : in.key_columns) {
    out->add_key_columns(column);
  }
  for (const ColumnRule& rule : in.columns) {
    v1::ColumnRule* const column = out->add_columns();
    column->set_column(rule.column);
    column->set_mapped_name(rule.mapped_name);
    TransformationToProto(rule.transformation, column);
  }
  for (const AdditionalColumn& column : in.additional_columns) {
    v1::AdditionalColumn* const added = out->add_additional_columns();
    added->set_name(column.name);
    added->set_value(EnumToProto<v1::AdditionalColumnValue>(column.value));
    added->set_type(EnumToProto<v1::AdditionalColumnType>(column.type));
    added->set_text(column.text);
  }
  out->set_row_filter(in.row_filter);
  for (const std::string& column : in.included_columns) {
    out->add_included_columns(column);
  }
}

template <typename Message>
void RulesInto(const std::optional<TableRules>& in, Message* out) {
  if (in.has_value()) RulesToProto(*in, out->mutable_rules());
}

}  // namespace

std::vector<DatabaseObject> ObjectsFromProto(
    const v1::ObjectSelection& in, std::vector<FieldViolation>* violations) {
  std::vector<DatabaseObject> out;
  out.reserve(static_cast<size_t>(in.databases_size()));
  for (int i = 0; i < in.databases_size(); ++i) {
    const v1::DatabaseObject& database = in.databases(i);
    const std::string path = absl::StrCat("task.objects.databases[", i, "]");
    DatabaseObject& object = out.emplace_back();
    object.name = database.name();
    object.mapped_name = database.mapped_name();
    object.all_tables = database.all_tables();
    object.name_pattern = database.name_pattern();
    object.excluded_tables = {database.excluded_tables().begin(),
                              database.excluded_tables().end()};
    object.rules = RulesOf(database, path, violations);
    object.tables.reserve(static_cast<size_t>(database.tables_size()));
    for (int j = 0; j < database.tables_size(); ++j) {
      const v1::TableObject& table = database.tables(j);
      object.tables.push_back(
          {.name = table.name(),
           .mapped_name = table.mapped_name(),
           .rules = RulesOf(table, absl::StrCat(path, ".tables[", j, "]"),
                            violations)});
    }
    for (int j = 0; j < database.table_patterns_size(); ++j) {
      const v1::TablePattern& pattern = database.table_patterns(j);
      object.table_patterns.push_back(
          {.pattern = pattern.pattern(),
           .rules =
               RulesOf(pattern, absl::StrCat(path, ".table_patterns[", j, "]"),
                       violations)});
    }
  }
  return out;
}

void ObjectsToProto(const std::vector<DatabaseObject>& in,
                    v1::ObjectSelection* out) {
  for (const DatabaseObject& database : in) {
    v1::DatabaseObject* const object = out->add_databases();
    object->set_name(database.name);
    object->set_mapped_name(database.mapped_name);
    object->set_all_tables(database.all_tables);
    object->set_name_pattern(database.name_pattern);
    for (const std::string& table : database.excluded_tables) {
      object->add_excluded_tables(table);
    }
    RulesInto(database.rules, object);
    for (const TableObject& table : database.tables) {
      v1::TableObject* const added = object->add_tables();
      added->set_name(table.name);
      added->set_mapped_name(table.mapped_name);
      RulesInto(table.rules, added);
    }
    for (const TablePattern& pattern : database.table_patterns) {
      v1::TablePattern* const added = object->add_table_patterns();
      added->set_pattern(pattern.pattern);
      RulesInto(pattern.rules, added);
    }
  }
}

}  // namespace binferry::controller
