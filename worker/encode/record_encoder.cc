#include "worker/encode/record_encoder.h"

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/status_macros.h"
#include "worker/charset/charset.h"
#include "worker/encode/json_writer.h"
#include "worker/encode/value_json.h"

namespace binferry::worker {
namespace {

// A row as far as it is known: `image`, and for columns absent there
// `fallback`, which is `image` itself where there is no other.
struct KnownRow {
  absl::Span<const Value> image;
  absl::Span<const Value> fallback;

  explicit KnownRow(absl::Span<const Value> only)
      : image(only), fallback(only) {}
  KnownRow(absl::Span<const Value> first, absl::Span<const Value> second)
      : image(first), fallback(second) {}

  const Value& operator[](size_t column) const {
    const Value& value = image[column];
    return value.kind == Value::Kind::kAbsent ? fallback[column] : value;
  }
};

// The rows of one record; null = `null`.
struct RecordRows {
  ChangeKind kind;
  const KnownRow* data;
  const KnownRow* old;
  const KnownRow* key;
};

// A column that the after image lacks is unchanged. One that only the before
// image lacks makes EncodeRow fail.
bool IsSplit(const TablePlan& plan, const RowChange& change) {
  if (!plan.is_partitioned_by_key || change.kind != ChangeKind::kUpdate) {
    return false;
  }
  for (const uint16_t column : plan.schema.key_columns) {
    const Value& after = change.after[column];
    if (after.kind != Value::Kind::kAbsent &&
        !HaveSameText(change.before[column], after)) {
      return true;
    }
  }
  return false;
}

std::string TableName(const TablePlan& plan) {
  return absl::StrCat("table ", plan.schema.database, ".", plan.schema.table);
}

absl::Status InvalidTextError(const TablePlan& plan, size_t column) {
  return absl::InvalidArgumentError(absl::StrCat(
      TableName(plan), ", column ", plan.schema.columns[column].name,
      ": a value is not valid in the column's character set ",
      CharsetName(plan.schema.columns[column].charset),
      "; set `invalid_text_policy: REPLACE` in the task to have U+FFFD in the "
      "place of such bytes and go on here, or correct it on the source and "
      "create the task anew behind this change"));
}

// Each column is written with a comma before it, the first of which the brace
// then replaces: absent columns leave nothing to decide per column.
class ObjectScope {
 public:
  explicit ObjectScope(JsonWriter* writer)
      : writer_(writer), start_(writer->size()) {}

  void Close() {
    if (writer_->size() == start_) writer_->Raw(',');
    writer_->Patch(start_, '{');
    writer_->Raw('}');
  }

 private:
  JsonWriter* const writer_;
  const size_t start_;
};

absl::Status WriteRow(const TablePlan& plan, const KnownRow* row,
                      JsonWriter* writer) {
  if (row == nullptr) {
    writer->Raw("null");
    return absl::OkStatus();
  }
  const RecordFormat format = plan.options.format;
  writer->Raw('[');
  ObjectScope object(writer);
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    const Value& value = (*row)[i];
    if (value.kind == Value::Kind::kAbsent) continue;
    const ColumnStep& step = plan.columns[i];
    writer->Raw(step.name);
    if (!WriteValue(format, step, value, writer))
      return InvalidTextError(plan, i);
  }
  object.Close();
  writer->Raw(']');
  return absl::OkStatus();
}

absl::Status WriteKey(const TablePlan& plan, const KnownRow& row,
                      JsonWriter* writer) {
  ObjectScope object(writer);
  for (const uint16_t i : plan.schema.key_columns) {
    const Value& value = row[i];
    if (value.kind == Value::Kind::kAbsent) {
      return absl::FailedPreconditionError(absl::StrCat(
          TableName(plan), ": a row image lacks the key column ",
          plan.schema.columns[i].name,
          "; SET PERSIST binlog_row_image=FULL on the source and create the "
          "task anew behind this change"));
    }
    const ColumnStep& step = plan.columns[i];
    writer->Raw(step.name);
    if (!WriteValue(plan.options.format, step, value, writer)) {
      return InvalidTextError(plan, i);
    }
  }
  object.Close();
  return absl::OkStatus();
}

absl::Status WriteRecord(const TablePlan& plan, const RowChange& change,
                         const RecordRows& rows, JsonWriter* writer,
                         Record* record) {
  if (!plan.schema.key_columns.empty()) {
    writer->Start();
    BINFERRY_RETURN_IF_ERROR(WriteKey(plan, *rows.key, writer));
    record->has_key = true;
    record->key = writer->Finish();
  }
  record->topic = plan.options.topic_handle;
  record->partition =
      plan.is_partitioned_by_key
          ? PartitionOf(record->key, plan.options.partition_count)
          : plan.table_partition;

  writer->Start();
  writer->Raw(plan.head);
  writer->Number(record->id);
  writer->Raw(",\"es\":");
  writer->Number(change.es_ms);
  writer->Raw(",\"ts\":");
  writer->Number(change.ts_ms);
  writer->Raw(plan.middle[static_cast<size_t>(rows.kind)]);
  BINFERRY_RETURN_IF_ERROR(WriteRow(plan, rows.data, writer));
  writer->Raw(",\"old\":");
  BINFERRY_RETURN_IF_ERROR(WriteRow(plan, rows.old, writer));
  writer->Raw(plan.tail);
  record->value = writer->Finish();
  return absl::OkStatus();
}

RecordRows InsertOf(const KnownRow* row) {
  return {ChangeKind::kInsert, row, nullptr, row};
}

RecordRows DeleteOf(RecordFormat format, const KnownRow* row) {
  switch (format) {
    case RecordFormat::kJson:
      return {ChangeKind::kDelete, nullptr, row, row};
    case RecordFormat::kJsonC:
      return {ChangeKind::kDelete, row, nullptr, row};
  }
  return {};
}

absl::Status CheckImages(const TablePlan& plan, const RowChange& change) {
  const size_t columns = plan.columns.size();
  if ((change.kind != ChangeKind::kInsert && change.before.size() != columns) ||
      (change.kind != ChangeKind::kDelete && change.after.size() != columns)) {
    return absl::InternalError(absl::StrCat(
        TableName(plan), ": row images of ", change.before.size(), " and ",
        change.after.size(), " values, but ", columns, " columns"));
  }
  return absl::OkStatus();
}

}  // namespace

int RecordCount(const TablePlan& plan, const RowChange& change) {
  return IsSplit(plan, change) ? 2 : 1;
}

absl::StatusOr<EncodeCounts> EncodeRow(const TablePlan& plan,
                                       const RowChange& change, Arena* arena,
                                       std::vector<Record>* records) {
  BINFERRY_RETURN_IF_ERROR(CheckImages(plan, change));
  const RecordFormat format = plan.options.format;
  const KnownRow before(change.before);
  JsonWriter writer(arena);
  Record first;
  first.id = change.first_id;
  switch (change.kind) {
    case ChangeKind::kInsert: {
      const KnownRow after(change.after);
      BINFERRY_RETURN_IF_ERROR(
          WriteRecord(plan, change, InsertOf(&after), &writer, &first));
      break;
    }
    case ChangeKind::kUpdate: {
      const KnownRow after(change.after, change.before);
      if (IsSplit(plan, change)) {
        BINFERRY_RETURN_IF_ERROR(WriteRecord(
            plan, change, DeleteOf(format, &before), &writer, &first));
        Record second;
        second.id = change.first_id + 1;
        BINFERRY_RETURN_IF_ERROR(
            WriteRecord(plan, change, InsertOf(&after), &writer, &second));
        records->push_back(first);
        records->push_back(second);
        return EncodeCounts{.replaced_texts = writer.replaced_texts()};
      }
      BINFERRY_RETURN_IF_ERROR(WriteRecord(
          plan, change, {ChangeKind::kUpdate, &after, &before, &after}, &writer,
          &first));
      break;
    }
    case ChangeKind::kDelete:
      BINFERRY_RETURN_IF_ERROR(WriteRecord(
          plan, change, DeleteOf(format, &before), &writer, &first));
      break;
  }
  records->push_back(first);
  return EncodeCounts{.replaced_texts = writer.replaced_texts()};
}

}  // namespace binferry::worker
