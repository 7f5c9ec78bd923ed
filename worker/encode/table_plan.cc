#include "worker/encode/table_plan.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status_macros.h"
#include "worker/encode/arena.h"
#include "worker/encode/jdbc_types.h"
#include "worker/encode/json_writer.h"

namespace binferry::worker {
namespace {

// `name` as a JSON string.
absl::StatusOr<std::string> Quoted(absl::string_view name) {
  Arena arena;
  JsonWriter writer(&arena);
  writer.Start();
  if (!writer.String(Charset::kUtf8mb4, name)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the name \"", absl::CHexEscape(name),
                     "\" is no valid UTF-8; rename the object"));
  }
  return std::string(writer.Finish());
}

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
      return PartitionOfTable(options.mapped_database, options.mapped_table,
                              options.partition_count);
  }
  return 0;
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
  std::vector<std::string> names;
  std::vector<std::string> mysql_types;
  std::vector<std::string> jdbc_types;
  for (const Column& column : schema.columns) {
    BINFERRY_ASSIGN_OR_RETURN(const std::string name, Quoted(column.name));
    plan.columns.push_back({.name = absl::StrCat(",", name, ":"),
                            .charset = column.charset,
                            .fraction_digits = column.fraction_digits,
                            .invalid_text = options.invalid_text,
                            .labels = LabelsOf(column, options.invalid_text)});
    names.push_back(name);
    if (column.is_hidden) continue;
    mysql_types.push_back(
        absl::StrCat(name, ":\"", MysqlTypeName(column), "\""));
    jdbc_types.push_back(absl::StrCat(name, ":", JdbcTypeCode(column.kind)));
  }
  std::vector<std::string> key_names;
  for (const uint16_t index : schema.key_columns) {
    key_names.push_back(names[index]);
  }
  BINFERRY_ASSIGN_OR_RETURN(const std::string database,
                            Quoted(options.mapped_database));
  BINFERRY_ASSIGN_OR_RETURN(const std::string table,
                            Quoted(options.mapped_table));

  plan.head = absl::StrCat("{\"mysqlType\":{", absl::StrJoin(mysql_types, ","),
                           "},\"id\":");
  constexpr std::array<absl::string_view, 3> kTypes = {"INSERT", "UPDATE",
                                                       "DELETE"};
  for (size_t i = 0; i < kTypes.size(); ++i) {
    plan.middle[i] = absl::StrCat(
        ",\"database\":", database, ",\"table\":", table, ",\"type\":\"",
        kTypes[i], "\",\"isDdl\":false,\"sql\":\"\",\"sqlType\":{",
        absl::StrJoin(jdbc_types, ","), "},\"data\":");
  }
  plan.tail =
      absl::StrCat(",\"pkNames\":[", absl::StrJoin(key_names, ","), "]}");
  plan.is_partitioned_by_key =
      options.partition_policy == PartitionPolicy::kPrimaryKeyHash &&
      !schema.key_columns.empty();
  plan.table_partition = TablePartition(options);
  plan.schema = std::move(schema);
  plan.options = std::move(options);
  return plan;
}

}  // namespace binferry::worker
