// What all records of one table version have in common, computed once.
#ifndef BINFERRY_WORKER_ENCODE_TABLE_PLAN_H_
#define BINFERRY_WORKER_ENCODE_TABLE_PLAN_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/charset/charset.h"
#include "worker/encode/row_rules.h"
#include "worker/route/partitioner.h"
#include "worker/schema/record.h"
#include "worker/schema/table_schema.h"
#include "worker/select/table_rules.h"

namespace binferry::worker {

// The two record formats. They differ in where a deleted row stands, `old` or
// `data`, and in TIMESTAMP: epoch seconds or a date and time.
enum class RecordFormat : uint8_t { kJson, kJsonC };

// What a task says about one of its tables.
struct TablePlanOptions {
  RecordFormat format = RecordFormat::kJson;
  PartitionPolicy partition_policy = PartitionPolicy::kTableHash;
  // The names in the output.
  std::string mapped_database;
  std::string mapped_table;
  // The topic, opened, and its partition count as frozen in the task.
  std::string topic;
  TopicHandle topic_handle;
  int32_t partition_count = 1;
  // Of texts that are not valid in their column's character set.
  InvalidText invalid_text = InvalidText::kStop;
  // Behind each record of a DELETE one with its key and no value, where there
  // is a key.
  bool tombstones = false;
  // Null = none. Only BuildTablePlan looks at them, and at the salt of hashes.
  const TableRules* rules = nullptr;
  absl::string_view hash_salt;
};

// A label of an ENUM or SET, escaped for JSON, without quotes.
struct LabelText {
  std::string text;
  // False: its bytes are no text in their character set; MySQL leaves such
  // behind where a column is converted from one to another. `text` has U+FFFD
  // in their place, or is empty, as the task's InvalidText says.
  bool is_valid = true;
};

// How to write one column. `name` is `,"name":`, escaped.
struct ColumnStep {
  std::string name;
  Charset charset = Charset::kBinary;
  uint8_t fraction_digits = 0;
  InvalidText invalid_text = InvalidText::kStop;
  std::vector<LabelText> labels;  // As in the schema's column.
};

// Everything about a table version that its records share. Made anew whenever
// the table's shape or the task changes; until then nobody changes it.
struct TablePlan {
  TableSchema schema;
  TablePlanOptions options;
  std::vector<ColumnStep> columns;  // As in `schema`.

  // The pieces of a record's value, between which stand its id, its times and
  // its rows:
  // `{"mysqlType":{...},"id":`
  std::string head;
  // `,"database":...,"sqlType":{...},"data":` by ChangeKind.
  std::array<std::string, 3> middle;
  // `,"pkNames":[...]}`
  std::string tail;

  // Of the record key, indexes into `columns`: those of the rules, else the
  // schema's. Empty: records have no key.
  std::vector<uint16_t> key_columns;
  // Records go by the hash of their key, else all to `table_partition`.
  bool is_partitioned_by_key = false;
  int32_t table_partition = 0;
  // An UPDATE that changes the key is written as a DELETE and an INSERT: where
  // records go by key, and where a tombstone must remove the old key.
  bool splits_key_changes = false;
  bool has_tombstones = false;

  // Null: rows are written as they are.
  std::shared_ptr<const RowRules> rules;
  // The columns that CountRecords looks at.
  std::vector<uint16_t> scanned_columns;
};

// Statuses name column and remedy, but not the table. INVALID_ARGUMENT if a
// name is no valid UTF-8, or two columns have one name in records, or a key
// column is dropped; FAILED_PRECONDITION for a key column that the table lacks,
// for a partition policy by a key that there isn't, and as BuildRowRules;
// INTERNAL if `partition_count` is below 1.
absl::StatusOr<TablePlan> BuildTablePlan(TableSchema schema,
                                         TablePlanOptions options);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_TABLE_PLAN_H_
