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

void AddKindsOfTheirOwn(TableSchema* schema) {
  for (const ColumnKind kind :
       {ColumnKind::kYear, ColumnKind::kGeometry, ColumnKind::kPoint,
        ColumnKind::kLineString, ColumnKind::kPolygon, ColumnKind::kMultiPoint,
        ColumnKind::kMultiLineString, ColumnKind::kMultiPolygon,
        ColumnKind::kGeometryCollection, ColumnKind::kVector}) {
    schema->columns.push_back(MakeColumn("own", kind));
  }
  for (const int bits : {1, 8, 9, 64}) {
    Column column = MakeColumn("bits", ColumnKind::kBit);
    column.precision = static_cast<uint8_t>(bits);
    schema->columns.push_back(column);
  }
  for (const ColumnKind kind :
       {ColumnKind::kEnum, ColumnKind::kSet, ColumnKind::kEnum}) {
    Column column = MakeColumn("labels", kind);
    column.charset =
        schema->columns.size() % 2 == 0 ? Charset::kLatin1 : Charset::kUtf8mb4;
    column.labels = {"a", "", absl::StrCat("ä", schema->columns.size())};
    schema->columns.push_back(column);
  }
  Column json = MakeColumn("json", ColumnKind::kJson);
  json.charset = Charset::kUtf8mb4;
  schema->columns.push_back(json);
  schema->columns.push_back(
      MakeColumn("!hidden!by its user", ColumnKind::kInt));
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
  AddKindsOfTheirOwn(&schema);
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

TEST(TableMapTest, NumbersColumnsWhereMinimalMetadataIsWelcome) {
  TableSchema schema = EveryKind();
  const std::string body = TableMapBody(7, schema, RowMetadata::kMinimal);
  const absl::StatusOr<TableMap> map = BuildTableMap(
      ParseTableMap(AsBytes(body)).value(), MissingNames::kNumber);
  ASSERT_THAT(map, IsOk());
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    Column& column = schema.columns[i];
    column.name = absl::StrCat("@", i + 1);
    if (column.labels.empty()) continue;
    column.labels.clear();
    column.charset = Charset::kBinary;
  }
  schema.key_columns.clear();
  EXPECT_EQ(map->schema, schema);
  EXPECT_THAT(Build(body), StatusIs(absl::StatusCode::kFailedPrecondition));
  // Names are as welcome there.
  const std::string full = TableMapBody(7, EveryKind());
  EXPECT_EQ(
      BuildTableMap(ParseTableMap(AsBytes(full)).value(), MissingNames::kNumber)
          ->schema,
      EveryKind());
}

TEST(TableMapTest, SaysThatTheSourceIsTooOldToDescribeItsColumns) {
  for (const std::string& body :
       {OneColumn(3, "", ""), OneColumn(15, std::string("\4\0", 2), "")}) {
    EXPECT_THAT(BuildTableMap(ParseTableMap(AsBytes(body)).value(),
                              MissingNames::kNumber),
                StatusIs(absl::StatusCode::kFailedPrecondition,
                         AllOf(HasSubstr("d.t"), HasSubstr("8.0.1"))));
  }
}

TEST(TableMapTest, KnowsLabelsThatAreAsciiInAnyCharacterSet) {
  // As MySQL 8.0.12 writes them: no character set.
  const auto column = [](const std::vector<std::string>& labels) {
    std::string field = PackedInteger(labels.size());
    for (const std::string& label : labels) field += PackedBytes(label);
    return OneColumn(254, "\xf7\1", Field(6, field) + Name());
  };
  const absl::StatusOr<TableMap> plain = Build(column({"ab", "a_ "}));
  ASSERT_THAT(plain, IsOk());
  EXPECT_THAT(plain->schema.columns[0].labels, ElementsAre("ab", "a_ "));
  EXPECT_EQ(plain->schema.columns[0].charset, Charset::kUtf8mb4);
  for (const std::string& label :
       std::vector<std::string>{"\xc3\xbc", std::string("\0a", 2), "N-", "@"}) {
    // The last two: U+4E2D in utf16, an E with an acute accent in swe7.
    const std::string body = column({label});
    EXPECT_THAT(Build(body), StatusIs(absl::StatusCode::kFailedPrecondition,
                                      AllOf(HasSubstr("character set"),
                                            HasSubstr("d.t.c"))));
    const absl::StatusOr<TableMap> map = BuildTableMap(
        ParseTableMap(AsBytes(body)).value(), MissingNames::kNumber);
    ASSERT_THAT(map, IsOk());
    EXPECT_THAT(map->schema.columns[0].labels, ElementsAre(label));
  }
}

TEST(TableMapTest, CountsJsonColumns) {
  TableSchema schema{
      .database = "d", .table = "t", .columns = {}, .key_columns = {}};
  for (const ColumnKind kind : {ColumnKind::kJson, ColumnKind::kDate,
                                ColumnKind::kJson, ColumnKind::kJson}) {
    schema.columns.push_back(MakeColumn("c", kind));
    schema.columns.back().max_bytes = 4;
  }
  const absl::StatusOr<TableMap> map = Build(TableMapBody(7, schema));
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->json_columns, 3u);
  EXPECT_EQ(map->steps[0].json_index, 0);
  EXPECT_EQ(map->steps[2].json_index, 1);
  EXPECT_EQ(map->steps[3].json_index, 2);
}

TEST(TableMapTest, KnowsTheColumnsOfFunctionalIndexesByTheirNames) {
  // As MySQL 8.0.17 wrote them: no visibility; one for a multi-valued index.
  const auto body = [](absl::string_view more_fields) {
    return absl::StrCat(
        LittleEndian(7, 6), LittleEndian(1, 2), PackedBytes("d"),
        LittleEndian(0, 1), PackedBytes("t"), LittleEndian(0, 1),
        PackedInteger(4), "\x0a\x0a\x14\x14",
        PackedBytes(absl::HexStringToBytes("080f040000")), LittleEndian(0, 1),
        Field(4, PackedBytes("a") + PackedBytes("!hidden!i!0!0") +
                     PackedBytes("!hidden!j!0!0") +
                     PackedBytes("!hidden!k!0!0")),
        more_fields);
  };
  const absl::StatusOr<TableMap> map = Build(body(""));
  ASSERT_THAT(map, IsOk());
  EXPECT_FALSE(map->schema.columns[0].is_hidden);
  for (size_t i = 1; i < 4; ++i) {
    EXPECT_TRUE(map->schema.columns[i].is_hidden);
  }
  EXPECT_EQ(map->json_columns, 0u);
  EXPECT_THAT(Build(body(Field(12, "\xf0"))),
              StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(TableMapTest, ReadsTablesOf4096Columns) {
  TableSchema schema{
      .database = "d", .table = "t", .columns = {}, .key_columns = {4095}};
  for (int i = 0; i < 4096; ++i) {
    schema.columns.push_back(
        MakeColumn(absl::StrCat("c", i),
                   i % 2 == 0 ? ColumnKind::kTinyInt : ColumnKind::kDate));
    schema.columns.back().is_unsigned = i % 4 == 0;
  }
  const absl::StatusOr<TableMap> map = Build(TableMapBody(7, schema));
  ASSERT_THAT(map, IsOk());
  EXPECT_EQ(map->schema, schema);
  schema.columns.push_back(MakeColumn("more", ColumnKind::kDate));
  EXPECT_THAT(Build(TableMapBody(7, schema)),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(TableMapTest, RefusesByNameWhatMysql8CannotWrite) {
  struct Refused {
    uint8_t type;
    std::string metadata;
    std::string name;
  };
  for (const auto& [type, metadata, name] :
       {Refused{0, "\x0a\0", "DECIMAL in the format before MySQL 5.0"},
        Refused{140, "\2", "BLOB COMPRESSED"},
        Refused{141, std::string("\5\0", 2), "VARCHAR COMPRESSED"},
        Refused{99, "", "number 99"}}) {
    EXPECT_THAT(Build(OneColumn(type, metadata, Name())),
                StatusIs(absl::StatusCode::kUnimplemented,
                         AllOf(HasSubstr(absl::StrCat("the type ", name)),
                               HasSubstr("d.t.c"))));
  }
}

TEST(TableMapTest, RefusesCharacterSetsThatItDoesNotKnow) {
  const std::string id = absl::HexStringToBytes("fcff07");  // 2047.
  EXPECT_THAT(
      Build(OneColumn(15, std::string("\4\0", 2), Field(3, id) + Name())),
      StatusIs(absl::StatusCode::kUnimplemented,
               AllOf(HasSubstr("2047"), HasSubstr("d.t.c"))));
  EXPECT_THAT(Build(OneColumn(254, "\xf7\1",
                              Field(6, "\1\1a") + Field(11, id) + Name())),
              StatusIs(absl::StatusCode::kUnimplemented,
                       AllOf(HasSubstr("2047"), HasSubstr("d.t.c"))));
}

TEST(TableMapTest, RefusesDamagedBytesAtEveryLength) {
  const std::string body = TableMapBody(7, EveryKind());
  // The last two fields may be missing: visibility and the key.
  const size_t no_key = body.size() - 4;
  const size_t visibility_bytes = 2 + (EveryKind().columns.size() + 7) / 8;
  for (size_t bytes = 0; bytes < body.size(); ++bytes) {
    if (bytes == no_key || bytes == no_key - visibility_bytes) continue;
    EXPECT_FALSE(Build(body.substr(0, bytes)).ok()) << bytes;
  }
}

TEST(TableMapTest, RefusesFieldsThatDoNotFitTheColumns) {
  const std::string sign = Field(1, std::string(1, '\0'));
  const std::string label = Field(6, "\1\1a");
  const std::string enum_charset = Field(11, "\x08");
  ASSERT_THAT(Build(OneColumn(254, "\xf7\1", label + enum_charset + Name())),
              IsOk());
  ASSERT_THAT(Build(OneColumn(3, "", sign + Name())), IsOk());
  for (const std::string& body :
       {OneColumn(3, "", Name()),                          // No sign.
        OneColumn(3, "", sign + Field(4, "")),             // No name.
        OneColumn(3, "", sign + Field(4, "\5ab")),         // Half a name.
        OneColumn(3, "", sign + Name() + Field(8, "\1")),  // Key of nothing.
        OneColumn(3, "",
                  sign + Name() + Field(8, std::string(2, '\0'))),  // Twice.
        OneColumn(15, std::string("\4\0", 2), Name()),      // No collation.
        OneColumn(246, "\x42\x02", sign + Name()),          // 66 digits.
        OneColumn(246, "\x02\x03", sign + Name()),          // Scale above.
        OneColumn(18, "\x07", Name()),                      // 7 digits.
        OneColumn(252, "\x05", Field(3, "\x08") + Name()),  // Length bytes.
        OneColumn(4, "\x08", sign + Name()),                // FLOAT of 8 bytes.
        OneColumn(13, "", Name()),                        // YEAR without sign.
        OneColumn(10, "\1", Name()),                      // Left over.
        OneColumn(16, std::string("\1\x08", 2), Name()),  // 65 bits.
        OneColumn(16, std::string("\x08\1", 2), Name()),  // 8 odd bits.
        OneColumn(16, std::string("\0\0", 2), Name()),    // No bits.
        OneColumn(245, "\5", Name()),                     // Length bytes.
        OneColumn(245, std::string(1, '\0'), Name()),     // The same.
        OneColumn(255, "\4", Name()),                     // No type.
        OneColumn(255, "\4", Field(7, "\x08") + Name()),  // No such type.
        OneColumn(242, "\4", Name()),                     // No collation.
        OneColumn(254, "\xf7\1", enum_charset + Name()),  // No labels.
        OneColumn(254, "\xf7\1",
                  label + Field(11, "") + Name()),                // Ends early.
        OneColumn(254, "\xf7\3", label + enum_charset + Name()),  // Size.
        OneColumn(
            254, "\xf7\1",
            Field(6, std::string(1, '\0')) + enum_charset + Name()),  // None.
        OneColumn(254, "\xf7\1",
                  Field(6, "\2\1a") + enum_charset + Name()),  // Half of them.
        OneColumn(254, "\xf8\1", label + enum_charset + Name()),  // Not ENUM.
        OneColumn(254, "\xf8\5", Field(5, "\1\1a") + enum_charset + Name()),
        OneColumn(254, "\xf8\x08",
                  Field(5, "\x41" + std::string(65, '\0')) + enum_charset +
                      Name())}) {  // 65 labels.
    EXPECT_THAT(Build(body),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("d.t")));
  }
}

}  // namespace
}  // namespace binferry::worker
