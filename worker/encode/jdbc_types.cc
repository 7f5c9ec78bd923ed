#include "worker/encode/jdbc_types.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {
namespace {

struct TypeNames {
  absl::string_view mysql;
  int jdbc = 0;
};

TypeNames NamesOf(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kTinyInt:
      return {"tinyint", -6};
    case ColumnKind::kSmallInt:
      return {"smallint", 5};
    case ColumnKind::kMediumInt:
      return {"mediumint", 4};
    case ColumnKind::kInt:
      return {"int", 4};
    case ColumnKind::kBigInt:
      return {"bigint", -5};
    case ColumnKind::kDecimal:
      return {"decimal", 3};
    case ColumnKind::kFloat:
      return {"float", 6};
    case ColumnKind::kDouble:
      return {"double", 8};
    case ColumnKind::kDate:
      return {"date", 91};
    case ColumnKind::kTime:
      return {"time", 92};
    case ColumnKind::kDatetime:
      return {"datetime", 94};
    case ColumnKind::kTimestamp:
      return {"timestamp", 93};
    case ColumnKind::kChar:
      return {"char", 1};
    case ColumnKind::kVarchar:
      return {"varchar", 12};
    case ColumnKind::kTinyText:
      return {"tinytext", -1};
    case ColumnKind::kText:
      return {"text", -1};
    case ColumnKind::kMediumText:
      return {"mediumtext", -1};
    case ColumnKind::kLongText:
      return {"longtext", -1};
    case ColumnKind::kBinary:
      return {"binary", -2};
    case ColumnKind::kVarbinary:
      return {"varbinary", -3};
    case ColumnKind::kTinyBlob:
      return {"tinyblob", 2004};
    case ColumnKind::kBlob:
      return {"blob", 2004};
    case ColumnKind::kMediumBlob:
      return {"mediumblob", 2004};
    case ColumnKind::kLongBlob:
      return {"longblob", 2004};
    case ColumnKind::kBit:
      return {"bit", -7};
    case ColumnKind::kYear:
      return {"year", 91};
    case ColumnKind::kEnum:
      return {"enum", 1};
    case ColumnKind::kSet:
      return {"set", 1};
    case ColumnKind::kJson:
      return {"json", -1};
    case ColumnKind::kGeometry:
      return {"geometry", -2};
    case ColumnKind::kPoint:
      return {"point", -2};
    case ColumnKind::kLineString:
      return {"linestring", -2};
    case ColumnKind::kPolygon:
      return {"polygon", -2};
    case ColumnKind::kMultiPoint:
      return {"multipoint", -2};
    case ColumnKind::kMultiLineString:
      return {"multilinestring", -2};
    case ColumnKind::kMultiPolygon:
      return {"multipolygon", -2};
    case ColumnKind::kGeometryCollection:
      return {"geometrycollection", -2};
    case ColumnKind::kVector:
      return {"vector", -4};
  }
  return {};
}

}  // namespace

std::string MysqlTypeName(const Column& column) {
  return absl::StrCat(NamesOf(column.kind).mysql,
                      column.is_unsigned ? " unsigned" : "");
}

int JdbcTypeCode(ColumnKind kind) { return NamesOf(kind).jdbc; }

}  // namespace binferry::worker
