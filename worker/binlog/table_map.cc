#include "worker/binlog/table_map.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/column_metadata.h"
#include "worker/binlog/decimal.h"
#include "worker/binlog/temporal.h"
#include "worker/charset/charset.h"

namespace binferry::worker {
namespace {

using Operation = DecodeStep::Operation;

constexpr uint64_t kMaxColumns = 4096;

// The column types on the wire (enum_field_types in mysql-server).
enum class WireType : uint8_t {
  kOldDecimal = 0,
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kOldTimestamp = 7,
  kLongLong = 8,
  kInt24 = 9,
  kDate = 10,
  kOldTime = 11,
  kOldDatetime = 12,
  kYear = 13,
  kVarchar = 15,
  kBit = 16,
  kTimestamp = 17,
  kDatetime = 18,
  kTime = 19,
  kMariadbBlobCompressed = 140,
  kMariadbVarcharCompressed = 141,
  kVector = 242,
  kJson = 245,
  kDecimal = 246,
  kEnum = 247,
  kSet = 248,
  kTinyBlob = 249,
  kMediumBlob = 250,
  kLongBlob = 251,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

// The SQL name of a type that is refused; "" for those that are carried.
absl::string_view RefusedTypeName(WireType type) {
  switch (type) {
    case WireType::kOldDecimal:
      return "DECIMAL in the format before MySQL 5.0";
    case WireType::kOldTimestamp:
      return "TIMESTAMP in the format before MySQL 5.6";
    case WireType::kOldTime:
      return "TIME in the format before MySQL 5.6";
    case WireType::kOldDatetime:
      return "DATETIME in the format before MySQL 5.6";
    case WireType::kYear:
      return "YEAR";
    case WireType::kBit:
      return "BIT";
    case WireType::kMariadbBlobCompressed:
      return "BLOB COMPRESSED";
    case WireType::kMariadbVarcharCompressed:
      return "VARCHAR COMPRESSED";
    case WireType::kVector:
      return "VECTOR";
    case WireType::kJson:
      return "JSON";
    case WireType::kEnum:
      return "ENUM";
    case WireType::kSet:
      return "SET";
    case WireType::kGeometry:
      return "GEOMETRY";
    case WireType::kTiny:
    case WireType::kShort:
    case WireType::kLong:
    case WireType::kFloat:
    case WireType::kDouble:
    case WireType::kLongLong:
    case WireType::kInt24:
    case WireType::kDate:
    case WireType::kVarchar:
    case WireType::kTimestamp:
    case WireType::kDatetime:
    case WireType::kTime:
    case WireType::kDecimal:
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
    case WireType::kVarString:
    case WireType::kString:
      break;
  }
  return "";
}

// Builds one TableMap.
class Builder {
 public:
  explicit Builder(const TableMapEvent& event) : event_(event) {
    map_.schema.database = std::string(event.database);
    map_.schema.table = std::string(event.table);
  }

  absl::StatusOr<TableMap> Build() &&;

 private:
  absl::Status AddColumn(uint8_t type);
  // Each fills `column_` and `step_`.
  absl::Status ReadInteger(ColumnKind kind, uint8_t bytes);
  absl::Status ReadReal(ColumnKind kind, Operation operation, uint8_t bytes);
  absl::Status ReadSign();
  absl::Status ReadDecimal();
  absl::Status ReadTemporal(ColumnKind kind, Operation operation,
                            uint8_t whole_bytes);
  absl::Status ReadString();
  absl::Status ReadVarchar();
  absl::Status ReadBlob();
  // Chooses between the kinds by the column's collation.
  absl::Status ReadCharset(ColumnKind text, ColumnKind binary);
  void ReserveScratch(size_t bytes);
  absl::Status ReadKey();

  absl::Status Malformed() const {
    return absl::DataLossError(absl::StrCat(
        "a malformed table map of ", event_.database, ".", event_.table));
  }
  absl::Status Refuse(absl::string_view what) const {
    return absl::UnimplementedError(absl::StrCat(
        "Binferry does not carry ", what, ", which the column ",
        event_.database, ".", event_.table, ".", column_.name,
        " has: take the table out of the task's objects, or change the "
        "column"));
  }

  const TableMapEvent& event_;
  TableMap map_;
  ByteReader types_metadata_{absl::Span<const uint8_t>()};
  ColumnMetadata metadata_;
  // The column being read.
  Column column_;
  DecodeStep step_;
};

absl::StatusOr<TableMap> Builder::Build() && {
  ByteReader reader(AsBytes(event_.identity));
  reader.Skip(2);  // Flags.
  reader.PackedBytes();
  reader.Skip(1);
  reader.PackedBytes();
  reader.Skip(1);
  const uint64_t count = reader.Packed();
  if (!reader.ok() || count == 0 || count > kMaxColumns) return Malformed();
  const absl::Span<const uint8_t> types = reader.Bytes(count);
  const absl::Span<const uint8_t> types_metadata = reader.PackedBytes();
  const absl::Span<const uint8_t> nullable = reader.Bytes((count + 7) / 8);
  if (!reader.ok() || !metadata_.Parse(reader.Rest())) return Malformed();
  if (!metadata_.has_names()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the source's binlog has no column names for the table ",
        event_.database, ".", event_.table,
        ": binlog_row_metadata is MINIMAL there. Run SET PERSIST "
        "binlog_row_metadata=FULL on the source and start behind this place"));
  }
  types_metadata_ = ByteReader(types_metadata);
  map_.schema.columns.reserve(count);
  map_.steps.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    column_ = Column();
    step_ = DecodeStep();
    column_.is_nullable = (nullable[i / 8] >> (i % 8) & 1) != 0;
    BINFERRY_RETURN_IF_ERROR(AddColumn(types[i]));
    map_.schema.columns.push_back(std::move(column_));
    map_.steps.push_back(step_);
  }
  BINFERRY_RETURN_IF_ERROR(ReadKey());
  return std::move(map_);
}

absl::Status Builder::AddColumn(uint8_t type) {
  const std::optional<absl::string_view> name = metadata_.NextName();
  if (!name.has_value()) return Malformed();
  column_.name = std::string(*name);
  switch (static_cast<WireType>(type)) {
    case WireType::kTiny:
      return ReadInteger(ColumnKind::kTinyInt, 1);
    case WireType::kShort:
      return ReadInteger(ColumnKind::kSmallInt, 2);
    case WireType::kInt24:
      return ReadInteger(ColumnKind::kMediumInt, 3);
    case WireType::kLong:
      return ReadInteger(ColumnKind::kInt, 4);
    case WireType::kLongLong:
      return ReadInteger(ColumnKind::kBigInt, 8);
    case WireType::kFloat:
      return ReadReal(ColumnKind::kFloat, Operation::kFloat, sizeof(float));
    case WireType::kDouble:
      return ReadReal(ColumnKind::kDouble, Operation::kDouble, sizeof(double));
    case WireType::kDecimal:
      return ReadDecimal();
    case WireType::kDate:
      column_.kind = ColumnKind::kDate;
      step_.operation = Operation::kDate;
      step_.bytes = kDateBytes;
      return absl::OkStatus();
    case WireType::kTime:
      return ReadTemporal(ColumnKind::kTime, Operation::kTime, kTimeBytes);
    case WireType::kDatetime:
      return ReadTemporal(ColumnKind::kDatetime, Operation::kDatetime,
                          kDatetimeBytes);
    case WireType::kTimestamp:
      return ReadTemporal(ColumnKind::kTimestamp, Operation::kTimestamp,
                          kTimestampBytes);
    case WireType::kVarchar:
    case WireType::kVarString:
      return ReadVarchar();
    case WireType::kString:
      return ReadString();
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
      return ReadBlob();
    case WireType::kOldDecimal:
    case WireType::kOldTimestamp:
    case WireType::kOldTime:
    case WireType::kOldDatetime:
    case WireType::kYear:
    case WireType::kBit:
    case WireType::kMariadbBlobCompressed:
    case WireType::kMariadbVarcharCompressed:
    case WireType::kVector:
    case WireType::kJson:
    case WireType::kEnum:
    case WireType::kSet:
    case WireType::kGeometry:
      break;
  }
  const absl::string_view refused =
      RefusedTypeName(static_cast<WireType>(type));
  return Refuse(absl::StrCat("the type ", refused.empty() ? "number " : refused,
                             refused.empty() ? absl::StrCat(type) : ""));
}

absl::Status Builder::ReadInteger(ColumnKind kind, uint8_t bytes) {
  column_.kind = kind;
  step_.bytes = bytes;
  BINFERRY_RETURN_IF_ERROR(ReadSign());
  step_.operation =
      column_.is_unsigned ? Operation::kUnsigned : Operation::kSigned;
  return absl::OkStatus();
}

absl::Status Builder::ReadReal(ColumnKind kind, Operation operation,
                               uint8_t bytes) {
  column_.kind = kind;
  step_.operation = operation;
  step_.bytes = bytes;
  if (types_metadata_.U8() != bytes || !types_metadata_.ok()) {
    return Malformed();
  }
  return ReadSign();
}

absl::Status Builder::ReadDecimal() {
  constexpr uint8_t kMaxPrecision = 65;
  constexpr uint8_t kMaxScale = 30;
  column_.kind = ColumnKind::kDecimal;
  column_.precision = types_metadata_.U8();
  column_.scale = types_metadata_.U8();
  if (!types_metadata_.ok() || column_.precision == 0 ||
      column_.precision > kMaxPrecision || column_.scale > kMaxScale ||
      column_.scale > column_.precision) {
    return Malformed();
  }
  step_.operation = Operation::kDecimal;
  step_.precision = column_.precision;
  step_.scale = column_.scale;
  step_.bytes =
      static_cast<uint8_t>(DecimalBytes(column_.precision, column_.scale));
  ReserveScratch(kMaxDecimalBytes);
  return ReadSign();
}

absl::Status Builder::ReadSign() {
  const std::optional<bool> is_unsigned = metadata_.NextIsUnsigned();
  if (!is_unsigned.has_value()) return Malformed();
  column_.is_unsigned = *is_unsigned;
  return absl::OkStatus();
}

absl::Status Builder::ReadTemporal(ColumnKind kind, Operation operation,
                                   uint8_t whole_bytes) {
  constexpr uint8_t kMaxDigits = 6;
  const uint8_t digits = types_metadata_.U8();
  if (!types_metadata_.ok() || digits > kMaxDigits) return Malformed();
  column_.kind = kind;
  column_.fraction_digits = digits;
  step_.operation = operation;
  step_.fraction_digits = digits;
  step_.bytes = static_cast<uint8_t>(whole_bytes + FractionBytes(digits));
  return absl::OkStatus();
}

// CHAR, BINARY, and ENUM and SET in disguise. Lengths above 255 have their high
// bits, inverted, in the type's byte.
absl::Status Builder::ReadString() {
  constexpr uint8_t kLengthBits = 0x30;
  const uint8_t type = types_metadata_.U8();
  const uint32_t low = types_metadata_.U8();
  if (!types_metadata_.ok()) return Malformed();
  const uint32_t high = static_cast<uint32_t>(~type & kLengthBits) << 4;
  const auto real_type = static_cast<WireType>(type | kLengthBits);
  if (real_type == WireType::kEnum || real_type == WireType::kSet) {
    return Refuse(absl::StrCat("the type ", RefusedTypeName(real_type)));
  }
  if (real_type != WireType::kString) return Malformed();
  column_.max_bytes = step_.max_bytes = high | low;
  step_.length_bytes = column_.max_bytes > 255 ? 2 : 1;
  BINFERRY_RETURN_IF_ERROR(ReadCharset(ColumnKind::kChar, ColumnKind::kBinary));
  if (column_.kind == ColumnKind::kBinary) {
    // The binlog has it without its trailing zero bytes.
    step_.operation = Operation::kPadded;
    ReserveScratch(column_.max_bytes);
  }
  return absl::OkStatus();
}

absl::Status Builder::ReadVarchar() {
  column_.max_bytes = step_.max_bytes = types_metadata_.U16();
  if (!types_metadata_.ok()) return Malformed();
  step_.length_bytes = column_.max_bytes > 255 ? 2 : 1;
  return ReadCharset(ColumnKind::kVarchar, ColumnKind::kVarbinary);
}

absl::Status Builder::ReadBlob() {
  step_.length_bytes = types_metadata_.U8();
  column_.max_bytes = step_.length_bytes;
  switch (step_.length_bytes) {
    case 1:
      return ReadCharset(ColumnKind::kTinyText, ColumnKind::kTinyBlob);
    case 2:
      return ReadCharset(ColumnKind::kText, ColumnKind::kBlob);
    case 3:
      return ReadCharset(ColumnKind::kMediumText, ColumnKind::kMediumBlob);
    case 4:
      return ReadCharset(ColumnKind::kLongText, ColumnKind::kLongBlob);
    default:
      return Malformed();
  }
}

absl::Status Builder::ReadCharset(ColumnKind text, ColumnKind binary) {
  const std::optional<uint32_t> collation = metadata_.NextCollation();
  if (!collation.has_value()) return Malformed();
  const absl::StatusOr<Charset> charset = CharsetOfCollation(*collation);
  if (!charset.ok()) return Refuse(charset.status().message());
  column_.charset = *charset;
  const bool is_binary = *charset == Charset::kBinary;
  column_.kind = is_binary ? binary : text;
  step_.operation = is_binary ? Operation::kBytes : Operation::kText;
  return absl::OkStatus();
}

void Builder::ReserveScratch(size_t bytes) {
  step_.scratch_offset = static_cast<uint32_t>(map_.scratch_bytes);
  map_.scratch_bytes += bytes;
}

absl::Status Builder::ReadKey() {
  const std::optional<std::vector<uint64_t>> key = metadata_.KeyColumns();
  if (!key.has_value()) return Malformed();
  for (const uint64_t column : *key) {
    if (column >= map_.schema.columns.size()) return Malformed();
    map_.schema.key_columns.push_back(static_cast<uint16_t>(column));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TableMap> BuildTableMap(const TableMapEvent& event) {
  return Builder(event).Build();
}

}  // namespace binferry::worker
