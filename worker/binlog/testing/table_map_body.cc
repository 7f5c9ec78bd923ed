#include "worker/binlog/testing/table_map_body.h"

#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "worker/binlog/testing/value_bytes.h"
#include "worker/charset/charset.h"

namespace binferry::worker {
namespace {

// What TABLE_MAP says of one column.
struct ColumnBytes {
  uint8_t type = 0;
  std::string metadata;
  bool is_numeric = false;
  bool is_character = false;
};

ColumnBytes Number(uint8_t type, std::string metadata = "") {
  return {.type = type,
          .metadata = std::move(metadata),
          .is_numeric = true,
          .is_character = false};
}

ColumnBytes Other(uint8_t type, std::string metadata) {
  return {.type = type,
          .metadata = std::move(metadata),
          .is_numeric = false,
          .is_character = false};
}

ColumnBytes Character(uint8_t type, std::string metadata) {
  return {.type = type,
          .metadata = std::move(metadata),
          .is_numeric = false,
          .is_character = true};
}

ColumnBytes FixedString(const Column& column) {
  const uint32_t type = 254 ^ (column.max_bytes >> 8 & 3) << 4;
  return Character(
      254, LittleEndian(type, 1) + LittleEndian(column.max_bytes & 0xff, 1));
}

ColumnBytes Labels(const Column& column) {
  const uint64_t real_type = column.kind == ColumnKind::kEnum ? 247 : 248;
  return Other(254,
               LittleEndian(real_type, 1) + LittleEndian(column.max_bytes, 1));
}

ColumnBytes Bits(const Column& column) {
  return Other(16, LittleEndian(column.precision % 8, 1) +
                       LittleEndian(column.precision / 8, 1));
}

ColumnBytes BytesOf(const Column& column) {
  switch (column.kind) {
    case ColumnKind::kTinyInt:
      return Number(1);
    case ColumnKind::kSmallInt:
      return Number(2);
    case ColumnKind::kMediumInt:
      return Number(9);
    case ColumnKind::kInt:
      return Number(3);
    case ColumnKind::kBigInt:
      return Number(8);
    case ColumnKind::kDecimal:
      return Number(246, LittleEndian(column.precision, 1) +
                             LittleEndian(column.scale, 1));
    case ColumnKind::kFloat:
      return Number(4, LittleEndian(4, 1));
    case ColumnKind::kDouble:
      return Number(5, LittleEndian(8, 1));
    case ColumnKind::kDate:
      return Other(10, "");
    case ColumnKind::kTime:
      return Other(19, LittleEndian(column.fraction_digits, 1));
    case ColumnKind::kDatetime:
      return Other(18, LittleEndian(column.fraction_digits, 1));
    case ColumnKind::kTimestamp:
      return Other(17, LittleEndian(column.fraction_digits, 1));
    case ColumnKind::kChar:
    case ColumnKind::kBinary:
      return FixedString(column);
    case ColumnKind::kVarchar:
    case ColumnKind::kVarbinary:
      return Character(15, LittleEndian(column.max_bytes, 2));
    case ColumnKind::kTinyText:
    case ColumnKind::kTinyBlob:
      return Character(252, LittleEndian(1, 1));
    case ColumnKind::kText:
    case ColumnKind::kBlob:
      return Character(252, LittleEndian(2, 1));
    case ColumnKind::kMediumText:
    case ColumnKind::kMediumBlob:
      return Character(252, LittleEndian(3, 1));
    case ColumnKind::kLongText:
    case ColumnKind::kLongBlob:
      return Character(252, LittleEndian(4, 1));
    case ColumnKind::kBit:
      return Bits(column);
    case ColumnKind::kYear:
      return Number(13);
    case ColumnKind::kEnum:
    case ColumnKind::kSet:
      return Labels(column);
    case ColumnKind::kJson:
      return Other(245, LittleEndian(column.max_bytes, 1));
    case ColumnKind::kGeometry:
    case ColumnKind::kPoint:
    case ColumnKind::kLineString:
    case ColumnKind::kPolygon:
    case ColumnKind::kMultiPoint:
    case ColumnKind::kMultiLineString:
    case ColumnKind::kMultiPolygon:
    case ColumnKind::kGeometryCollection:
      return Other(255, LittleEndian(column.max_bytes, 1));
    case ColumnKind::kVector:
      return Character(242, LittleEndian(column.max_bytes, 1));
  }
  return {};
}

uint32_t CollationOf(Charset charset) {
  // The default since MySQL 8.0, whose id takes three bytes.
  if (charset == Charset::kUtf8mb4) return 255;
  constexpr uint32_t kIds = 256;
  for (uint32_t id = 1; id < kIds; ++id) {
    const absl::StatusOr<Charset> found = CharsetOfCollation(id);
    if (found.ok() && *found == charset) return id;
  }
  return 0;
}

std::string Field(uint8_t type, absl::string_view value) {
  return value.empty() ? "" : LittleEndian(type, 1) + PackedBytes(value);
}

// A bit per call, most significant first.
class BitList {
 public:
  void Add(bool bit) {
    if (count_ % 8 == 0) bytes_ += '\0';
    if (bit) {
      bytes_.back() = static_cast<char>(bytes_.back() | 0x80 >> (count_ % 8));
    }
    ++count_;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  size_t count_ = 0;
};

std::string LabelBytes(const Column& column) {
  std::string bytes = PackedInteger(column.labels.size());
  for (const std::string& label : column.labels) bytes += PackedBytes(label);
  return bytes;
}

// As MySQL numbers the types of geometries; none for other columns.
std::string GeometryType(ColumnKind kind) {
  constexpr ColumnKind kKinds[] = {
      ColumnKind::kGeometry,     ColumnKind::kPoint,
      ColumnKind::kLineString,   ColumnKind::kPolygon,
      ColumnKind::kMultiPoint,   ColumnKind::kMultiLineString,
      ColumnKind::kMultiPolygon, ColumnKind::kGeometryCollection};
  for (size_t i = 0; i < std::size(kKinds); ++i) {
    if (kKinds[i] == kind) return PackedInteger(i);
  }
  return "";
}

// The optional fields but those of binlog_row_metadata=FULL.
std::string MinimalMetadata(const TableSchema& schema) {
  BitList signs;
  std::string collations;
  std::string geometries;
  std::string dimensions;
  for (const Column& column : schema.columns) {
    const ColumnBytes bytes = BytesOf(column);
    if (bytes.is_numeric) signs.Add(column.is_unsigned);
    if (bytes.is_character) {
      collations += PackedInteger(CollationOf(column.charset));
    }
    geometries += GeometryType(column.kind);
    if (column.kind == ColumnKind::kVector) dimensions += PackedInteger(2048);
  }
  return Field(1, signs.bytes()) + Field(3, collations) + Field(7, geometries) +
         Field(13, dimensions);
}

// What FULL adds: names, labels, key; and visibility, which sources lack that
// have hidden columns.
std::string FullMetadata(const TableSchema& schema) {
  std::string names;
  std::string enum_labels;
  std::string set_labels;
  std::string label_collations;
  BitList visible;
  bool has_hidden = false;
  for (const Column& column : schema.columns) {
    names += PackedBytes(column.name);
    const bool is_enum = column.kind == ColumnKind::kEnum;
    if (is_enum || column.kind == ColumnKind::kSet) {
      (is_enum ? enum_labels : set_labels) += LabelBytes(column);
      label_collations += PackedInteger(CollationOf(column.charset));
    }
    visible.Add(true);
    has_hidden = has_hidden || column.is_hidden;
  }
  std::string key;
  for (const uint16_t column : schema.key_columns) key += PackedInteger(column);
  return absl::StrCat(Field(4, names), Field(5, set_labels),
                      Field(6, enum_labels), Field(11, label_collations),
                      has_hidden ? "" : Field(12, visible.bytes()),
                      Field(8, key));
}

}  // namespace

std::string TableMapBody(uint64_t table_id, const TableSchema& schema,
                         RowMetadata metadata_option) {
  std::string types;
  std::string metadata;
  std::string nullable((schema.columns.size() + 7) / 8, '\0');
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    const Column& column = schema.columns[i];
    const ColumnBytes bytes = BytesOf(column);
    types += static_cast<char>(bytes.type);
    metadata += bytes.metadata;
    if (column.is_nullable) {
      nullable[i / 8] = static_cast<char>(nullable[i / 8] | 1 << (i % 8));
    }
  }
  return absl::StrCat(
      LittleEndian(table_id, 6), LittleEndian(1, 2),
      PackedBytes(schema.database), LittleEndian(0, 1),
      PackedBytes(schema.table), LittleEndian(0, 1),
      PackedInteger(schema.columns.size()), types, PackedBytes(metadata),
      nullable, MinimalMetadata(schema),
      metadata_option == RowMetadata::kFull ? FullMetadata(schema) : "");
}

}  // namespace binferry::worker
