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
  if (!plan.splits_key_changes || change.kind != ChangeKind::kUpdate) {
    return false;
  }
  for (const uint16_t column : plan.key_columns) {
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

absl::Status WriteRow(const TablePlan& plan, const KnownRow& row,
                      JsonWriter* writer) {
  const RecordFormat format = plan.options.format;
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    const Value& value = row[i];
    if (value.kind == Value::Kind::kAbsent) continue;
    const ColumnStep& step = plan.columns[i];
    writer->Raw(step.name);
    if (!WriteValue(format, step, value, writer))
      return InvalidTextError(plan, i);
  }
  return absl::OkStatus();
}

// A value that isn't absent, as the table's rules have it; not of a column that
// they drop.
absl::Status WriteRuledValue(const TablePlan& plan, size_t column,
                             const Value& value, JsonWriter* writer) {
  const ColumnStep& step = plan.columns[column];
  writer->Raw(step.name);
  const ValueTransformation* const transformation =
      plan.rules == nullptr || plan.rules->columns.empty()
          ? nullptr
          : &plan.rules->columns[column];
  if (transformation != nullptr &&
      transformation->kind == ValueTransformation::Kind::kConstant) {
    writer->Raw(transformation->constant);
    return absl::OkStatus();
  }
  const size_t start = writer->size();
  if (!WriteValue(plan.options.format, step, value, writer)) {
    return InvalidTextError(plan, column);
  }
  if (transformation == nullptr) return absl::OkStatus();
  const SaltedHash* const hash =
      plan.rules->hash.has_value() ? &*plan.rules->hash : nullptr;
  if (TransformValue(*transformation, hash, start, writer)) {
    return absl::OkStatus();
  }
  return absl::InternalError(
      absl::StrCat(TableName(plan), ": OpenSSL could not compute a SHA-256"));
}

void WriteTime(const TablePlan& plan, AdditionalColumn::Type type,
               int64_t time_ms, JsonWriter* writer) {
  if (type == AdditionalColumn::Type::kLong) {
    return writer->QuotedNumber(time_ms);
  }
  Value time;
  time.kind = Value::Kind::kTimestamp;
  time.natural = static_cast<uint64_t>(time_ms) * 1000;
  ColumnStep step;
  step.fraction_digits = 3;
  // A DATETIME in UTC is what JSON-C has of a TIMESTAMP.
  const RecordFormat format = type == AdditionalColumn::Type::kTimestamp
                                  ? plan.options.format
                                  : RecordFormat::kJsonC;
  static_cast<void>(WriteValue(format, step, time, writer));
}

// Which row of a record is written.
enum class RowRole : uint8_t {
  kShown,   // That the change made or deleted.
  kFormer,  // `old` of an UPDATE.
};

void WriteAdditional(const TablePlan& plan, const RowChange& change,
                     RowRole role, JsonWriter* writer) {
  for (const AdditionalStep& step : plan.rules->additional) {
    int64_t time_ms = change.es_ms;
    switch (step.content) {
      case AdditionalColumn::Content::kConstant:
      case AdditionalColumn::Content::kDatabaseTable:
      case AdditionalColumn::Content::kServerDatabaseTable:
        writer->Raw(step.name);
        writer->Raw(step.constant);
        continue;
      case AdditionalColumn::Content::kCreateTime:
        if (change.kind != ChangeKind::kInsert) continue;
        break;
      case AdditionalColumn::Content::kUpdateTime:
        break;
      case AdditionalColumn::Content::kSynchronizationTime:
        time_ms = change.ts_ms;
        break;
    }
    if (role == RowRole::kFormer) continue;
    writer->Raw(step.name);
    WriteTime(plan, step.type, time_ms, writer);
  }
}

absl::Status WriteRuledRow(const TablePlan& plan, const RowChange& change,
                           RowRole role, const KnownRow& row,
                           JsonWriter* writer) {
  for (size_t i = 0; i < plan.columns.size(); ++i) {
    const Value& value = row[i];
    if (value.kind == Value::Kind::kAbsent || plan.rules->drops(i)) continue;
    BINFERRY_RETURN_IF_ERROR(WriteRuledValue(plan, i, value, writer));
  }
  WriteAdditional(plan, change, role, writer);
  return absl::OkStatus();
}

absl::Status WriteRowArray(const TablePlan& plan, const RowChange& change,
                           RowRole role, const KnownRow* row,
                           JsonWriter* writer) {
  if (row == nullptr) {
    writer->Raw("null");
    return absl::OkStatus();
  }
  writer->Raw('[');
  ObjectScope object(writer);
  if (plan.rules == nullptr || !plan.rules->changes_rows()) {
    BINFERRY_RETURN_IF_ERROR(WriteRow(plan, *row, writer));
  } else {
    BINFERRY_RETURN_IF_ERROR(WriteRuledRow(plan, change, role, *row, writer));
  }
  object.Close();
  writer->Raw(']');
  return absl::OkStatus();
}

absl::Status WriteKey(const TablePlan& plan, const KnownRow& row,
                      JsonWriter* writer) {
  ObjectScope object(writer);
  for (const uint16_t i : plan.key_columns) {
    const Value& value = row[i];
    if (value.kind == Value::Kind::kAbsent) {
      return absl::FailedPreconditionError(absl::StrCat(
          TableName(plan), ": a row image lacks the key column ",
          plan.schema.columns[i].name,
          "; SET PERSIST binlog_row_image=FULL on the source and create the "
          "task anew behind this change"));
    }
    BINFERRY_RETURN_IF_ERROR(WriteRuledValue(plan, i, value, writer));
  }
  object.Close();
  return absl::OkStatus();
}

absl::Status WriteRecord(const TablePlan& plan, const RowChange& change,
                         const RecordRows& rows, JsonWriter* writer,
                         Record* record) {
  if (!plan.key_columns.empty()) {
    writer->Start();
    BINFERRY_RETURN_IF_ERROR(WriteKey(plan, *rows.key, writer));
    record->has_key = true;
    record->key = writer->Finish();
  }
  record->headers = change.headers;
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
  BINFERRY_RETURN_IF_ERROR(
      WriteRowArray(plan, change, RowRole::kShown, rows.data, writer));
  writer->Raw(",\"old\":");
  BINFERRY_RETURN_IF_ERROR(WriteRowArray(
      plan, change,
      rows.kind == ChangeKind::kUpdate ? RowRole::kFormer : RowRole::kShown,
      rows.old, writer));
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

Record TombstoneOf(const Record& deletion) {
  Record tombstone = deletion;
  tombstone.has_value = false;
  tombstone.value = {};
  return tombstone;
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

absl::StatusOr<int> CountRecords(const TablePlan& plan, const RowChange& change,
                                 std::string* scratch) {
  if (plan.rules != nullptr && plan.rules->filter.has_value()) {
    const RowPredicate& filter = *plan.rules->filter;
    absl::StatusOr<bool> passes = false;
    if (change.kind != ChangeKind::kInsert) {
      passes = filter.Passes(change.before, change.before, scratch);
    }
    if (change.kind != ChangeKind::kDelete && passes.ok() && !*passes) {
      passes = filter.Passes(
          change.after,
          change.kind == ChangeKind::kUpdate ? change.before : change.after,
          scratch);
    }
    if (!passes.ok()) {
      return absl::Status(
          passes.status().code(),
          absl::StrCat(TableName(plan), ": ", passes.status().message()));
    }
    if (!*passes) return 0;
  }
  return IsSplit(plan, change) ? 2 : 1;
}

CountingNeed NeedOf(const TablePlan& plan, ChangeKind kind) {
  if (plan.rules != nullptr) {
    const CarriedOperations& carried = plan.rules->operations;
    const bool is_carried = kind == ChangeKind::kInsert   ? carried.inserts
                            : kind == ChangeKind::kUpdate ? carried.updates
                                                          : carried.deletes;
    if (!is_carried) return {.needs_rows = false, .count = 0};
    if (plan.rules->filter.has_value()) return {.needs_rows = true};
  }
  return {.needs_rows = plan.splits_key_changes && kind == ChangeKind::kUpdate};
}

bool HasTombstone(const TablePlan& plan, ChangeKind kind, int ids) {
  return plan.has_tombstones && (kind == ChangeKind::kDelete || ids == 2);
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
        if (plan.has_tombstones) records->push_back(TombstoneOf(first));
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
  if (HasTombstone(plan, change.kind, 1)) {
    records->push_back(TombstoneOf(first));
  }
  return EncodeCounts{.replaced_texts = writer.replaced_texts()};
}

}  // namespace binferry::worker
