#include "worker/encode/jdbc_types.h"

#include <gtest/gtest.h>

namespace binferry::worker {
namespace {

Column ColumnOf(ColumnKind kind) {
  Column column;
  column.kind = kind;
  return column;
}

TEST(JdbcTypesTest, EveryKindHasItsNames) {
  struct Case {
    ColumnKind kind;
    const char* mysql;
    int jdbc;
  };
  for (const Case& c : {
           Case{ColumnKind::kTinyInt, "tinyint", -6},
           Case{ColumnKind::kSmallInt, "smallint", 5},
           Case{ColumnKind::kMediumInt, "mediumint", 4},
           Case{ColumnKind::kInt, "int", 4},
           Case{ColumnKind::kBigInt, "bigint", -5},
           Case{ColumnKind::kDecimal, "decimal", 3},
           Case{ColumnKind::kFloat, "float", 6},
           Case{ColumnKind::kDouble, "double", 8},
           Case{ColumnKind::kDate, "date", 91},
           Case{ColumnKind::kTime, "time", 92},
           Case{ColumnKind::kDatetime, "datetime", 94},
           Case{ColumnKind::kTimestamp, "timestamp", 93},
           Case{ColumnKind::kChar, "char", 1},
           Case{ColumnKind::kVarchar, "varchar", 12},
           Case{ColumnKind::kTinyText, "tinytext", -1},
           Case{ColumnKind::kText, "text", -1},
           Case{ColumnKind::kMediumText, "mediumtext", -1},
           Case{ColumnKind::kLongText, "longtext", -1},
           Case{ColumnKind::kBinary, "binary", -2},
           Case{ColumnKind::kVarbinary, "varbinary", -3},
           Case{ColumnKind::kTinyBlob, "tinyblob", 2004},
           Case{ColumnKind::kBlob, "blob", 2004},
           Case{ColumnKind::kMediumBlob, "mediumblob", 2004},
           Case{ColumnKind::kLongBlob, "longblob", 2004},
           Case{ColumnKind::kBit, "bit", -7},
           Case{ColumnKind::kYear, "year", 91},
           Case{ColumnKind::kEnum, "enum", 1},
           Case{ColumnKind::kSet, "set", 1},
           Case{ColumnKind::kJson, "json", -1},
           Case{ColumnKind::kGeometry, "geometry", -2},
           Case{ColumnKind::kPoint, "point", -2},
           Case{ColumnKind::kLineString, "linestring", -2},
           Case{ColumnKind::kPolygon, "polygon", -2},
           Case{ColumnKind::kMultiPoint, "multipoint", -2},
           Case{ColumnKind::kMultiLineString, "multilinestring", -2},
           Case{ColumnKind::kMultiPolygon, "multipolygon", -2},
           Case{ColumnKind::kGeometryCollection, "geometrycollection", -2},
           Case{ColumnKind::kVector, "vector", -4},
       }) {
    EXPECT_EQ(MysqlTypeName(ColumnOf(c.kind)), c.mysql);
    EXPECT_EQ(JdbcTypeCode(c.kind), c.jdbc) << c.mysql;
  }
}

TEST(JdbcTypesTest, UnsignedStandsInTheMysqlType) {
  Column column = ColumnOf(ColumnKind::kBigInt);
  column.is_unsigned = true;
  EXPECT_EQ(MysqlTypeName(column), "bigint unsigned");
  column.kind = ColumnKind::kDecimal;
  EXPECT_EQ(MysqlTypeName(column), "decimal unsigned");
}

}  // namespace
}  // namespace binferry::worker
