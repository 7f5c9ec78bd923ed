#include "worker/select/row_predicate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;

TableSchema SchemaOf(Column column) {
  TableSchema schema{.database = "shop", .table = "orders"};
  column.name = "c";
  schema.columns = {std::move(column)};
  return schema;
}

Value Null() {
  Value value;
  value.kind = Value::Kind::kNull;
  return value;
}

Value Signed(int64_t integer) {
  Value value;
  value.kind = Value::Kind::kSigned;
  value.integer = integer;
  return value;
}

Value Natural(Value::Kind kind, uint64_t natural) {
  Value value;
  value.kind = kind;
  value.natural = natural;
  return value;
}

Value Bytes(Value::Kind kind, absl::string_view bytes) {
  Value value;
  value.kind = kind;
  value.bytes = bytes;
  return value;
}

Value Point(Value::Kind kind, TemporalFields fields) {
  Value value;
  value.kind = kind;
  value.temporal = fields;
  return value;
}

// "true", "false", or the error.
std::string Answer(const Column& column, const Value& value,
                   absl::string_view text,
                   InvalidText invalid_text = InvalidText::kStop) {
  const auto filter = ParseRowFilter(text);
  if (!filter.ok()) return std::string(filter.status().message());
  const auto predicate =
      RowPredicate::Create(*filter, SchemaOf(column), invalid_text);
  if (!predicate.ok()) return std::string(predicate.status().message());
  std::string scratch;
  const std::vector<Value> row = {value};
  const auto passes = predicate->Passes(row, row, &scratch);
  if (!passes.ok()) return std::string(passes.status().message());
  return *passes ? "true" : "false";
}

constexpr uint64_t kMaxNatural = std::numeric_limits<uint64_t>::max();

TEST(RowPredicateTest, ComparesIntegersExactlyWithAnyNumber) {
  const Column column{.kind = ColumnKind::kBigInt};
  const Value largest = Natural(Value::Kind::kUnsigned, kMaxNatural);
  EXPECT_EQ(Answer(column, largest, "c = 18446744073709551615"), "true");
  EXPECT_EQ(Answer(column, largest, "c = 18446744073709551614"), "false");
  EXPECT_EQ(Answer(column, largest, "c < 18446744073709551615.5"), "true");
  EXPECT_EQ(Answer(column, largest, "c > -1"), "true");
  EXPECT_EQ(
      Answer(column, largest, "c < 99999999999999999999999999999999999999999"),
      "true");
  EXPECT_EQ(Answer(column, Signed(-2), "c < -1.5"), "true");
  EXPECT_EQ(Answer(column, Signed(-1), "c > -1.5"), "true");
  EXPECT_EQ(Answer(column, Signed(-1), "c = -1.0"), "true");
  EXPECT_EQ(Answer(column, Signed(1), "c = TRUE"), "true");
  EXPECT_EQ(Answer(column, Signed(1), "c BETWEEN 1 AND 1"), "true");
}

TEST(RowPredicateTest, ComparesDecimalsWithoutRounding) {
  const Column column{.kind = ColumnKind::kDecimal};
  const Value value = Bytes(Value::Kind::kDecimal,
                            "12345678901234567890123456789.100000000000000001");
  EXPECT_EQ(Answer(column, value, "c > 12345678901234567890123456789.1"),
            "true");
  EXPECT_EQ(Answer(column, value,
                   "c = 0012345678901234567890123456789.1000000000000000010"),
            "true");
  EXPECT_EQ(Answer(column, Bytes(Value::Kind::kDecimal, "-0.50"), "c < -0.4"),
            "true");
  EXPECT_EQ(Answer(column, Bytes(Value::Kind::kDecimal, "0.00"), "c = -0"),
            "true");
  EXPECT_EQ(Answer(column, Bytes(Value::Kind::kDecimal, "9.99"), "c < 10"),
            "true");
}

TEST(RowPredicateTest, ComparesPointsInTime) {
  const Column date{.kind = ColumnKind::kDate};
  const Value day = Point(Value::Kind::kDate, {2024, 2, 29});
  EXPECT_EQ(Answer(date, day, "c = '2024-02-29'"), "true");
  EXPECT_EQ(Answer(date, day, "c < '2024-02-29 00:00:00.000001'"), "true");
  EXPECT_EQ(Answer(date, Point(Value::Kind::kDate, {2024, 2, 0}),
                   "c > '2024-01-31' and c < '2024-02-01'"),
            "true");
  const Column time{.kind = ColumnKind::kTime};
  TemporalFields fields{.hour = 838, .minute = 59, .second = 59};
  EXPECT_EQ(Answer(time, Point(Value::Kind::kTime, fields), "c = '838:59:59'"),
            "true");
  fields.is_negative = true;
  EXPECT_EQ(Answer(time, Point(Value::Kind::kTime, fields), "c < '-01:00:00'"),
            "true");
  const Column timestamp{.kind = ColumnKind::kTimestamp};
  const Value second = Natural(Value::Kind::kTimestamp, 1'624'614'713'500'000);
  EXPECT_EQ(Answer(timestamp, second, "c = '2021-06-25 09:51:53.5'"), "true");
  EXPECT_EQ(Answer(timestamp, Natural(Value::Kind::kTimestamp, 0),
                   "c = '0000-00-00' and c < '1000-01-01'"),
            "true");
}

TEST(RowPredicateTest, ComparesTextsByTheirBytesInUtf8) {
  const Column text{.kind = ColumnKind::kVarchar, .charset = Charset::kUtf8mb4};
  EXPECT_EQ(Answer(text, Bytes(Value::Kind::kText, "a "), "c = 'a'"), "false");
  EXPECT_EQ(Answer(text, Bytes(Value::Kind::kText, "A"), "c = 'a'"), "false");
  EXPECT_EQ(Answer(text, Bytes(Value::Kind::kText, "G x"), "c LIKE 'G %'"),
            "true");
  const Column latin{.kind = ColumnKind::kVarchar, .charset = Charset::kLatin1};
  EXPECT_EQ(Answer(latin, Bytes(Value::Kind::kText, "\xe9t\xe9"), "c = 'été'"),
            "true");
  EXPECT_EQ(
      Answer(latin, Bytes(Value::Kind::kText, "\xe9t\xe9"), "c LIKE '_t_'"),
      "true");
  const Column utf16{.kind = ColumnKind::kVarchar, .charset = Charset::kUtf16};
  EXPECT_THAT(Answer(utf16, Bytes(Value::Kind::kText, "\xd8"), "c = 'x'"),
              HasSubstr("not valid in the column's character set utf16"));
  EXPECT_EQ(Answer(utf16, Bytes(Value::Kind::kText, "\xd8"), "c = '\ufffd'",
                   InvalidText::kReplace),
            "true");
}

TEST(RowPredicateTest, ComparesLabels) {
  const Column column{.kind = ColumnKind::kEnum,
                      .charset = Charset::kLatin1,
                      .labels = {"b", "\xe9"}};
  EXPECT_EQ(Answer(column, Natural(Value::Kind::kEnum, 2), "c = 'é'"), "true");
  EXPECT_EQ(Answer(column, Natural(Value::Kind::kEnum, 0), "c = ''"), "true");
  const Column set{.kind = ColumnKind::kSet,
                   .charset = Charset::kUtf8mb4,
                   .labels = {"x", "y", "z"}};
  EXPECT_EQ(Answer(set, Natural(Value::Kind::kSet, 5), "c = 'x,z'"), "true");
  EXPECT_EQ(Answer(set, Natural(Value::Kind::kSet, 5), "c LIKE '%z%'"), "true");
  EXPECT_THAT(Answer({.kind = ColumnKind::kEnum}, Null(), "c = 'x'"),
              HasSubstr("binlog_row_metadata=FULL"));
}

TEST(RowPredicateTest, HasThreeTruthValues) {
  const Column column{.kind = ColumnKind::kInt};
  EXPECT_EQ(Answer(column, Null(), "c = 1"), "false");
  EXPECT_EQ(Answer(column, Null(), "NOT c = 1"), "false");
  EXPECT_EQ(Answer(column, Null(), "c = 1 OR c IS NULL"), "true");
  EXPECT_EQ(Answer(column, Null(), "c <> 1 OR c = 1"), "false");
  EXPECT_EQ(Answer(column, Signed(2), "c NOT IN (1, NULL)"), "false");
  EXPECT_EQ(Answer(column, Signed(1), "c IN (NULL, 1)"), "true");
  EXPECT_EQ(Answer(column, Signed(1), "NOT (c = NULL AND c = 2)"), "true");
  EXPECT_EQ(Answer(column, Signed(1), "c = NULL"), "false");
}

TEST(RowPredicateTest, RefusesWhatCannotBeCompared) {
  EXPECT_THAT(Answer({.kind = ColumnKind::kInt}, Null(), "c = '1'"),
              HasSubstr("column c: it is a number: write the literal without "
                        "quotes"));
  EXPECT_THAT(Answer({.kind = ColumnKind::kInt}, Null(), "c = 1e3"),
              HasSubstr("without an exponent"));
  EXPECT_THAT(Answer({.kind = ColumnKind::kInt}, Null(), "c LIKE '1'"),
              HasSubstr("LIKE compares texts only"));
  EXPECT_THAT(Answer({.kind = ColumnKind::kDouble}, Null(), "c < 1e999"),
              HasSubstr("beyond what a DOUBLE has"));
  EXPECT_THAT(Answer({.kind = ColumnKind::kText}, Null(), "c = 1"),
              HasSubstr("put the literal in quotes"));
  for (const char* literal :
       {"20240101", "'2024-1-1'", "'2024-13-01'", "'2024-01-01T00:00:00'",
        "'2024-01-01 24:00:00'", "'2024-01-01 00:00:00.1234567'", "'x'"}) {
    EXPECT_THAT(Answer({.kind = ColumnKind::kDatetime}, Null(),
                       std::string("c = ") + literal),
                HasSubstr("write the literal as 'YYYY-MM-DD"));
  }
  EXPECT_THAT(
      Answer({.kind = ColumnKind::kTimestamp}, Null(), "c = '2023-02-29'"),
      HasSubstr("a day of the calendar"));
  EXPECT_THAT(Answer({.kind = ColumnKind::kTime}, Null(), "c = '1:00'"),
              HasSubstr("'[-]HH:MM:SS"));
  for (const ColumnKind kind : {ColumnKind::kJson, ColumnKind::kBlob,
                                ColumnKind::kPoint, ColumnKind::kVector}) {
    EXPECT_THAT(Answer({.kind = kind}, Null(), "c = 'x'"),
                HasSubstr("can only be tested with IS NULL"));
    EXPECT_EQ(Answer({.kind = kind}, Null(), "c IS NULL"), "true");
  }
  EXPECT_THAT(Answer({.kind = ColumnKind::kInt}, Null(), "C = 1"),
              HasSubstr("names the column C, which the table does not have"));
}

TEST(RowPredicateTest, NeedsItsColumnsInTheRowImage) {
  const auto predicate = RowPredicate::Create(
      *ParseRowFilter("c = 1"), SchemaOf({.kind = ColumnKind::kInt}),
      InvalidText::kStop);
  ASSERT_THAT(predicate, IsOk());
  const std::vector<Value> absent(1);
  const std::vector<Value> one = {Signed(1)};
  std::string scratch;
  EXPECT_THAT(predicate->Passes(absent, one, &scratch), IsOkAndHolds(true));
  EXPECT_THAT(predicate->Passes(absent, absent, &scratch),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("binlog_row_image=FULL")));
}

}  // namespace
}  // namespace binferry::worker
