#include "worker/binlog/table_map.h"

#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/column_metadata.h"
#include "worker/binlog/decimal.h"
#include "worker/binlog/temporal.h"
#include "worker/binlog/wire_type.h"
#include "worker/charset/charset.h"

namespace binferry::worker {
namespace {

using Operation = DecodeStep::Operation;

constexpr uint64_t kMaxColumns = 4096;

// The names of the columns that functional indexes made before MySQL 8.0.18.
constexpr absl::string_view kHiddenPrefix = "!hidden!";

// Builds one TableMap.
class Builder {
 public:
  Builder(const TableMapEvent& event, MissingNames missing_names)
      : event_(event), missing_names_(missing_names) {
    map_.schema.database = std::string(event.database);
    map_.schema.table = std::string(event.table);
  }

  absl::StatusOr<TableMap> Build() &&;

 private:
  absl::Status CheckNames() const;
  absl::Status ReadName(size_t index);
  // Each of these fills `column_` and `step_`.
  absl::Status ReadType(uint8_t type);
  absl::Status ReadFixed(ColumnKind kind, Operation operation, uint8_t bytes);
  absl::Status ReadInteger(ColumnKind kind, uint8_t bytes);
  absl::Status ReadReal(ColumnKind kind, Operation operation, uint8_t bytes);
  absl::Status ReadSign();
  absl::Status ReadYear();
  absl::Status ReadDecimal();
  absl::Status ReadBit();
  absl::Status ReadTemporal(ColumnKind kind, Operation operation,
                            uint8_t whole_bytes);
  absl::Status ReadString();
  absl::Status ReadLabels(ColumnKind kind, uint32_t bytes);
  absl::Status ReadLabelCharset();
  absl::Status ReadVarchar();
  absl::Status ReadLength(ColumnKind kind, Operation operation);
  absl::Status ReadBlob();
  absl::Status ReadJson();
  absl::Status ReadGeometry();
  absl::Status ReadVector();
  absl::Status ReadTypedArray();
  // Chooses between the kinds by the column's collation.
  absl::Status ReadCharset(ColumnKind text, ColumnKind binary);
  void ReserveScratch(size_t bytes);
  absl::Status ReadKey();

  absl::Status Malformed() const {
    return absl::DataLossError(absl::StrCat(
        "a malformed table map of ", event_.database, ".", event_.table));
  }
  // An optional field is damaged, or there are none.
  absl::Status Missing() const;
  absl::Status Refuse(absl::string_view what) const {
    return absl::UnimplementedError(absl::StrCat(
        "Binferry does not carry ", what, ", which the column ",
        event_.database, ".", event_.table, ".", column_.name,
        " has: take the table out of the task's objects, or change the "
        "column"));
  }

  const TableMapEvent& event_;
  const MissingNames missing_names_;
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
  BINFERRY_RETURN_IF_ERROR(CheckNames());
  types_metadata_ = ByteReader(types_metadata);
  map_.schema.columns.reserve(count);
  map_.steps.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    column_ = Column();
    step_ = DecodeStep();
    column_.is_nullable = (nullable[i / 8] >> (i % 8) & 1) != 0;
    BINFERRY_RETURN_IF_ERROR(ReadName(i));
    BINFERRY_RETURN_IF_ERROR(ReadType(types[i]));
    map_.schema.columns.push_back(std::move(column_));
    map_.steps.push_back(step_);
  }
  if (!types_metadata_.AtEnd()) return Malformed();
  BINFERRY_RETURN_IF_ERROR(ReadKey());
  return std::move(map_);
}

absl::Status Builder::CheckNames() const {
  if (metadata_.has_names()) return absl::OkStatus();
  switch (missing_names_) {
    case MissingNames::kNumber:
      return absl::OkStatus();
    case MissingNames::kRefuse:
      break;
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the source's binlog has no column names for the table ", event_.database,
      ".", event_.table,
      ": binlog_row_metadata is MINIMAL there. Run SET PERSIST "
      "binlog_row_metadata=FULL on the source and start behind this place"));
}

absl::Status Builder::ReadName(size_t index) {
  if (!metadata_.has_names()) {
    column_.name = absl::StrCat("@", index + 1);
    return absl::OkStatus();
  }
  const std::optional<absl::string_view> name = metadata_.NextName();
  if (!name.has_value()) return Malformed();
  column_.name = std::string(*name);
  // Users may give columns such names too. Sources that tell which columns are
  // visible log no hidden ones.
  column_.is_hidden = !metadata_.has_visibility() &&
                      absl::StartsWith(column_.name, kHiddenPrefix);
  return absl::OkStatus();
}

absl::Status Builder::ReadType(uint8_t type) {
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
    case WireType::kBit:
      return ReadBit();
    case WireType::kYear:
      return ReadYear();
    case WireType::kDate:
    case WireType::kNewDate:
      return ReadFixed(ColumnKind::kDate, Operation::kDate, kDateBytes);
    case WireType::kTime:
      return ReadTemporal(ColumnKind::kTime, Operation::kTime, kTimeBytes);
    case WireType::kDatetime:
      return ReadTemporal(ColumnKind::kDatetime, Operation::kDatetime,
                          kDatetimeBytes);
    case WireType::kTimestamp:
      return ReadTemporal(ColumnKind::kTimestamp, Operation::kTimestamp,
                          kTimestampBytes);
    case WireType::kOldTime:
      return ReadFixed(ColumnKind::kTime, Operation::kOldTime, kOldTimeBytes);
    case WireType::kOldDatetime:
      return ReadFixed(ColumnKind::kDatetime, Operation::kOldDatetime,
                       kOldDatetimeBytes);
    case WireType::kOldTimestamp:
      return ReadFixed(ColumnKind::kTimestamp, Operation::kOldTimestamp,
                       kOldTimestampBytes);
    case WireType::kVarchar:
    case WireType::kVarString:
      return ReadVarchar();
    case WireType::kString:
    case WireType::kEnum:
    case WireType::kSet:
      return ReadString();
    case WireType::kTinyBlob:
    case WireType::kMediumBlob:
    case WireType::kLongBlob:
    case WireType::kBlob:
      return ReadBlob();
    case WireType::kJson:
      return ReadJson();
    case WireType::kGeometry:
      return ReadGeometry();
    case WireType::kVector:
      return ReadVector();
    case WireType::kTypedArray:
      return ReadTypedArray();
    case WireType::kOldDecimal:
      return Refuse("the type DECIMAL in the format before MySQL 5.0");
    case WireType::kMariadbBlobCompressed:
      return Refuse("the type BLOB COMPRESSED");
    case WireType::kMariadbVarcharCompressed:
      return Refuse("the type VARCHAR COMPRESSED");
  }
  return Refuse(absl::StrCat("the type number ", type));
}

absl::Status Builder::Missing() const {
  if (!metadata_.is_empty()) return Malformed();
  return absl::FailedPreconditionError(absl::StrCat(
      "the binlog does not tell signs and character sets of the table ",
      event_.database, ".", event_.table,
      ": the source is older than MySQL 8.0.1, which Binferry does not read"));
}

absl::Status Builder::ReadFixed(ColumnKind kind, Operation operation,
                                uint8_t bytes) {
  column_.kind = kind;
  step_.operation = operation;
  step_.bytes = bytes;
  return absl::OkStatus();
}

absl::Status Builder::ReadInteger(ColumnKind kind, uint8_t bytes) {
  BINFERRY_RETURN_IF_ERROR(ReadSign());
  return ReadFixed(
      kind, column_.is_unsigned ? Operation::kUnsigned : Operation::kSigned,
      bytes);
}

absl::Status Builder::ReadReal(ColumnKind kind, Operation operation,
                               uint8_t bytes) {
  if (types_metadata_.U8() != bytes || !types_metadata_.ok()) {
    return Malformed();
  }
  BINFERRY_RETURN_IF_ERROR(ReadSign());
  return ReadFixed(kind, operation, bytes);
}

absl::Status Builder::ReadSign() {
  const std::optional<bool> is_unsigned = metadata_.NextIsUnsigned();
  if (!is_unsigned.has_value()) return Missing();
  column_.is_unsigned = *is_unsigned;
  return absl::OkStatus();
}

// Its sign is 0 or 1, depending on the version, and means nothing.
absl::Status Builder::ReadYear() {
  BINFERRY_RETURN_IF_ERROR(ReadSign());
  column_.is_unsigned = false;
  return ReadFixed(ColumnKind::kYear, Operation::kYear, 1);
}

absl::Status Builder::ReadDecimal() {
  constexpr uint8_t kMaxPrecision = 65;
  constexpr uint8_t kMaxScale = 30;
  column_.precision = types_metadata_.U8();
  column_.scale = types_metadata_.U8();
  if (!types_metadata_.ok() || column_.precision == 0 ||
      column_.precision > kMaxPrecision || column_.scale > kMaxScale ||
      column_.scale > column_.precision) {
    return Malformed();
  }
  step_.precision = column_.precision;
  step_.scale = column_.scale;
  ReserveScratch(kMaxDecimalBytes);
  BINFERRY_RETURN_IF_ERROR(ReadSign());
  return ReadFixed(
      ColumnKind::kDecimal, Operation::kDecimal,
      static_cast<uint8_t>(DecimalBytes(column_.precision, column_.scale)));
}

// The metadata are the bits beyond whole bytes, and the whole bytes.
absl::Status Builder::ReadBit() {
  constexpr uint32_t kMaxBits = 64;
  const uint32_t odd_bits = types_metadata_.U8();
  const uint32_t bits = odd_bits + 8u * types_metadata_.U8();
  if (!types_metadata_.ok() || odd_bits > 7 || bits == 0 || bits > kMaxBits) {
    return Malformed();
  }
  column_.precision = static_cast<uint8_t>(bits);
  step_.limit = static_cast<uint16_t>(bits);
  return ReadFixed(ColumnKind::kBit, Operation::kBit,
                   static_cast<uint8_t>((bits + 7) / 8));
}

absl::Status Builder::ReadTemporal(ColumnKind kind, Operation operation,
                                   uint8_t whole_bytes) {
  constexpr uint8_t kMaxDigits = 6;
  const uint8_t digits = types_metadata_.U8();
  if (!types_metadata_.ok() || digits > kMaxDigits) return Malformed();
  column_.fraction_digits = digits;
  step_.fraction_digits = digits;
  return ReadFixed(kind, operation,
                   static_cast<uint8_t>(whole_bytes + FractionBytes(digits)));
}

// CHAR, BINARY, and ENUM and SET in disguise. Lengths above 255 have their high
// bits, inverted, in the type's byte.
absl::Status Builder::ReadString() {
  constexpr uint8_t kLengthBits = 0x30;
  const uint8_t type = types_metadata_.U8();
  const uint32_t low = types_metadata_.U8();
  if (!types_metadata_.ok()) return Malformed();
  const auto real_type = static_cast<WireType>(type);
  if (real_type == WireType::kEnum) return ReadLabels(ColumnKind::kEnum, low);
  if (real_type == WireType::kSet) return ReadLabels(ColumnKind::kSet, low);
  if (static_cast<WireType>(type | kLengthBits) != WireType::kString) {
    return Malformed();
  }
  const uint32_t high = static_cast<uint32_t>(~type & kLengthBits) << 4;
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

absl::Status Builder::ReadLabels(ColumnKind kind, uint32_t bytes) {
  const bool is_enum = kind == ColumnKind::kEnum;
  const bool has_room =
      is_enum ? bytes == 1 || bytes == 2 : bytes == 8 || (bytes - 1) < 4;
  if (!has_room) return Malformed();
  column_.max_bytes = bytes;
  BINFERRY_RETURN_IF_ERROR(
      ReadFixed(kind, is_enum ? Operation::kEnum : Operation::kSet,
                static_cast<uint8_t>(bytes)));
  if (!metadata_.has_names()) return absl::OkStatus();
  std::optional<std::vector<std::string>> labels =
      is_enum ? metadata_.NextEnumLabels() : metadata_.NextSetLabels();
  if (!labels.has_value()) return Malformed();
  column_.labels = *std::move(labels);
  step_.limit = static_cast<uint16_t>(column_.labels.size());
  return ReadLabelCharset();
}

absl::Status Builder::ReadLabelCharset() {
  if (metadata_.has_label_collations()) {
    const std::optional<uint32_t> collation = metadata_.NextLabelCollation();
    if (!collation.has_value()) return Malformed();
    const absl::StatusOr<Charset> charset = CharsetOfCollation(*collation);
    if (!charset.ok()) return Refuse(charset.status().message());
    column_.charset = *charset;
    return absl::OkStatus();
  }
  column_.charset = Charset::kUtf8mb4;
  if (missing_names_ == MissingNames::kNumber ||
      AreAsciiInAnyCharset(column_.labels)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "the source's binlog does not tell the character set of the labels of ",
      event_.database, ".", event_.table, ".", column_.name,
      ", which are not ASCII in all of them: upgrade the source to a later "
      "MySQL 8.0, or take the table out of the task's objects"));
}

absl::Status Builder::ReadVarchar() {
  column_.max_bytes = step_.max_bytes = types_metadata_.U16();
  if (!types_metadata_.ok()) return Malformed();
  step_.length_bytes = column_.max_bytes > 255 ? 2 : 1;
  return ReadCharset(ColumnKind::kVarchar, ColumnKind::kVarbinary);
}

// The metadata is how many bytes the length before each value has.
absl::Status Builder::ReadLength(ColumnKind kind, Operation operation) {
  step_.length_bytes = types_metadata_.U8();
  if (step_.length_bytes < 1 || step_.length_bytes > 4) return Malformed();
  column_.max_bytes = step_.length_bytes;
  return ReadFixed(kind, operation, 0);
}

absl::Status Builder::ReadBlob() {
  BINFERRY_RETURN_IF_ERROR(ReadLength(ColumnKind::kBlob, Operation::kBytes));
  switch (step_.length_bytes) {
    case 1:
      return ReadCharset(ColumnKind::kTinyText, ColumnKind::kTinyBlob);
    case 2:
      return ReadCharset(ColumnKind::kText, ColumnKind::kBlob);
    case 3:
      return ReadCharset(ColumnKind::kMediumText, ColumnKind::kMediumBlob);
    default:
      return ReadCharset(ColumnKind::kLongText, ColumnKind::kLongBlob);
  }
}

absl::Status Builder::ReadJson() {
  column_.charset = Charset::kUtf8mb4;
  step_.json_index = static_cast<uint16_t>(map_.json_columns++);
  return ReadLength(ColumnKind::kJson, Operation::kJson);
}

absl::Status Builder::ReadGeometry() {
  constexpr ColumnKind kKinds[] = {
      ColumnKind::kGeometry,     ColumnKind::kPoint,
      ColumnKind::kLineString,   ColumnKind::kPolygon,
      ColumnKind::kMultiPoint,   ColumnKind::kMultiLineString,
      ColumnKind::kMultiPolygon, ColumnKind::kGeometryCollection};
  const std::optional<uint64_t> type = metadata_.NextGeometryType();
  if (!type.has_value()) return Missing();
  if (*type >= std::size(kKinds)) return Malformed();
  return ReadLength(kKinds[*type], Operation::kBytes);
}

absl::Status Builder::ReadVector() {
  if (!metadata_.NextCollation().has_value()) return Missing();
  return ReadLength(ColumnKind::kVector, Operation::kVector);
}

// The hidden column of a multi-valued index, which MySQL 8.0.17 alone logs: the
// type of the elements, then what that type has. The images have no values.
absl::Status Builder::ReadTypedArray() {
  constexpr uint8_t kLengthBytes = 4;
  if (!column_.is_hidden) return Refuse("an array type");
  const auto element = static_cast<WireType>(types_metadata_.U8());
  if (element == WireType::kDecimal) {
    types_metadata_.Skip(2);
  } else if (element == WireType::kVarchar) {
    types_metadata_.Skip(3);  // A byte more than elsewhere.
  } else if (element == WireType::kDouble || element == WireType::kTime ||
             element == WireType::kDatetime) {
    types_metadata_.Skip(1);
  }
  if (!types_metadata_.ok()) return Malformed();
  column_.max_bytes = step_.length_bytes = kLengthBytes;
  return ReadFixed(ColumnKind::kLongBlob, Operation::kBytes, 0);
}

absl::Status Builder::ReadCharset(ColumnKind text, ColumnKind binary) {
  const std::optional<uint32_t> collation = metadata_.NextCollation();
  if (!collation.has_value()) return Missing();
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
  std::vector<uint16_t>& columns = map_.schema.key_columns;
  for (const uint64_t column : *key) {
    if (column >= map_.schema.columns.size() ||
        absl::c_linear_search(columns, column)) {
      return Malformed();
    }
    columns.push_back(static_cast<uint16_t>(column));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TableMap> BuildTableMap(const TableMapEvent& event,
                                       MissingNames missing_names) {
  return Builder(event, missing_names).Build();
}

}  // namespace binferry::worker
