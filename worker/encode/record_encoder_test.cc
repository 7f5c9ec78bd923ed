#include "worker/encode/record_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Row = std::vector<Value>;

Column ColumnOf(const char* name, ColumnKind kind,
                Charset charset = Charset::kBinary) {
  Column column;
  column.name = name;
  column.kind = kind;
  column.charset = charset;
  return column;
}

TableSchema SchemaOf(std::vector<Column> columns,
                     std::vector<uint16_t> key_columns) {
  TableSchema schema;
  schema.database = "test01";
  schema.table = "test";
  schema.columns = std::move(columns);
  schema.key_columns = std::move(key_columns);
  return schema;
}

// Of 1,000 partitions.
TablePlan PlanOf(TableSchema schema, RecordFormat format,
                 PartitionPolicy policy) {
  TablePlanOptions options;
  options.format = format;
  options.partition_policy = policy;
  options.mapped_database = schema.database;
  options.mapped_table = schema.table;
  options.topic_handle = {3};
  options.partition_count = 1000;
  absl::StatusOr<TablePlan> plan =
      BuildTablePlan(std::move(schema), std::move(options));
  EXPECT_THAT(plan, IsOk());
  return *std::move(plan);
}

// test01.test(id int, c varchar), key id.
TablePlan TestPlan(RecordFormat format,
                   PartitionPolicy policy = PartitionPolicy::kTableHash) {
  return PlanOf(
      SchemaOf({ColumnOf("id", ColumnKind::kInt),
                ColumnOf("c", ColumnKind::kVarchar, Charset::kUtf8mb4)},
               {0}),
      format, policy);
}

RowChange ChangeOf(ChangeKind kind, absl::Span<const Value> before,
                   absl::Span<const Value> after) {
  return {kind, before, after, 27677, 1624614713000, 1625058726990};
}
// Valid while the rows live.
RowChange InsertOf(const Row& after) {
  return ChangeOf(ChangeKind::kInsert, {}, after);
}
RowChange UpdateOf(const Row& before, const Row& after) {
  return ChangeOf(ChangeKind::kUpdate, before, after);
}
RowChange DeleteOf(const Row& before) {
  return ChangeOf(ChangeKind::kDelete, before, {});
}

std::string TestValue(uint64_t id, absl::string_view type,
                      absl::string_view data, absl::string_view old) {
  return absl::StrCat(
      R"({"mysqlType":{"id":"int","c":"varchar"},"id":)", id,
      R"(,"es":1624614713000,"ts":1625058726990,"database":"test01",)"
      R"("table":"test","type":")",
      type, R"(","isDdl":false,"sql":"","sqlType":{"id":4,"c":12},"data":)",
      data, R"(,"old":)", old, R"(,"pkNames":["id"]})");
}

int CountOf(const TablePlan& plan, const RowChange& change) {
  std::string scratch;
  return CountRecords(plan, change, &scratch).value_or(-1);
}

class RecordEncoderTest : public testing::Test {
 protected:
  std::vector<Record> Encode(const TablePlan& plan, const RowChange& change) {
    std::vector<Record> records;
    EXPECT_THAT(EncodeRow(plan, change, &arena_, &records), IsOk());
    EXPECT_EQ(static_cast<int>(records.size()), CountOf(plan, change));
    return records;
  }

  absl::Status EncodeError(const TablePlan& plan, const RowChange& change) {
    std::vector<Record> records(2);
    const absl::Status status =
        EncodeRow(plan, change, &arena_, &records).status();
    EXPECT_EQ(records.size(), 2u);
    return status;
  }

  // The one row that stands in `data`.
  std::string RowText(const TablePlan& plan, const Row& row) {
    const std::vector<Record> records = Encode(plan, InsertOf(row));
    const std::string value(records.at(0).value);
    const size_t start = value.find("\"data\":[") + 8;
    return value.substr(start, value.find("],\"old\":null") - start);
  }

  Arena arena_;
};

TEST_F(RecordEncoderTest, InsertHasTheRowInData) {
  for (const RecordFormat format :
       {RecordFormat::kJson, RecordFormat::kJsonC}) {
    const std::vector<Record> records =
        Encode(TestPlan(format), InsertOf({Signed(104), Text("new")}));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(
        records[0].value,
        TestValue(27677, "INSERT", R"([{"id":"104","c":"new"}])", "null"));
    EXPECT_TRUE(records[0].has_key);
    EXPECT_EQ(std::string(records[0].key), R"({"id":"104"})");
    EXPECT_EQ(records[0].id, 27677u);
    EXPECT_EQ(records[0].topic.index, 3);
    EXPECT_EQ(records[0].partition, PartitionOf("test01.test", 1000));
  }
}

TEST_F(RecordEncoderTest, UpdateHasBothRows) {
  for (const RecordFormat format :
       {RecordFormat::kJson, RecordFormat::kJsonC}) {
    const std::vector<Record> records = Encode(
        TestPlan(format),
        UpdateOf({Signed(104), Text("old")}, {Signed(104), Text("new")}));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(std::string(records[0].value),
              R"({"mysqlType":{"id":"int","c":"varchar"},"id":27677,)"
              R"("es":1624614713000,"ts":1625058726990,"database":"test01",)"
              R"("table":"test","type":"UPDATE","isDdl":false,"sql":"",)"
              R"("sqlType":{"id":4,"c":12},"data":[{"id":"104","c":"new"}],)"
              R"("old":[{"id":"104","c":"old"}],"pkNames":["id"]})");
    EXPECT_EQ(std::string(records[0].key), R"({"id":"104"})");
  }
}

TEST_F(RecordEncoderTest, DeleteHasTheRowWhereTheFormatPutsIt) {
  const Row row = {Signed(104), Text("old")};
  const RowChange change = DeleteOf(row);
  const char* const kRow = R"([{"id":"104","c":"old"}])";
  const std::vector<Record> json =
      Encode(TestPlan(RecordFormat::kJson), change);
  EXPECT_EQ(std::string(json.at(0).value),
            TestValue(27677, "DELETE", "null", kRow));
  EXPECT_EQ(std::string(json.at(0).key), R"({"id":"104"})");
  const std::vector<Record> json_c =
      Encode(TestPlan(RecordFormat::kJsonC), change);
  EXPECT_EQ(std::string(json_c.at(0).value),
            TestValue(27677, "DELETE", kRow, "null"));
  EXPECT_EQ(std::string(json_c.at(0).key), R"({"id":"104"})");
}

TEST_F(RecordEncoderTest, NullIsNullAndAbsentIsLeftOut) {
  const TablePlan plan = TestPlan(RecordFormat::kJson);
  EXPECT_EQ(RowText(plan, {Signed(1), Null()}), R"({"id":"1","c":null})");
  EXPECT_EQ(RowText(plan, {Signed(1), Absent()}), R"({"id":"1"})");
  EXPECT_EQ(RowText(plan, {Signed(1), Text("")}), R"({"id":"1","c":""})");
}

TEST_F(RecordEncoderTest, FirstColumnMayBeAbsent) {
  const TablePlan plan = PlanOf(
      SchemaOf(
          {ColumnOf("a", ColumnKind::kInt), ColumnOf("b", ColumnKind::kInt)},
          {}),
      RecordFormat::kJson, PartitionPolicy::kTableHash);
  EXPECT_EQ(RowText(plan, {Absent(), Signed(2)}), R"({"b":"2"})");
  EXPECT_EQ(RowText(plan, {Absent(), Absent()}), "{}");
}

TEST_F(RecordEncoderTest, UpdateTakesFromTheBeforeImageWhatTheAfterImageLacks) {
  const TablePlan plan = TestPlan(RecordFormat::kJson);
  std::vector<Record> records =
      Encode(plan, UpdateOf({Signed(1), Text("kept")}, {Absent(), Absent()}));
  EXPECT_EQ(std::string(records.at(0).value),
            TestValue(27677, "UPDATE", R"([{"id":"1","c":"kept"}])",
                      R"([{"id":"1","c":"kept"}])"));
  EXPECT_EQ(std::string(records.at(0).key), R"({"id":"1"})");

  // As binlog_row_image=MINIMAL has it.
  records =
      Encode(plan, UpdateOf({Signed(1), Absent()}, {Absent(), Text("new")}));
  EXPECT_EQ(std::string(records.at(0).value),
            TestValue(27677, "UPDATE", R"([{"id":"1","c":"new"}])",
                      R"([{"id":"1"}])"));
}

TEST_F(RecordEncoderTest, KeyHashSplitsAnUpdateOfTheKey) {
  const Row before = {Signed(104), Text("old")};
  const Row after = {Signed(105), Text("new")};
  const RowChange change = UpdateOf(before, after);
  const char* const kOld = R"([{"id":"104","c":"old"}])";
  const char* const kNew = R"([{"id":"105","c":"new"}])";
  for (const RecordFormat format :
       {RecordFormat::kJson, RecordFormat::kJsonC}) {
    const std::vector<Record> records =
        Encode(TestPlan(format, PartitionPolicy::kPrimaryKeyHash), change);
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(std::string(records[0].value),
              format == RecordFormat::kJson
                  ? TestValue(27677, "DELETE", "null", kOld)
                  : TestValue(27677, "DELETE", kOld, "null"));
    EXPECT_EQ(records[0].id, 27677u);
    EXPECT_EQ(std::string(records[0].key), R"({"id":"104"})");
    EXPECT_EQ(records[0].partition, PartitionOf(R"({"id":"104"})", 1000));
    EXPECT_EQ(std::string(records[1].value),
              TestValue(27678, "INSERT", kNew, "null"));
    EXPECT_EQ(records[1].id, 27678u);
    EXPECT_EQ(std::string(records[1].key), R"({"id":"105"})");
    EXPECT_EQ(records[1].partition, PartitionOf(R"({"id":"105"})", 1000));
  }
}

TEST_F(RecordEncoderTest, InsertHalfHasWhatIsKnown) {
  const TablePlan plan =
      TestPlan(RecordFormat::kJson, PartitionPolicy::kPrimaryKeyHash);
  const std::vector<Record> records =
      Encode(plan, UpdateOf({Signed(1), Text("kept")}, {Signed(2), Absent()}));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(std::string(records[1].value),
            TestValue(27678, "INSERT", R"([{"id":"2","c":"kept"}])", "null"));
}

TEST_F(RecordEncoderTest, KeyHashKeepsOtherUpdatesWhole) {
  const TablePlan plan =
      TestPlan(RecordFormat::kJson, PartitionPolicy::kPrimaryKeyHash);
  EXPECT_EQ(
      Encode(plan, UpdateOf({Signed(1), Text("a")}, {Signed(1), Text("b")}))
          .size(),
      1u);
  EXPECT_EQ(Encode(plan, UpdateOf({Signed(1), Absent()}, {Absent(), Text("b")}))
                .size(),
            1u);
}

TEST_F(RecordEncoderTest, OtherPoliciesNeverSplit) {
  for (const PartitionPolicy policy :
       {PartitionPolicy::kTableHash, PartitionPolicy::kPartitionZero}) {
    const std::vector<Record> records =
        Encode(TestPlan(RecordFormat::kJson, policy),
               UpdateOf({Signed(1), Text("a")}, {Signed(2), Text("a")}));
    ASSERT_EQ(records.size(), 1u);
    EXPECT_EQ(std::string(records[0].key), R"({"id":"2"})");
    EXPECT_EQ(records[0].partition, policy == PartitionPolicy::kPartitionZero
                                        ? 0
                                        : PartitionOf("test01.test", 1000));
  }
}

TEST_F(RecordEncoderTest, KeysDifferWhenTheirBytesDo) {
  const TablePlan plan =
      PlanOf(SchemaOf({ColumnOf("k", ColumnKind::kVarchar, Charset::kUtf8mb4),
                       ColumnOf("l", ColumnKind::kInt)},
                      {0, 1}),
             RecordFormat::kJson, PartitionPolicy::kPrimaryKeyHash);
  const Row row = {Text("a"), Signed(1)};
  const Row same = {Text("a"), Signed(1)};
  const Row other_case = {Text("A"), Signed(1)};
  const Row other_number = {Text("a"), Signed(2)};
  EXPECT_EQ(CountOf(plan, UpdateOf(row, same)), 1);
  EXPECT_EQ(CountOf(plan, UpdateOf(row, other_case)), 2);
  EXPECT_EQ(CountOf(plan, UpdateOf(row, other_number)), 2);
}

TEST_F(RecordEncoderTest, KeyHasItsColumnsInKeyOrder) {
  const TablePlan plan =
      PlanOf(SchemaOf({ColumnOf("a", ColumnKind::kInt),
                       ColumnOf("b", ColumnKind::kVarchar, Charset::kLatin1),
                       ColumnOf("c'", ColumnKind::kBinary)},
                      {2, 1}),
             RecordFormat::kJson, PartitionPolicy::kPrimaryKeyHash);
  const std::vector<Record> records =
      Encode(plan, InsertOf({Signed(1), Text("\xe9>"), Binary("\x01")}));
  EXPECT_EQ(std::string(records.at(0).key),
            "{\"c\\u0027\":\"[1]\",\"b\":\"\u00e9\\u003e\"}");
  EXPECT_EQ(records.at(0).partition, PartitionOf(records.at(0).key, 1000));
  EXPECT_THAT(std::string(records.at(0).value),
              HasSubstr(R"("pkNames":["c\u0027","b"]})"));
}

TEST_F(RecordEncoderTest, TableWithoutAKeyHasNone) {
  const TablePlan plan =
      PlanOf(SchemaOf({ColumnOf("a", ColumnKind::kInt)}, {}),
             RecordFormat::kJson, PartitionPolicy::kPrimaryKeyHash);
  const std::vector<Record> records =
      Encode(plan, UpdateOf({Signed(1)}, {Signed(2)}));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_FALSE(records[0].has_key);
  EXPECT_EQ(records[0].partition, PartitionOf("test01.test", 1000));
  EXPECT_EQ(std::string(records[0].value),
            R"({"mysqlType":{"a":"int"},"id":27677,"es":1624614713000,)"
            R"("ts":1625058726990,"database":"test01","table":"test",)"
            R"("type":"UPDATE","isDdl":false,"sql":"","sqlType":{"a":4},)"
            R"("data":[{"a":"2"}],"old":[{"a":"1"}],"pkNames":[]})");
}

TEST_F(RecordEncoderTest, RecordsHaveTheMappedNames) {
  TablePlanOptions options;
  options.mapped_database = "x";
  options.mapped_table = "y";
  options.partition_count = 1000;
  const absl::StatusOr<TablePlan> plan = BuildTablePlan(
      SchemaOf({ColumnOf("a", ColumnKind::kInt)}, {}), std::move(options));
  ASSERT_THAT(plan, IsOk());
  const std::vector<Record> records = Encode(*plan, InsertOf({Signed(1)}));
  EXPECT_EQ(records.at(0).partition, PartitionOf("x.y", 1000));
  EXPECT_EQ(std::string(records.at(0).value),
            R"({"mysqlType":{"a":"int"},"id":27677,"es":1624614713000,)"
            R"("ts":1625058726990,"database":"x","table":"y",)"
            R"("type":"INSERT","isDdl":false,"sql":"","sqlType":{"a":4},)"
            R"("data":[{"a":"1"}],"old":null,"pkNames":[]})");
}

TEST_F(RecordEncoderTest, AbsentKeyStopsAndNamesTheColumn) {
  const auto lacks_key = StatusIs(absl::StatusCode::kFailedPrecondition,
                                  AllOf(HasSubstr("table test01.test: "),
                                        HasSubstr("lacks the key column id"),
                                        HasSubstr("binlog_row_image=FULL")));
  const TablePlan plan = TestPlan(RecordFormat::kJson);
  EXPECT_THAT(EncodeError(plan, InsertOf({Absent(), Text("a")})), lacks_key);
  EXPECT_THAT(EncodeError(plan, DeleteOf({Absent(), Text("a")})), lacks_key);
  EXPECT_THAT(
      EncodeError(plan, UpdateOf({Absent(), Text("a")}, {Absent(), Text("b")})),
      lacks_key);
  // Where the old key must be known, the new one isn't enough.
  EXPECT_THAT(
      EncodeError(
          TestPlan(RecordFormat::kJson, PartitionPolicy::kPrimaryKeyHash),
          UpdateOf({Absent(), Text("a")}, {Signed(1), Text("b")})),
      lacks_key);
}

TEST_F(RecordEncoderTest, InvalidTextStopsAndShowsNoValue) {
  const TablePlan plan = TestPlan(RecordFormat::kJson);
  EXPECT_THAT(EncodeError(plan, InsertOf({Signed(1), Text("secret\xff")})),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("table test01.test, column c: "),
                             HasSubstr("utf8mb4"), Not(HasSubstr("secret")))));
  // The second half of a split UPDATE.
  EXPECT_THAT(
      EncodeError(
          TestPlan(RecordFormat::kJson, PartitionPolicy::kPrimaryKeyHash),
          UpdateOf({Signed(1), Text("a")}, {Signed(2), Text("\xff")})),
      StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(RecordEncoderTest, InvalidTextNamesItsSetAndTheRemedy) {
  const TablePlan plan =
      PlanOf(SchemaOf({ColumnOf("c", ColumnKind::kText, Charset::kGbk)}, {}),
             RecordFormat::kJson, PartitionPolicy::kTableHash);
  EXPECT_THAT(EncodeError(plan, InsertOf({Text("\x81")})),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("table test01.test, column c: "),
                             HasSubstr("character set gbk;"),
                             HasSubstr("`invalid_text_policy: REPLACE`"))));
}

TEST_F(RecordEncoderTest, ReplacesInvalidTextWhereToldToAndCounts) {
  TablePlanOptions options;
  options.mapped_database = "d";
  options.mapped_table = "t";
  options.invalid_text = InvalidText::kReplace;
  const absl::StatusOr<TablePlan> plan = BuildTablePlan(
      SchemaOf({ColumnOf("k", ColumnKind::kVarchar, Charset::kUtf8mb4),
                ColumnOf("c", ColumnKind::kVarchar, Charset::kGbk)},
               {0}),
      std::move(options));
  ASSERT_THAT(plan, IsOk());
  const Row before = {Text("\xffk"), Text("\xd6\xd0")};
  const Row after = {Text("\xffk"), Text("\xd6!\xd6!")};
  std::vector<Record> records;
  const absl::StatusOr<EncodeCounts> counts =
      EncodeRow(*plan, UpdateOf(before, after), &arena_, &records);
  ASSERT_THAT(counts, IsOk());
  // The key column in `data`, `old` and the key, the other in `data`.
  EXPECT_EQ(counts->replaced_texts, 4u);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].key, "{\"k\":\"\ufffdk\"}");
  EXPECT_THAT(
      std::string(records[0].value),
      HasSubstr("\"data\":[{\"k\":\"\ufffdk\",\"c\":\"\ufffd!\ufffd!\"}],"
                "\"old\":[{\"k\":\"\ufffdk\",\"c\":\"\u4e2d\"}]"));

  const Row whole = {Text("k"), Text("c")};
  EXPECT_EQ(EncodeRow(*plan, InsertOf(whole), &arena_, &records)
                .value()
                .replaced_texts,
            0u);
}

TEST_F(RecordEncoderTest, IncompleteImagesAreOurFault) {
  const TablePlan plan = TestPlan(RecordFormat::kJson);
  EXPECT_THAT(EncodeError(plan, InsertOf({Signed(1)})),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(EncodeError(plan, UpdateOf({}, {Signed(1), Text("a")})),
              StatusIs(absl::StatusCode::kInternal));
}

TEST_F(RecordEncoderTest, RecordsStayValidWhileTheArenaGrows) {
  const TablePlan plan = TestPlan(RecordFormat::kJson);
  std::vector<Record> records;
  const std::string large(1'000'000, 'x');
  const std::string small = "small";  // The rows only borrow their texts.
  for (int i = 0; i < 2'000; ++i) {
    const Row row = {Signed(i), Text(i % 1000 == 500 ? large : small)};
    ASSERT_THAT(EncodeRow(plan, InsertOf(row), &arena_, &records), IsOk());
  }
  for (int i = 0; i < 2'000; ++i) {
    const Record& record = records[static_cast<size_t>(i)];
    ASSERT_EQ(record.key, absl::StrCat("{\"id\":\"", i, "\"}"));
    const std::string row =
        absl::StrCat("[{\"id\":\"", i, "\",\"c\":\"",
                     i % 1000 == 500 ? large : small, "\"}]");
    ASSERT_EQ(record.value, TestValue(27677, "INSERT", row, "null"));
  }
}

TEST_F(RecordEncoderTest, KeysAreOfAnyKind) {
  TableSchema schema = SchemaOf(
      {ColumnOf("e", ColumnKind::kEnum, Charset::kUtf8mb4),
       ColumnOf("s", ColumnKind::kSet, Charset::kUtf8mb4),
       ColumnOf("u", ColumnKind::kBigInt), ColumnOf("b", ColumnKind::kBit),
       ColumnOf("y", ColumnKind::kYear), ColumnOf("x", ColumnKind::kBinary),
       ColumnOf("t", ColumnKind::kTime),
       ColumnOf("j", ColumnKind::kJson, Charset::kUtf8mb4)},
      {0, 1, 2, 3, 4, 5, 6});
  schema.columns[0].labels = {"old", "new"};
  schema.columns[1].labels = {"a", "b", "c"};
  const TablePlan plan =
      PlanOf(schema, RecordFormat::kJson, PartitionPolicy::kPrimaryKeyHash);
  const Row before = {
      Enum(1),
      Set(5),
      Unsigned(18'446'744'073'709'551'615u),
      Unsigned(129),
      Year(2155),
      Binary(absl::string_view("\1\0", 2)),
      Temporal(Value::Kind::kTime, {.hour = 1, .is_negative = true}),
      Text("{}")};
  Row after = before;
  after[7] = Text("[]");
  const std::vector<Record> records = Encode(plan, UpdateOf(before, after));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(std::string(records[0].key),
            R"({"e":"old","s":"a,c","u":"18446744073709551615","b":"129",)"
            R"("y":"2155","x":"[1, 0]","t":"-01:00:00"})");
  after[0] = Enum(2);
  EXPECT_EQ(Encode(plan, UpdateOf(before, after)).size(), 2u);
}

TEST_F(RecordEncoderTest, RowsWithoutAnyColumnAreEmptyObjects) {
  const TablePlan plan =
      PlanOf(SchemaOf({ColumnOf("a", ColumnKind::kInt)}, {}),
             RecordFormat::kJson, PartitionPolicy::kTableHash);
  EXPECT_EQ(RowText(plan, {Absent()}), "{}");
}

}  // namespace
}  // namespace binferry::worker
