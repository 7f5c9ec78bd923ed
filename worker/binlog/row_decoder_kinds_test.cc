// Values of every column type, from bytes as MySQL writes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/row_decoder.h"
#include "worker/binlog/testing/row_text.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A column as TABLE_MAP describes it; all bytes in hexadecimal.
struct WireColumn {
  int type;
  std::string metadata;
  std::string fields;  // The optional ones but the name.
};

std::string Field(uint8_t type, absl::string_view value) {
  return LittleEndian(type, 1) + PackedBytes(value);
}

// The value that WRITE_ROWS has for the only column, d.t.c, of a table.
absl::StatusOr<std::string> Decode(const WireColumn& column,
                                   absl::string_view value_hex) {
  const std::string map_body = absl::StrCat(
      LittleEndian(7, 6), LittleEndian(1, 2), PackedBytes("d"),
      LittleEndian(0, 1), PackedBytes("t"), LittleEndian(0, 1),
      PackedInteger(1), LittleEndian(static_cast<uint8_t>(column.type), 1),
      PackedBytes(absl::HexStringToBytes(column.metadata)), LittleEndian(1, 1),
      absl::HexStringToBytes(column.fields), Field(4, PackedBytes("c")));
  const std::string rows_body =
      absl::StrCat(LittleEndian(7, 6), LittleEndian(1, 2), LittleEndian(2, 2),
                   PackedInteger(1), LittleEndian(1, 1), LittleEndian(0, 1),
                   absl::HexStringToBytes(value_hex));
  const absl::StatusOr<TableMap> map =
      BuildTableMap(ParseTableMap(AsBytes(map_body)).value());
  if (!map.ok()) return map.status();
  RowDecoder decoder;
  const RowsEvent rows =
      ParseRows(static_cast<uint8_t>(EventType::kWriteRows), AsBytes(rows_body))
          .value();
  if (const absl::Status started = decoder.Start(*map, rows); !started.ok()) {
    return started;
  }
  std::vector<Value> row(1);
  const absl::Status decoded = decoder.Next({}, absl::MakeSpan(row));
  if (!decoded.ok()) return decoded;
  if (decoder.HasNext()) return absl::InternalError("bytes are left over");
  return ShowValue(row[0]);
}

std::string EightBytes(uint64_t number) {
  return absl::BytesToHexString(LittleEndian(number, 8));
}

// A case is a value's bytes and how it is shown; "" if it is damaged.
using Cases = std::vector<std::pair<std::string, std::string>>;

void ExpectCases(const WireColumn& column, const Cases& cases) {
  for (const auto& [bytes, text] : cases) {
    SCOPED_TRACE(absl::StrCat("type ", column.type, ", bytes ", bytes));
    if (text.empty()) {
      EXPECT_THAT(Decode(column, bytes),
                  StatusIs(absl::StatusCode::kDataLoss, HasSubstr("d.t.c")));
    } else {
      EXPECT_THAT(Decode(column, bytes), IsOkAndHolds(text));
    }
  }
}

TEST(RowDecoderKindsTest, ReadsBits) {
  ExpectCases({16, "0100", ""}, {{"01", "unsigned 1"}, {"02", ""}});
  ExpectCases({16, "0001", ""}, {{"81", "unsigned 129"}});
  ExpectCases({16, "0101", ""}, {{"0101", "unsigned 257"}, {"0201", ""}});
  ExpectCases({16, "0102", ""}, {{"010001", "unsigned 65537"}});
  ExpectCases({16, "0008", ""},
              {{"ffffffffffffffff", "unsigned 18446744073709551615"},
               {"8000000000000001", "unsigned 9223372036854775809"}});
}

TEST(RowDecoderKindsTest, ReadsYearsWhoseSignMeansNothing) {
  for (const char* sign : {"010100", "010180"}) {
    ExpectCases({13, "", sign}, {{"00", "year 0"},
                                 {"01", "year 1901"},
                                 {"64", "year 2000"},
                                 {"ff", "year 2155"}});
  }
}

TEST(RowDecoderKindsTest, ReadsEnums) {
  // x, y, z in utf8mb4.
  const std::string fields = "06070301780179017a0a03fcff00";
  ExpectCases(
      {254, "f701", fields},
      {{"00", "enum 0"}, {"01", "enum 1"}, {"03", "enum 3"}, {"04", ""}});
  ExpectCases({247, "f701", fields}, {{"02", "enum 2"}});
  std::string labels = PackedInteger(300);
  for (int i = 0; i < 300; ++i) labels += PackedBytes(absl::StrCat(i));
  ExpectCases(
      {254, "f702", absl::BytesToHexString(Field(6, labels)) + "0a03fcff00"},
      {{"0000", "enum 0"}, {"2c01", "enum 300"}, {"2d01", ""}});
}

TEST(RowDecoderKindsTest, ReadsSets) {
  const auto fields = [](size_t count) {
    std::string labels = PackedInteger(count);
    for (size_t i = 0; i < count; ++i) labels += PackedBytes(absl::StrCat(i));
    return absl::BytesToHexString(Field(5, labels)) + "0b0108";
  };
  ExpectCases({254, "f801", fields(3)},
              {{"00", "set 0"}, {"05", "set 5"}, {"08", ""}});
  ExpectCases({254, "f802", fields(9)}, {{"ff01", "set 511"}, {"0002", ""}});
  ExpectCases({254, "f803", fields(24)}, {{"ffffff", "set 16777215"}});
  ExpectCases({254, "f804", fields(31)},
              {{"00000040", "set 1073741824"}, {"00000080", ""}});
  ExpectCases({254, "f808", fields(64)},
              {{"0100000000000080", "set 9223372036854775809"}});
  ExpectCases({254, "f808", fields(33)}, {{"0000000002000000", ""}});
}

TEST(RowDecoderKindsTest, ReadsJsonAsText) {
  ExpectCases({245, "04", ""},
              {{"00000000", "text null"},
               {"0100000004", ""},  // A literal without its value.
               {"03000000050100", "text 1"},
               {"1700000000010016000b000100020c006b02000a00050100050200",
                "text {\"k\": [1, 2]}"}});
}

TEST(RowDecoderKindsTest, ReadsGeometriesAsBytes) {
  for (const char* type : {"00", "01", "07"}) {
    ExpectCases({255, "04", absl::StrCat("0701", type)},
                {{"0d00000000000000010700000000000000",
                  "bytes 00000000010700000000000000"},
                 {"00000000", "bytes "}});
  }
}

TEST(RowDecoderKindsTest, ReadsVectors) {
  ExpectCases({242, "04", "03013f0d0103"}, {{"0c0000000000803f00002040000040c0",
                                             "vector 0000803f00002040000040c0"},
                                            {"00000000", "vector "},
                                            {"0300000000008f", ""}});
}

TEST(RowDecoderKindsTest, ReadsTemporalColumnsMadeBeforeMysql56) {
  ExpectCases({7, "", ""}, {{"00000000", "timestamp 0"},
                            {"01000000", "timestamp 1000000"},
                            {"ffffffff", "timestamp 4294967295000000"}});
  // 12:34:56, -838:59:59, 0.
  ExpectCases({11, "", ""}, {{"40e201", "time 0-0-0 12:34:56.000000"},
                             {"590a80", "time -0-0-0 838:59:59.000000"},
                             {"000000", "time 0-0-0 0:0:0.000000"}});
  ExpectCases(
      {12, "", ""},
      {{EightBytes(20240229235958), "datetime 2024-2-29 23:59:58.000000"},
       {EightBytes(0), "datetime 0-0-0 0:0:0.000000"},
       {EightBytes(99991231235959), "datetime 9999-12-31 23:59:59.000000"},
       {EightBytes(100000000000000), ""}});
}

TEST(RowDecoderKindsTest, ReadsNewDatesAsDates) {
  ExpectCases({14, "", ""}, {{"21a00f", "date 2000-1-1 0:0:0.000000"}});
}

TEST(RowDecoderKindsTest, ReadsBlobsOfEveryTypeNumber) {
  for (const int type : {249, 250, 251, 252}) {
    ExpectCases({type, "01", "03013f"}, {{"0161", "bytes 61"}});
    ExpectCases({type, "03", "030108"}, {{"01000061", "text a"}});
  }
  ExpectCases({253, "0001", "03013f"}, {{"010061", "bytes 61"}});
}

// Two events of MySQL 9.7.4, FULL metadata.
class ServerEventsTest : public ::testing::Test {
 protected:
  // The rows of WRITE_ROWS with `rows_hex` for the TABLE_MAP with `map_hex`.
  std::vector<std::vector<std::string>> Decode(absl::string_view map_hex,
                                               absl::string_view rows_hex) {
    const std::string map_body = absl::HexStringToBytes(map_hex);
    const std::string rows_body = absl::HexStringToBytes(rows_hex);
    map_ = BuildTableMap(ParseTableMap(AsBytes(map_body)).value()).value();
    RowDecoder decoder;
    EXPECT_THAT(decoder.Start(
                    map_, ParseRows(static_cast<uint8_t>(EventType::kWriteRows),
                                    AsBytes(rows_body))
                              .value()),
                IsOk());
    std::vector<std::vector<std::string>> rows;
    while (decoder.HasNext()) {
      std::vector<Value> row(map_.schema.columns.size());
      EXPECT_THAT(decoder.Next({}, absl::MakeSpan(row)), IsOk());
      rows.push_back(ShowRow(row));
    }
    return rows;
  }

  TableMap map_;
};

// a bit(1), b bit(8), c bit(9), d bit(17), e bit(64), y year, i int unsigned,
// n enum('x','y','z'), m enum('a,b','é','') latin1, s set('a',...,'i'),
// g enum('中') gbk, u enum('é') utf16, k enum('k') binary
TEST_F(ServerEventsTest, HaveBitsYearsAndLabels) {
  const auto rows = Decode(
      "7f00000000000100026833000174000d10101010100d03fefefefefefe16010000010101"
      "0"
      "1020008f701f701f802f701f701f701ff1f0101c0041a016101620163016401650179016"
      "9"
      "016e016d017301670175016b0b0afcff0008fcff001c363f051309016101620163016401"
      "6"
      "50166016701680169061a0301780179017a0303612c6201e9000102d6d0010200e901016"
      "b"
      "0c02fff8",
      "7f0000000000110002000dffff000001810101010001ffffffffffffffff00ffffffff01"
      "0"
      "201010101010014000000000000008000000000000001ff000000000003ff0101");
  EXPECT_THAT(
      rows, ElementsAre(
                ElementsAre("unsigned 1", "unsigned 129", "unsigned 257",
                            "unsigned 65537", "unsigned 18446744073709551615",
                            "year 0", "unsigned 4294967295", "enum 1", "enum 2",
                            "set 257", "enum 1", "enum 1", "enum 1"),
                ElementsAre("unsigned 0", "unsigned 0", "unsigned 0",
                            "unsigned 0", "unsigned 9223372036854775809",
                            "year 2155", "unsigned 0", "enum 0", "enum 3",
                            "set 511", "null", "enum 1", "null")));
  const std::vector<Column>& columns = map_.schema.columns;
  EXPECT_THAT(columns[7].labels, ElementsAre("x", "y", "z"));
  EXPECT_EQ(columns[7].charset, Charset::kUtf8mb4);
  EXPECT_THAT(columns[8].labels, ElementsAre("a,b", "\xe9", ""));
  EXPECT_EQ(columns[8].charset, Charset::kLatin1);
  EXPECT_EQ(columns[9].labels.size(), 9u);
  EXPECT_THAT(columns[10].labels, ElementsAre("\xd6\xd0"));
  EXPECT_THAT(columns[11].labels, ElementsAre(std::string("\0\xe9", 2)));
  EXPECT_EQ(columns[12].charset, Charset::kBinary);
}

// id int not null unique, g geometry, p point srid 4326, gc geometrycollection,
// mp multipolygon, j json, v vector(3), w vector, h int invisible, and a
// functional index, which has left nothing here.
TEST_F(ServerEventsTest, HaveGeometriesJsonVectorsAndInvisibleColumns) {
  const auto rows = Decode(
      "8100000000000100026833000170000903fffffffff5f2f2030704040404040404fe0101"
      "0"
      "10002013f0704000107060d0403fc0008041502696401670170026763026d70016a01760"
      "1"
      "7701680801000c02ff00",
      "8100000000001100020009ffff1000010000001900000000000000010100000000000000"
      "0"
      "000f03f000000000000004019000000e6100000010100000000000000000034400000000"
      "0"
      "000024400d000000000000000107000000000000001700000000010016000b000100020c"
      "0"
      "06b02000a000501000502000c0000000000803f00002040000040c008000000cdcccc3df"
      "9"
      "02155007000000");
  EXPECT_THAT(rows,
              ElementsAre(ElementsAre(
                  "signed 1",
                  "bytes 000000000101000000000000000000f03f0000000000000040",
                  "bytes e6100000010100000000000000000034400000000000002440",
                  "bytes 00000000010700000000000000", "null",
                  "text {\"k\": [1, 2]}", "vector 0000803f00002040000040c0",
                  "vector cdcccc3df9021550", "signed 7")));
  std::vector<ColumnKind> kinds;
  for (const Column& column : map_.schema.columns) kinds.push_back(column.kind);
  EXPECT_THAT(
      kinds,
      ElementsAre(ColumnKind::kInt, ColumnKind::kGeometry, ColumnKind::kPoint,
                  ColumnKind::kGeometryCollection, ColumnKind::kMultiPolygon,
                  ColumnKind::kJson, ColumnKind::kVector, ColumnKind::kVector,
                  ColumnKind::kInt));
  EXPECT_THAT(map_.schema.key_columns, ElementsAre(0));
}

}  // namespace
}  // namespace binferry::worker
