#include "worker/binlog/table_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/testing/table_map_body.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<TableMap> Build(const std::string& body) {
  const absl::StatusOr<TableMapEvent> event = ParseTableMap(AsBytes(body));
  if (!event.ok()) return event.status();
  return BuildTableMap(*event);
}

// A table d.t of one column `c` with these bytes and optional fields.
std::string OneColumn(uint8_t type, absl::string_view metadata,
                      absl::string_view fields) {
  return absl::StrCat(LittleEndian(7, 6), LittleEndian(1, 2), PackedBytes("d"),
                      LittleEndian(0, 1), PackedBytes("t"), LittleEndian(0, 1),
                      PackedInteger(1), LittleEndian(type, 1),
                      PackedBytes(metadata), LittleEndian(1, 1), fields);
}

std::string Field(uint8_t type, absl::string_view value) {
  return LittleEndian(type, 1) + PackedBytes(value);
}

std::string Name() { return Field(4, PackedBytes("c")); }

Column MakeColumn(absl::string_view name, ColumnKind kind) {
  Column column;
  column.name = std::string(name);
  column.kind = kind;
  return column;
}

uint32_t MaxBytesOf(const Column& column) {
  switch (column.kind) {
    case ColumnKind::kChar:
    case ColumnKind::kBinary:
      return column.charset == Charset::kUtf8mb4 ? 1020 : 255;
    case ColumnKind::kVarchar:
    case ColumnKind::kVarbinary:
      return 65'532;
    case ColumnKind::kTinyText:
    case ColumnKind::kTinyBlob:
      return 1;
    case ColumnKind::kText:
    case ColumnKind::kBlob:
      return 2;
    case ColumnKind::kMediumText:
    case ColumnKind::kMediumBlob:
      return 3;
    case ColumnKind::kLongText:
    case ColumnKind::kLongBlob:
      return 4;
    case ColumnKind::kTinyInt:
    case ColumnKind::kSmallInt:
    case ColumnKind::kMediumInt:
    case ColumnKind::kInt:
    case ColumnKind::kBigInt:
    case ColumnKind::kDecimal:
    case ColumnKind::kFloat:
    case ColumnKind::kDouble:
    case ColumnKind::kDate:
    case ColumnKind::kTime:
    case ColumnKind::kDatetime:
    case ColumnKind::kTimestamp:
    case ColumnKind::kBit:
    case ColumnKind::kYear:
      return 0;
    case ColumnKind::kEnum:
    case ColumnKind::kSet:
      return 2;
    case ColumnKind::kJson:
    case ColumnKind::kGeometry:
    case ColumnKind::kPoint:
    case ColumnKind::kLineString:
    case ColumnKind::kPolygon:
    case ColumnKind::kMultiPoint:
    case ColumnKind::kMultiLineString:
    case ColumnKind::kMultiPolygon:
    case ColumnKind::kGeometryCollection:
    case ColumnKind::kVector:
      return 4;
  }
  return 0;
}

// Every kind, and what distinguishes columns of one kind.
TableSchema EveryKind() {
  TableSchema schema{.database = "shop",
                     .table = "täble",
                     .columns = {},
                     .key_columns = {1, 0}};
  for (const bool is_unsigned : {false, true}) {
    for (const ColumnKind kind :
         {ColumnKind::kTinyInt, ColumnKind::kSmallInt, ColumnKind::kMediumInt,
          ColumnKind::kInt, ColumnKind::kBigInt, ColumnKind::kFloat,
          ColumnKind::kDouble, ColumnKind::kDecimal}) {
      Column column =
          MakeColumn(absl::StrCat("n", schema.columns.size()), kind);
      column.is_unsigned = is_unsigned;
      if (kind == ColumnKind::kDecimal) {
        column.precision = 65;
        column.scale = 30;
      }
      schema.columns.push_back(column);
      schema.columns.push_back(MakeColumn("date", ColumnKind::kDate));
    }
  }
  for (const ColumnKind kind :
       {ColumnKind::kTime, ColumnKind::kDatetime, ColumnKind::kTimestamp}) {
    Column column = MakeColumn("temporal", kind);
    column.fraction_digits = 3;
    column.is_nullable = true;
    schema.columns.push_back(column);
  }
  for (const Charset charset : {Charset::kUtf8mb4, Charset::kUtf8mb3,
                                Charset::kLatin1, Charset::kAscii}) {
    for (const ColumnKind kind :
         {ColumnKind::kChar, ColumnKind::kVarchar, ColumnKind::kTinyText,
          ColumnKind::kText, ColumnKind::kMediumText, ColumnKind::kLongText}) {
      Column column = MakeColumn("text", kind);
      column.charset = charset;
      schema.columns.push_back(column);
    }
  }
  for (const ColumnKind kind :
       {ColumnKind::kBinary, ColumnKind::kVarbinary, ColumnKind::kTinyBlob,
        ColumnKind::kBlob, ColumnKind::kMediumBlob, ColumnKind::kLongBlob}) {
    schema.columns.push_back(MakeColumn("bytes", kind));
  }
  for (Column& column : schema.columns) column.max_bytes = MaxBytesOf(column);
  return schema;
}

TEST(TableMapTest, ReadsEveryKindOfColumn) {
  const TableSchema schema = EveryKind();
  const absl::StatusOr<TableMap> map = Build(TableMapBody(7, schema));
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->schema, schema);
  EXPECT_EQ(map->steps.size(), schema.columns.size());
}

TEST(TableMapTest, ReadsNamesWithoutReadingColumns) {
  const std::string body = TableMapBody(0x010203040506, EveryKind());
  const absl::StatusOr<TableMapEvent> event = ParseTableMap(AsBytes(body));
  ASSERT_THAT(event, IsOk());
  EXPECT_EQ(event->table_id, 0x010203040506u);
  EXPECT_EQ(event->database, "shop");
  EXPECT_EQ(event->table, "täble");
  EXPECT_THAT(PeekTableId(AsBytes(body)), IsOkAndHolds(event->table_id));
}

TEST(TableMapTest, HasAnIdentityThatLeavesTheIdOut) {
  TableSchema schema = EveryKind();
  const std::string one = TableMapBody(1, schema);
  const std::string two = TableMapBody(2, schema);
  schema.columns[3].name = "other";
  const std::string other = TableMapBody(1, schema);
  const auto identity = [](const std::string& body) {
    return ParseTableMap(AsBytes(body))->identity;
  };
  EXPECT_EQ(identity(one), identity(two));
  EXPECT_NE(identity(one), identity(other));
}

TEST(TableMapTest, ReadsDefaultCharsetsWithExceptions) {
  // Three VARCHAR(1): latin1, utf8mb4 (255, a three byte number), latin1.
  const std::string body = absl::StrCat(
      LittleEndian(7, 6), LittleEndian(1, 2), PackedBytes("d"),
      LittleEndian(0, 1), PackedBytes("t"), LittleEndian(0, 1),
      PackedInteger(3), "\x0f\x0f\x0f",
      PackedBytes(std::string("\4\0\4\0\4\0", 6)), LittleEndian(0, 1),
      Field(2, absl::HexStringToBytes("0801fcff00")),
      Field(4, PackedBytes("a") + PackedBytes("b") + PackedBytes("c")));
  const absl::StatusOr<TableMap> map = Build(body);
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->schema.columns[0].charset, Charset::kLatin1);
  EXPECT_EQ(map->schema.columns[1].charset, Charset::kUtf8mb4);
  EXPECT_EQ(map->schema.columns[2].charset, Charset::kLatin1);
}

TEST(TableMapTest, ReadsKeysWithPrefixes) {
  const std::string body = absl::StrCat(
      LittleEndian(7, 6), LittleEndian(1, 2), PackedBytes("d"),
      LittleEndian(0, 1), PackedBytes("t"), LittleEndian(0, 1),
      PackedInteger(2), "\x0a\x0a", PackedBytes(""), LittleEndian(0, 1),
      Field(9, absl::HexStringToBytes("01050000")),
      Field(4, PackedBytes("a") + PackedBytes("b")), Field(12, "\xc0"),
      Field(200, "unknown"));
  const absl::StatusOr<TableMap> map = Build(body);
  ASSERT_THAT(map, IsOk());
  EXPECT_THAT(map->schema.key_columns, ElementsAre(1, 0));
}

TEST(TableMapTest, AsksForFullMetadata) {
  EXPECT_THAT(
      Build(OneColumn(3, "", Field(1, std::string(1, '\0')))),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("d.t"), HasSubstr("binlog_row_metadata=FULL"))));
}

TEST(TableMapTest, RefusesTypesByName) {
  struct Refused {
    uint8_t type;
    std::string metadata;
    std::string name;
  };
  for (const auto& [type, metadata, name] :
       {Refused{13, "", "YEAR"}, Refused{16, std::string("\0\1", 2), "BIT"},
        Refused{245, "\4", "JSON"}, Refused{255, "\4", "GEOMETRY"},
        Refused{242, "\4", "VECTOR"}, Refused{254, "\xf7\1", "ENUM"},
        Refused{254, "\xf8\1", "SET"}, Refused{7, "", "TIMESTAMP in"},
        Refused{99, "", "number 99"}}) {
    EXPECT_THAT(Build(OneColumn(type, metadata, Name())),
                StatusIs(absl::StatusCode::kUnimplemented,
                         AllOf(HasSubstr(absl::StrCat("the type ", name)),
                               HasSubstr("d.t.c"))));
  }
}

TEST(TableMapTest, RefusesCharacterSetsByName) {
  EXPECT_THAT(
      Build(OneColumn(15, std::string("\4\0", 2), Field(3, "\x1c") + Name())),
      StatusIs(absl::StatusCode::kUnimplemented,
               AllOf(HasSubstr("gbk"), HasSubstr("d.t.c"))));
}

TEST(TableMapTest, RefusesDamagedBytesAtEveryLength) {
  const std::string body = TableMapBody(7, EveryKind());
  const size_t key_field_bytes = 4;  // The last one; a table may have no key.
  for (size_t bytes = 0; bytes < body.size(); ++bytes) {
    if (bytes == body.size() - key_field_bytes) continue;
    EXPECT_FALSE(Build(body.substr(0, bytes)).ok()) << bytes;
  }
}

TEST(TableMapTest, RefusesFieldsThatDoNotFitTheColumns) {
  const std::string sign = Field(1, std::string(1, '\0'));
  ASSERT_THAT(Build(OneColumn(3, "", sign + Name())), IsOk());
  for (const std::string& body :
       {OneColumn(3, "", Name()),                           // No sign.
        OneColumn(3, "", sign + Field(4, "")),              // No name.
        OneColumn(3, "", sign + Field(4, "\5ab")),          // Half a name.
        OneColumn(3, "", sign + Name() + Field(8, "\1")),   // Key of nothing.
        OneColumn(15, std::string("\4\0", 2), Name()),      // No collation.
        OneColumn(246, "\x42\x02", sign + Name()),          // 66 digits.
        OneColumn(246, "\x02\x03", sign + Name()),          // Scale above.
        OneColumn(18, "\x07", Name()),                      // 7 digits.
        OneColumn(252, "\x05", Field(3, "\x08") + Name()),  // Length bytes.
        OneColumn(4, "\x08", sign + Name())}) {             // FLOAT of 8 bytes.
    EXPECT_THAT(Build(body),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("d.t")));
  }
}

}  // namespace
}  // namespace binferry::worker
