#include "worker/encode/jdbc_types.h"

#include <cstddef>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {
namespace {

struct TypeNames {
  absl::string_view mysql;
  int jdbc = 0;
};

// By ColumnKind.
constexpr TypeNames kNames[] = {
    {"tinyint", -6},
    {"smallint", 5},
    {"mediumint", 4},
    {"int", 4},
    {"bigint", -5},
    {"decimal", 3},
    {"float", 6},
    {"double", 8},
    {"date", 91},
    {"time", 92},
    {"datetime", 94},
    {"timestamp", 93},
    {"char", 1},
    {"varchar", 12},
    {"tinytext", -1},
    {"text", -1},
    {"mediumtext", -1},
    {"longtext", -1},
    {"binary", -2},
    {"varbinary", -3},
    {"tinyblob", 2004},
    {"blob", 2004},
    {"mediumblob", 2004},
    {"longblob", 2004},
    {"bit", -7},
    {"year", 91},
    {"enum", 1},
    {"set", 1},
    {"json", -1},
    {"geometry", -2},
    {"point", -2},
    {"linestring", -2},
    {"polygon", -2},
    {"multipoint", -2},
    {"multilinestring", -2},
    {"multipolygon", -2},
    {"geometrycollection", -2},
    {"vector", -4},
};
static_assert(std::size(kNames) ==
              static_cast<size_t>(ColumnKind::kVector) + 1);

const TypeNames& NamesOf(ColumnKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace

std::string MysqlTypeName(const Column& column) {
  return absl::StrCat(NamesOf(column.kind).mysql,
                      column.is_unsigned ? " unsigned" : "");
}

int JdbcTypeCode(ColumnKind kind) { return NamesOf(kind).jdbc; }

}  // namespace binferry::worker
