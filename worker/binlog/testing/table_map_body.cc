#include "worker/binlog/testing/table_map_body.h"

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
    case ColumnKind::kBinary: {
      const uint32_t type = 254 ^ (column.max_bytes >> 8 & 3) << 4;
      return Character(254, LittleEndian(type, 1) +
                                LittleEndian(column.max_bytes & 0xff, 1));
    }
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
      return Other(16, LittleEndian(column.precision % 8, 1) +
                           LittleEndian(column.precision / 8, 1));
    case ColumnKind::kYear:
      return Number(13);
    case ColumnKind::kEnum:
      return Other(254, "\xf7" + LittleEndian(column.max_bytes, 1));
    case ColumnKind::kSet:
      return Other(254, "\xf8" + LittleEndian(column.max_bytes, 1));
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
  return LittleEndian(type, 1) + PackedBytes(value);
}

// The optional fields: signedness, charsets, names, key.
std::string FullMetadata(const TableSchema& schema) {
  std::string signs;
  size_t numbers = 0;
  std::string collations;
  std::string names;
  for (const Column& column : schema.columns) {
    const ColumnBytes bytes = BytesOf(column);
    if (bytes.is_numeric) {
      if (numbers % 8 == 0) signs += '\0';
      if (column.is_unsigned) {
        signs.back() = static_cast<char>(signs.back() | 0x80 >> (numbers % 8));
      }
      ++numbers;
    }
    if (bytes.is_character) {
      collations += PackedInteger(CollationOf(column.charset));
    }
    names += PackedBytes(column.name);
  }
  std::string fields;
  if (!signs.empty()) fields += Field(1, signs);
  if (!collations.empty()) fields += Field(3, collations);
  fields += Field(4, names);
  std::string key;
  for (const uint16_t column : schema.key_columns) key += PackedInteger(column);
  if (!key.empty()) fields += Field(8, key);
  return fields;
}

}  // namespace

std::string TableMapBody(uint64_t table_id, const TableSchema& schema) {
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
  return absl::StrCat(LittleEndian(table_id, 6), LittleEndian(1, 2),
                      PackedBytes(schema.database), LittleEndian(0, 1),
                      PackedBytes(schema.table), LittleEndian(0, 1),
                      PackedInteger(schema.columns.size()), types,
                      PackedBytes(metadata), nullable, FullMetadata(schema));
}

}  // namespace binferry::worker
