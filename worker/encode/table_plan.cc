#include "worker/encode/table_plan.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status_macros.h"
#include "worker/encode/arena.h"
#include "worker/encode/jdbc_types.h"
#include "worker/encode/json_writer.h"

namespace binferry::worker {
namespace {

// The labels of a column, ready to be written.
std::vector<LabelText> LabelsOf(const Column& column,
                                InvalidText invalid_text) {
  // CONVERT(... USING utf8mb4) takes binary labels for UTF-8.
  const Charset charset =
      column.charset == Charset::kBinary ? Charset::kUtf8mb4 : column.charset;
  Arena arena;
  JsonWriter writer(&arena);
  std::vector<LabelText> labels;
  labels.reserve(column.labels.size());
  for (const std::string& label : column.labels) {
    writer.Start();
    LabelText& text = labels.emplace_back();
    const uint64_t replaced_before = writer.replaced_texts();
    const bool is_written = writer.String(charset, label, invalid_text);
    text.is_valid = is_written && writer.replaced_texts() == replaced_before;
    if (!is_written) continue;
    absl::string_view quoted = writer.Finish();
    text.text = std::string(quoted.substr(1, quoted.size() - 2));
  }
  return labels;
}

int32_t TablePartition(const TablePlanOptions& options) {
  switch (options.partition_policy) {
    case PartitionPolicy::kPartitionZero:
      return 0;
    case PartitionPolicy::kTableHash:
    case PartitionPolicy::kPrimaryKeyHash:
    case PartitionPolicy::kColumnHash:
      return PartitionOfTable(options.mapped_database, options.mapped_table,
                              options.partition_count);
  }
  return 0;
}

bool GoesByKey(PartitionPolicy policy) {
  switch (policy) {
    case PartitionPolicy::kPartitionZero:
    case PartitionPolicy::kTableHash:
      return false;
    case PartitionPolicy::kPrimaryKeyHash:
    case PartitionPolicy::kColumnHash:
      return true;
  }
  return false;
}

bool Drops(const TablePlan& plan, size_t column) {
  return plan.rules != nullptr && plan.rules->drops(column);
}

// What the pieces of a record's value are made of; JSON, in quotes.
struct Names {
  std::vector<std::string> columns;  // As in the schema.
  std::vector<std::string> mysql_types;
  std::vector<std::string> jdbc_types;
  absl::flat_hash_set<std::string> carried;
};

absl::Status AddTypes(const std::string& name, absl::string_view mysql_type,
                      int jdbc_type, Names* names) {
  if (!names->carried.insert(name).second) {
    return absl::InvalidArgumentError(absl::StrCat(
        "two columns have the name ", name,
        " in records; give one of them another mapped_name or name"));
  }
  names->mysql_types.push_back(absl::StrCat(name, ":\"", mysql_type, "\""));
  names->jdbc_types.push_back(absl::StrCat(name, ":", jdbc_type));
  return absl::OkStatus();
}

absl::Status AddAdditionalTypes(const AdditionalStep& step, Names* names) {
  // Without the comma and the colon.
  const std::string name = step.name.substr(1, step.name.size() - 2);
  switch (step.type) {
    case AdditionalColumn::Type::kInt:
      return AddTypes(name, "int", JdbcTypeCode(ColumnKind::kInt), names);
    case AdditionalColumn::Type::kLong:
      return AddTypes(name, "bigint", JdbcTypeCode(ColumnKind::kBigInt), names);
    case AdditionalColumn::Type::kVarchar:
      return AddTypes(name, "varchar", JdbcTypeCode(ColumnKind::kVarchar),
                      names);
    case AdditionalColumn::Type::kDatetime:
      return AddTypes(name, "datetime", JdbcTypeCode(ColumnKind::kDatetime),
                      names);
    case AdditionalColumn::Type::kTimestamp:
      return AddTypes(name, "timestamp", JdbcTypeCode(ColumnKind::kTimestamp),
                      names);
  }
  return absl::OkStatus();
}

absl::StatusOr<Names> AddColumns(const TableSchema& schema,
                                 const TablePlanOptions& options,
                                 TablePlan* plan) {
  absl::flat_hash_map<absl::string_view, absl::string_view> mapped_names;
  if (options.rules != nullptr) {
    for (const ColumnRule& rule : options.rules->columns) {
      if (!rule.mapped_name.empty()) {
        mapped_names.emplace(rule.column, rule.mapped_name);
      }
    }
  }
  Names names;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const Column& column = schema.columns[i];
    const auto mapped = mapped_names.find(column.name);
    BINFERRY_ASSIGN_OR_RETURN(
        const std::string name,
        QuotedJson(mapped == mapped_names.end() ? column.name
                                                : mapped->second));
    plan->columns.push_back({.name = absl::StrCat(",", name, ":"),
                             .charset = column.charset,
                             .fraction_digits = column.fraction_digits,
                             .invalid_text = options.invalid_text,
                             .labels = LabelsOf(column, options.invalid_text)});
    names.columns.push_back(name);
    if (column.is_hidden || Drops(*plan, i)) continue;
    const bool is_text =
        plan->rules != nullptr && !plan->rules->columns.empty() &&
        plan->rules->columns[i].kind != ValueTransformation::Kind::kNone;
    BINFERRY_RETURN_IF_ERROR(AddTypes(
        name, is_text ? "varchar" : MysqlTypeName(column),
        JdbcTypeCode(is_text ? ColumnKind::kVarchar : column.kind), &names));
  }
  if (plan->rules == nullptr) return names;
  for (const AdditionalStep& step : plan->rules->additional) {
    BINFERRY_RETURN_IF_ERROR(AddAdditionalTypes(step, &names));
  }
  return names;
}

// The columns of the record key, and with them all that hangs on it. Without
// chosen ones a primary key of which a column is dropped is none.
absl::Status ChooseKey(const TableSchema& schema,
                       const TablePlanOptions& options, TablePlan* plan) {
  const bool is_chosen =
      options.rules != nullptr && !options.rules->key_columns.empty();
  if (is_chosen) {
    for (const std::string& name : options.rules->key_columns) {
      const auto found =
          std::find_if(schema.columns.begin(), schema.columns.end(),
                       [&name](const Column& column) {
                         return column.name == name && !column.is_hidden;
                       });
      if (found == schema.columns.end()) {
        return absl::FailedPreconditionError(absl::StrCat(
            "key_columns names the column ", name,
            ", which the table does not have; names count with their letter "
            "case; change the table's key_columns"));
      }
      plan->key_columns.push_back(
          static_cast<uint16_t>(found - schema.columns.begin()));
    }
  } else if (options.partition_policy == PartitionPolicy::kColumnHash) {
    return absl::FailedPreconditionError(
        "the partition policy COLUMN_HASH goes by the table's key_columns, and "
        "it has none; name them in its rules, or choose another policy");
  } else {
    plan->key_columns = schema.key_columns;
  }
  const auto dropped =
      std::find_if(plan->key_columns.begin(), plan->key_columns.end(),
                   [plan](uint16_t column) { return Drops(*plan, column); });
  if (dropped != plan->key_columns.end()) {
    if (is_chosen || GoesByKey(options.partition_policy)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the column ", schema.columns[*dropped].name,
          " of the record key is not in records; carry it, or name other "
          "key_columns in the table's rules"));
    }
    plan->key_columns.clear();
  }
  const bool has_key = !plan->key_columns.empty();
  plan->is_partitioned_by_key = has_key && GoesByKey(options.partition_policy);
  plan->has_tombstones = has_key && options.tombstones;
  plan->splits_key_changes =
      plan->is_partitioned_by_key || plan->has_tombstones;
  return absl::OkStatus();
}

void ChooseScannedColumns(TablePlan* plan) {
  if (plan->splits_key_changes) plan->scanned_columns = plan->key_columns;
  if (plan->rules == nullptr || !plan->rules->filter.has_value()) return;
  for (const uint16_t column : plan->rules->filter->columns()) {
    plan->scanned_columns.push_back(column);
  }
}

// `pkNames`: of the table's own key, if records have all of it.
std::vector<std::string> KeyNames(const TableSchema& schema,
                                  const TablePlan& plan, const Names& names) {
  std::vector<std::string> key_names;
  for (const uint16_t column : schema.key_columns) {
    if (Drops(plan, column)) return {};
    key_names.push_back(names.columns[column]);
  }
  return key_names;
}

}  // namespace

absl::StatusOr<TablePlan> BuildTablePlan(TableSchema schema,
                                         TablePlanOptions options) {
  if (options.partition_count < 1) {
    return absl::InternalError(absl::StrCat("topic ", options.topic, " has ",
                                            options.partition_count,
                                            " partitions"));
  }
  TablePlan plan;
  if (options.rules != nullptr) {
    BINFERRY_ASSIGN_OR_RETURN(
        plan.rules, BuildRowRules(*options.rules, schema,
                                  {.mapped_database = options.mapped_database,
                                   .mapped_table = options.mapped_table,
                                   .hash_salt = options.hash_salt,
                                   .invalid_text = options.invalid_text}));
  }
  BINFERRY_RETURN_IF_ERROR(ChooseKey(schema, options, &plan));
  ChooseScannedColumns(&plan);
  BINFERRY_ASSIGN_OR_RETURN(const Names names,
                            AddColumns(schema, options, &plan));
  BINFERRY_ASSIGN_OR_RETURN(const std::string database,
                            QuotedJson(options.mapped_database));
  BINFERRY_ASSIGN_OR_RETURN(const std::string table,
                            QuotedJson(options.mapped_table));

  plan.head = absl::StrCat("{\"mysqlType\":{",
                           absl::StrJoin(names.mysql_types, ","), "},\"id\":");
  constexpr std::array<absl::string_view, 3> kTypes = {"INSERT", "UPDATE",
                                                       "DELETE"};
  for (size_t i = 0; i < kTypes.size(); ++i) {
    plan.middle[i] = absl::StrCat(
        ",\"database\":", database, ",\"table\":", table, ",\"type\":\"",
        kTypes[i], "\",\"isDdl\":false,\"sql\":\"\",\"sqlType\":{",
        absl::StrJoin(names.jdbc_types, ","), "},\"data\":");
  }
  plan.tail =
      absl::StrCat(",\"pkNames\":[",
                   absl::StrJoin(KeyNames(schema, plan, names), ","), "]}");
  plan.table_partition = TablePartition(options);
  plan.schema = std::move(schema);
  plan.options = std::move(options);
  plan.options.rules = nullptr;
  plan.options.hash_salt = {};
  return plan;
}

}  // namespace binferry::worker
