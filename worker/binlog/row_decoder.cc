#include "worker/binlog/row_decoder.h"

#include <bit>
#include <cstring>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/decimal.h"
#include "worker/binlog/json_binary.h"
#include "worker/binlog/json_diff.h"
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

// Whether `value` has no bits but the lowest `bits`, 1 to 64.
bool IsBelowBit(uint64_t value, size_t bits) {
  return bits >= 64 || value >> bits == 0;
}

bool Put(Value::Kind kind, uint64_t natural, Value* value) {
  value->kind = kind;
  value->natural = natural;
  return true;
}
bool Put(Value::Kind kind, const uint8_t* p, size_t bytes, Value* value) {
  value->kind = kind;
  value->bytes = {reinterpret_cast<const char*>(p), bytes};
  return true;
}
bool Put(Value::Kind kind, const TemporalFields& temporal, Value* value) {
  value->kind = kind;
  value->temporal = temporal;
  return true;
}

bool PutDecimal(const DecodeStep& step, const uint8_t* p, char* scratch,
                Value* value) {
  char* const text = scratch + step.scratch_offset;
  const char* const end = WriteDecimal(p, step.precision, step.scale, text);
  if (end == nullptr) return false;
  value->kind = Value::Kind::kDecimal;
  value->bytes = {text, static_cast<size_t>(end - text)};
  return true;
}

bool PutPadded(const DecodeStep& step, const uint8_t* p, size_t bytes,
               char* scratch, Value* value) {
  if (bytes > step.max_bytes) return false;
  if (bytes == step.max_bytes) {
    return Put(Value::Kind::kBytes, p, bytes, value);
  }
  char* const padded = scratch + step.scratch_offset;
  if (bytes > 0) std::memcpy(padded, p, bytes);
  std::memset(padded + bytes, 0, step.max_bytes - bytes);
  value->kind = Value::Kind::kBytes;
  value->bytes = {padded, step.max_bytes};
  return true;
}

// Decodes the `bytes` (all of a fixed size value, or what stands behind the
// length) at `p`, behind which `left` bytes may be read; false if they are no
// value.
bool DecodeValue(const DecodeStep& step, const uint8_t* p, size_t bytes,
                 size_t left, char* scratch, Value* value) {
  using Kind = Value::Kind;
  switch (step.operation) {
    case Operation::kSigned:
      value->kind = Kind::kSigned;
      value->integer = ExtendSign(LoadInteger(p, bytes, left), bytes);
      return true;
    case Operation::kUnsigned:
      return Put(Kind::kUnsigned, LoadInteger(p, bytes, left), value);
    case Operation::kFloat:
      value->kind = Kind::kFloat;
      value->real32 =
          std::bit_cast<float>(static_cast<uint32_t>(ReadLittleEndian(p, 4)));
      return true;
    case Operation::kDouble:
      value->kind = Kind::kDouble;
      value->real64 = std::bit_cast<double>(ReadLittleEndian(p, 8));
      return true;
    case Operation::kDecimal:
      return PutDecimal(step, p, scratch, value);
    case Operation::kDate:
      return Put(Kind::kDate, ReadDate(p), value);
    case Operation::kTime:
      return Put(Kind::kTime, ReadTime(p, step.fraction_digits), value);
    case Operation::kDatetime:
      return Put(Kind::kDatetime, ReadDatetime(p, step.fraction_digits), value);
    case Operation::kTimestamp:
      return Put(Kind::kTimestamp, ReadTimestamp(p, step.fraction_digits),
                 value);
    case Operation::kText:
      return Put(Kind::kText, p, bytes, value);
    case Operation::kBytes:
      return Put(Kind::kBytes, p, bytes, value);
    case Operation::kPadded:
      return PutPadded(step, p, bytes, scratch, value);
    case Operation::kJson:
      return false;  // The caller's.
    case Operation::kVector:
      return bytes % sizeof(float) == 0 && Put(Kind::kVector, p, bytes, value);
    case Operation::kBit:
      Put(Kind::kUnsigned, ReadBigEndian(p, bytes), value);
      return IsBelowBit(value->natural, step.limit);
    case Operation::kYear:
      return Put(Kind::kYear, *p == 0 ? 0u : 1900u + *p, value);
    case Operation::kEnum:
      Put(Kind::kEnum, LoadInteger(p, bytes, left), value);
      return step.limit == 0 || value->natural <= step.limit;
    case Operation::kSet:
      Put(Kind::kSet, LoadInteger(p, bytes, left), value);
      return step.limit == 0 || IsBelowBit(value->natural, step.limit);
    case Operation::kOldTimestamp:
      return Put(Kind::kTimestamp, ReadOldTimestamp(p), value);
    case Operation::kOldTime:
      return Put(Kind::kTime, ReadOldTime(p), value);
    case Operation::kOldDatetime:
      value->kind = Kind::kDatetime;
      return ReadOldDatetime(p, &value->temporal);
  }
  return false;
}

}  // namespace

absl::Status RowDecoder::Start(const TableMap& map, const RowsEvent& event,
                               Columns columns,
                               absl::Span<const uint16_t> some) {
  map_ = &map;
  p_ = end_ = nullptr;
  has_empty_row_ = false;
  if (event.column_count != map.schema.columns.size()) {
    return absl::DataLossError(absl::StrCat(
        "rows of ", event.column_count, " columns for the table ", TableName(),
        ", whose table map has ", map.schema.columns.size()));
  }
  has_before_ = event.kind != RowsEvent::Kind::kWrite;
  has_after_ = event.kind != RowsEvent::Kind::kDelete;
  is_partial_ = event.is_partial;
  for (Image* const image : {&before_, &after_}) {
    image->present.clear();
    if (image->text.capacity() > kMaxKeptTextBytes) {
      std::string().swap(image->text);
    }
  }
  if (has_before_) {
    BINFERRY_RETURN_IF_ERROR(
        ChooseColumns(event.before_columns, columns, some, &before_));
  }
  if (has_after_) {
    BINFERRY_RETURN_IF_ERROR(
        ChooseColumns(event.after_columns, columns, some, &after_));
  }
  if (before_.present.empty() && after_.present.empty() && !is_partial_) {
    if (!event.rows.empty()) return DamagedRow();
    has_empty_row_ = true;
  }
  p_ = event.rows.data();
  end_ = p_ + event.rows.size();
  return absl::OkStatus();
}

absl::Status RowDecoder::ChooseColumns(absl::Span<const uint8_t> bits,
                                       Columns columns,
                                       absl::Span<const uint16_t> some,
                                       Image* image) const {
  const TableSchema& schema = map_->schema;
  image->absent.clear();
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const uint16_t column = static_cast<uint16_t>(i);
    if (i / 8 >= bits.size() || !HasBit(bits.data(), i)) {
      image->absent.push_back(column);
      continue;
    }
    if (schema.columns[i].is_hidden) {
      return absl::UnimplementedError(absl::StrCat(
          "rows of ", schema.database, ".", schema.table,
          " with values of the column ", schema.columns[i].name,
          ", whose name is that of a functional index's: rename the column"));
    }
    image->present.push_back({column, columns == Columns::kAll});
  }
  if (columns == Columns::kSome) {
    for (PresentColumn& present : image->present) {
      present.is_wanted = absl::c_linear_search(some, present.column);
    }
  }
  image->scratch.resize(map_->scratch_bytes);
  image->documents.resize(map_->json_columns);
  return absl::OkStatus();
}

absl::Status RowDecoder::Next(absl::Span<Value> before,
                              absl::Span<Value> after) {
  const size_t columns = map_->steps.size();
  if ((has_before_ && before.size() < columns) ||
      (has_after_ && after.size() < columns)) {
    return absl::InternalError("too little room for a row's values");
  }
  has_empty_row_ = false;
  if (has_before_) BINFERRY_RETURN_IF_ERROR(DecodeImage(&before_, before, {}));
  if (!has_after_) return absl::OkStatus();
  if (!is_partial_) return DecodeImage(&after_, after, {});
  BINFERRY_RETURN_IF_ERROR(ReadValueOptions());
  return DecodeImage(&after_, after, before);
}

absl::Status RowDecoder::DecodeImage(Image* image, absl::Span<Value> values,
                                     absl::Span<const Value> base) {
  const size_t count = image->present.size();
  const size_t null_bytes = (count + 7) / 8;
  const uint8_t* p = p_;
  if (static_cast<size_t>(end_ - p) < null_bytes) return DamagedRow();
  const uint8_t* const nulls = p;
  p += null_bytes;
  char* const scratch = image->scratch.data();
  image->text.clear();
  image->texts.clear();
  for (size_t i = 0; i < count; ++i) {
    const size_t column = image->present[i].column;
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
    if (image->present[i].is_wanted &&
        !DecodeValue(step, p, bytes, left, scratch, &value)) {
      if (step.operation != Operation::kJson) return Damaged(column);
      BINFERRY_RETURN_IF_ERROR(
          DecodeJson(column, AsText({p, bytes}), base, image, &value));
    }
    p += bytes;
  }
  for (const uint16_t column : image->absent) {
    values[column].kind = Value::Kind::kAbsent;
  }
  // Only now will the text stay where it is.
  for (const TextPlace& place : image->texts) {
    values[place.column].bytes =
        absl::string_view(image->text)
            .substr(place.begin, place.end - place.begin);
  }
  p_ = p;
  return absl::OkStatus();
}

absl::Status RowDecoder::DecodeJson(size_t column, absl::string_view bytes,
                                    absl::Span<const Value> base, Image* image,
                                    Value* value) {
  const size_t index = map_->steps[column].json_index;
  const bool has_diffs =
      !base.empty() && diff_bits_ != nullptr && HasBit(diff_bits_, index);
  if (has_diffs) {
    const Value& before = base[column];
    const bool is_absent = before.kind == Value::Kind::kAbsent;
    if (is_absent && !bytes.empty()) {
      if (missing_document_ == MissingDocument::kRefuse) {
        return MissingDocumentError(column);
      }
      ++missing_documents_;
    }
    if (is_absent || bytes.empty()) {
      *value = before;
      return absl::OkStatus();
    }
    if (before.kind != Value::Kind::kText) return Damaged(column);
  }
  const size_t begin = image->text.size();
  image->documents[index] = bytes;
  const absl::Status status =
      has_diffs
          ? AppendPatchedJsonText(before_.documents[index], bytes, &image->text)
          : AppendJsonText(bytes, &image->text);
  if (!status.ok()) return Damaged(column, status.message());
  value->kind = Value::Kind::kText;
  image->texts.push_back(
      {static_cast<uint16_t>(column), begin, image->text.size()});
  return absl::OkStatus();
}

absl::Status RowDecoder::ReadValueOptions() {
  constexpr uint64_t kHasDiffs = 1;
  ByteReader reader({p_, static_cast<size_t>(end_ - p_)});
  const uint64_t options = reader.Packed();
  if ((options & ~kHasDiffs) != 0) {
    return absl::UnimplementedError(absl::StrCat(
        "Binferry does not know the value options ", options, " of ",
        TableName(),
        "'s rows: run SET PERSIST binlog_row_value_options='' on the source "
        "and start behind this place"));
  }
  diff_bits_ = nullptr;
  if ((options & kHasDiffs) != 0) {
    diff_bits_ = reader.Bytes((map_->json_columns + 7) / 8).data();
  }
  if (!reader.ok()) return DamagedRow();
  p_ = end_ - reader.remaining();
  return absl::OkStatus();
}

absl::Status RowDecoder::Skip() {
  has_empty_row_ = false;
  if (has_before_) BINFERRY_RETURN_IF_ERROR(SkipImage(before_));
  if (!has_after_) return absl::OkStatus();
  if (is_partial_) BINFERRY_RETURN_IF_ERROR(ReadValueOptions());
  return SkipImage(after_);
}

absl::Status RowDecoder::SkipImage(const Image& image) {
  const size_t count = image.present.size();
  const size_t null_bytes = (count + 7) / 8;
  const uint8_t* p = p_;
  if (static_cast<size_t>(end_ - p) < null_bytes) return DamagedRow();
  const uint8_t* const nulls = p;
  p += null_bytes;
  for (size_t i = 0; i < count; ++i) {
    if (HasBit(nulls, i)) continue;
    const size_t column = image.present[i].column;
    const DecodeStep& step = map_->steps[column];
    size_t bytes = step.bytes;
    if (step.length_bytes != 0) {
      if (static_cast<size_t>(end_ - p) < step.length_bytes) {
        return Damaged(column);
      }
      bytes = ReadLittleEndian(p, step.length_bytes);
      p += step.length_bytes;
    }
    if (static_cast<size_t>(end_ - p) < bytes) return Damaged(column);
    p += bytes;
  }
  p_ = p;
  return absl::OkStatus();
}

std::string RowDecoder::TableName() const {
  return absl::StrCat(map_->schema.database, ".", map_->schema.table);
}

std::string RowDecoder::NameOf(size_t column) const {
  return absl::StrCat(TableName(), ".", map_->schema.columns[column].name);
}

absl::Status RowDecoder::DamagedRow() const {
  return absl::DataLossError(absl::StrCat(
      "a damaged row of ", TableName(),
      ": it is cut off, or there are bytes where it has no column"));
}

absl::Status RowDecoder::Damaged(size_t column,
                                 absl::string_view reason) const {
  return absl::DataLossError(absl::StrCat("a damaged row: the value of ",
                                          NameOf(column), " ", reason));
}

absl::Status RowDecoder::MissingDocumentError(size_t column) const {
  return absl::FailedPreconditionError(absl::StrCat(
      "the binlog has only what changed in a document of ", NameOf(column),
      ", not the document: run SET PERSIST binlog_row_value_options='' or SET "
      "PERSIST binlog_row_image=FULL on the source and start behind this "
      "place"));
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
