// The shape of one table version, as a TABLE_MAP event with FULL metadata
// states it.
#ifndef BINFERRY_WORKER_SCHEMA_TABLE_SCHEMA_H_
#define BINFERRY_WORKER_SCHEMA_TABLE_SCHEMA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "worker/charset/charset.h"

namespace binferry::worker {

// The column types of MySQL 8.0 and later, one enumerator per SQL type name.
// TEXT and BLOB sizes are told apart by the length bytes of their values.
enum class ColumnKind : uint8_t {
  kTinyInt,
  kSmallInt,
  kMediumInt,
  kInt,
  kBigInt,
  kDecimal,
  kFloat,
  kDouble,
  kDate,
  kTime,
  kDatetime,
  kTimestamp,
  kChar,
  kVarchar,
  kTinyText,
  kText,
  kMediumText,
  kLongText,
  kBinary,
  kVarbinary,
  kTinyBlob,
  kBlob,
  kMediumBlob,
  kLongBlob,
  kBit,
  kYear,
  kEnum,
  kSet,
  kJson,
  kGeometry,  // A column that takes geometries of any type.
  kPoint,
  kLineString,
  kPolygon,
  kMultiPoint,
  kMultiLineString,
  kMultiPolygon,
  kGeometryCollection,
  kVector,
};

struct Column {
  std::string name;  // UTF-8.
  ColumnKind kind = ColumnKind::kInt;
  bool is_unsigned = false;  // Integers, FLOAT, DOUBLE, DECIMAL only.
  bool is_nullable = false;
  // Of a functional index, made by MySQL 8.0.13 to 8.0.17 only, which log such
  // columns but no values of them. Not in records.
  bool is_hidden = false;
  // CHAR, VARCHAR and the TEXT kinds; ENUM and SET: of their labels; JSON:
  // kUtf8mb4. kBinary for the others.
  Charset charset = Charset::kBinary;
  // DECIMAL: digits in all, 1 to 65, and digits of the fraction, 0 to 30. BIT:
  // `precision` bits, 1 to 64.
  uint8_t precision = 0;
  uint8_t scale = 0;
  // TIME, DATETIME, TIMESTAMP: fractional second digits, 0 to 6.
  uint8_t fraction_digits = 0;
  // CHAR, VARCHAR, BINARY, VARBINARY: the longest value in bytes. The BLOB and
  // TEXT kinds, JSON, the geometries, VECTOR: how many bytes the length prefix
  // has, 1 to 4. ENUM: the bytes of the index, 1 or 2; SET: of the mask, 1, 2,
  // 3, 4 or 8.
  uint32_t max_bytes = 0;
  // ENUM, SET: the labels in the order of definition, at most 65,535 and 64,
  // bytes in `charset`. Empty for the other kinds, and where the source does
  // not write them.
  std::vector<std::string> labels;

  friend bool operator==(const Column&, const Column&) = default;
};

struct TableSchema {
  std::string database;
  std::string table;
  std::vector<Column> columns;  // By ordinal position; 1 to 4,096.
  // Indexes into `columns` of the primary key, in key order; of the first NOT
  // NULL UNIQUE key where the table has no primary key (MySQL names it in the
  // same place); empty without either.
  std::vector<uint16_t> key_columns;

  friend bool operator==(const TableSchema&, const TableSchema&) = default;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SCHEMA_TABLE_SCHEMA_H_
