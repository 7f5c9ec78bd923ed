#include "worker/binlog/row_decoder.h"

#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/decimal.h"
#include "worker/binlog/temporal.h"

namespace binferry::worker {
namespace {

using Operation = DecodeStep::Operation;

bool HasBit(const uint8_t* bits, size_t index) {
  return (bits[index / 8] >> (index % 8) & 1) != 0;
}

// `bytes` (1 to 8) little-endian bytes at `p`, behind which `left` bytes may be
// read.
uint64_t LoadInteger(const uint8_t* p, size_t bytes, size_t left) {
  if (std::endian::native == std::endian::little && left >= sizeof(uint64_t)) {
    uint64_t value;
    std::memcpy(&value, p, sizeof(value));
    const size_t unused_bits = 64 - 8 * bytes;
    return value << unused_bits >> unused_bits;
  }
  return ReadLittleEndian(p, bytes);
}

int64_t ExtendSign(uint64_t value, size_t bytes) {
  const size_t unused_bits = 64 - 8 * bytes;
  return static_cast<int64_t>(value << unused_bits) >>
         static_cast<int>(unused_bits);
}

// Decodes the `bytes` (all of a fixed size value, or what stands behind the
// length) at `p`; false if they are no value.
bool DecodeValue(const DecodeStep& step, const uint8_t* p, size_t bytes,
                 size_t left, char* scratch, Value* value) {
  switch (step.operation) {
    case Operation::kSigned:
      value->kind = Value::Kind::kSigned;
      value->integer = ExtendSign(LoadInteger(p, bytes, left), bytes);
      return true;
    case Operation::kUnsigned:
      value->kind = Value::Kind::kUnsigned;
      value->natural = LoadInteger(p, bytes, left);
      return true;
    case Operation::kFloat:
      value->kind = Value::Kind::kFloat;
      value->real32 =
          std::bit_cast<float>(static_cast<uint32_t>(ReadLittleEndian(p, 4)));
      return true;
    case Operation::kDouble:
      value->kind = Value::Kind::kDouble;
      value->real64 = std::bit_cast<double>(ReadLittleEndian(p, 8));
      return true;
    case Operation::kDecimal: {
      char* const text = scratch + step.scratch_offset;
      const char* const end = WriteDecimal(p, step.precision, step.scale, text);
      if (end == nullptr) return false;
      value->kind = Value::Kind::kDecimal;
      value->bytes = {text, static_cast<size_t>(end - text)};
      return true;
    }
    case Operation::kDate:
      value->kind = Value::Kind::kDate;
      value->temporal = ReadDate(p);
      return true;
    case Operation::kTime:
      value->kind = Value::Kind::kTime;
      value->temporal = ReadTime(p, step.fraction_digits);
      return true;
    case Operation::kDatetime:
      value->kind = Value::Kind::kDatetime;
      value->temporal = ReadDatetime(p, step.fraction_digits);
      return true;
    case Operation::kTimestamp:
      value->kind = Value::Kind::kTimestamp;
      value->natural = ReadTimestamp(p, step.fraction_digits);
      return true;
    case Operation::kText:
      value->kind = Value::Kind::kText;
      value->bytes = {reinterpret_cast<const char*>(p), bytes};
      return true;
    case Operation::kBytes:
      value->kind = Value::Kind::kBytes;
      value->bytes = {reinterpret_cast<const char*>(p), bytes};
      return true;
    case Operation::kPadded: {
      if (bytes > step.max_bytes) return false;
      value->kind = Value::Kind::kBytes;
      if (bytes == step.max_bytes) {
        value->bytes = {reinterpret_cast<const char*>(p), bytes};
        return true;
      }
      char* const padded = scratch + step.scratch_offset;
      if (bytes > 0) std::memcpy(padded, p, bytes);
      std::memset(padded + bytes, 0, step.max_bytes - bytes);
      value->bytes = {padded, step.max_bytes};
      return true;
    }
  }
  return false;
}

}  // namespace

absl::Status RowDecoder::Start(const TableMap& map, const RowsEvent& event) {
  map_ = &map;
  p_ = end_ = nullptr;
  const size_t columns = map.schema.columns.size();
  if (event.column_count != columns) {
    return absl::DataLossError(
        absl::StrCat("rows of ", event.column_count, " columns for the table ",
                     map.schema.database, ".", map.schema.table,
                     ", whose table map has ", columns));
  }
  has_before_ = event.kind != RowsEvent::Kind::kWrite;
  has_after_ = event.kind != RowsEvent::Kind::kDelete;
  before_.present.clear();
  after_.present.clear();
  if (has_before_) ChooseColumns(event.before_columns, columns, &before_);
  if (has_after_) ChooseColumns(event.after_columns, columns, &after_);
  if (before_.present.empty() && after_.present.empty()) {
    return absl::UnimplementedError(absl::StrCat(
        "rows without any column for the table ", map.schema.database, ".",
        map.schema.table,
        " can't be counted: set binlog_row_image=FULL on the source and start "
        "behind this place"));
  }
  before_.scratch.resize(map.scratch_bytes);
  after_.scratch.resize(map.scratch_bytes);
  p_ = event.rows.data();
  end_ = p_ + event.rows.size();
  return absl::OkStatus();
}

void RowDecoder::ChooseColumns(absl::Span<const uint8_t> bits, size_t columns,
                               Image* image) {
  image->present.clear();
  image->absent.clear();
  for (size_t i = 0; i < columns; ++i) {
    const bool is_present = i / 8 < bits.size() && HasBit(bits.data(), i);
    (is_present ? image->present : image->absent)
        .push_back(static_cast<uint16_t>(i));
  }
}

absl::Status RowDecoder::Next(absl::Span<Value> before,
                              absl::Span<Value> after) {
  const size_t columns = map_->steps.size();
  if ((has_before_ && before.size() < columns) ||
      (has_after_ && after.size() < columns)) {
    return absl::InternalError("too little room for a row's values");
  }
  if (has_before_) BINFERRY_RETURN_IF_ERROR(DecodeImage(&before_, before));
  if (has_after_) return DecodeImage(&after_, after);
  return absl::OkStatus();
}

absl::Status RowDecoder::DecodeImage(Image* image, absl::Span<Value> values) {
  const size_t count = image->present.size();
  const size_t null_bytes = (count + 7) / 8;
  const uint8_t* p = p_;
  if (static_cast<size_t>(end_ - p) < null_bytes) return Damaged(0);
  const uint8_t* const nulls = p;
  p += null_bytes;
  char* const scratch = image->scratch.data();
  for (size_t i = 0; i < count; ++i) {
    const size_t column = image->present[i];
    Value& value = values[column];
    if (HasBit(nulls, i)) {
      value.kind = Value::Kind::kNull;
      continue;
    }
    const DecodeStep& step = map_->steps[column];
    size_t left = static_cast<size_t>(end_ - p);
    size_t bytes = step.bytes;
    if (step.length_bytes != 0) {
      if (left < step.length_bytes) return Damaged(column);
      bytes = ReadLittleEndian(p, step.length_bytes);
      p += step.length_bytes;
      left -= step.length_bytes;
    }
    if (left < bytes) return Damaged(column);
    if (!DecodeValue(step, p, bytes, left, scratch, &value)) {
      return Damaged(column);
    }
    p += bytes;
  }
  for (const uint16_t column : image->absent) {
    values[column].kind = Value::Kind::kAbsent;
  }
  p_ = p;
  return absl::OkStatus();
}

absl::Status RowDecoder::Skip() {
  if (has_before_) BINFERRY_RETURN_IF_ERROR(SkipImage(before_));
  if (has_after_) return SkipImage(after_);
  return absl::OkStatus();
}

absl::Status RowDecoder::SkipImage(const Image& image) {
  const size_t count = image.present.size();
  const size_t null_bytes = (count + 7) / 8;
  const uint8_t* p = p_;
  if (static_cast<size_t>(end_ - p) < null_bytes) return Damaged(0);
  const uint8_t* const nulls = p;
  p += null_bytes;
  for (size_t i = 0; i < count; ++i) {
    if (HasBit(nulls, i)) continue;
    const DecodeStep& step = map_->steps[image.present[i]];
    size_t bytes = step.bytes;
    if (step.length_bytes != 0) {
      if (static_cast<size_t>(end_ - p) < step.length_bytes) {
        return Damaged(image.present[i]);
      }
      bytes = ReadLittleEndian(p, step.length_bytes);
      p += step.length_bytes;
    }
    if (static_cast<size_t>(end_ - p) < bytes) return Damaged(image.present[i]);
    p += bytes;
  }
  p_ = p;
  return absl::OkStatus();
}

absl::Status RowDecoder::Damaged(size_t column) const {
  const TableSchema& schema = map_->schema;
  return absl::DataLossError(absl::StrCat(
      "a damaged row: the value of ", schema.database, ".", schema.table, ".",
      schema.columns[column].name, " is cut off or no value of its type"));
}

absl::StatusOr<uint64_t> CountRows(const TableMap& map,
                                   const RowsEvent& event) {
  RowDecoder decoder;
  BINFERRY_RETURN_IF_ERROR(decoder.Start(map, event));
  uint64_t rows = 0;
  for (; decoder.HasNext(); ++rows) BINFERRY_RETURN_IF_ERROR(decoder.Skip());
  return rows;
}

}  // namespace binferry::worker
