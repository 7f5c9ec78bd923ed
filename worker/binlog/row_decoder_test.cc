#include "worker/binlog/row_decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/row_text.h"
#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = Value::Kind;
using Row = std::vector<Value>;

class RowDecoderTest : public ::testing::Test {
 protected:
  void AddColumn(ColumnKind kind, bool is_unsigned = false) {
    Column column;
    column.name = absl::StrCat("c", schema_.columns.size());
    column.kind = kind;
    column.is_unsigned = is_unsigned;
    schema_.columns.push_back(column);
  }

  // Writes the rows as an event, and starts to decode it.
  absl::Status Start(const EventBuilder::RowsSpec& spec) {
    EventBuilder binlog({.checksum = ChecksumAlgorithm::kNone});
    map_event_ = binlog.TableMap(7, schema_);
    rows_event_ = binlog.Rows(7, spec);
    const absl::StatusOr<TableMapEvent> map_event =
        ParseTableMap(AsBytes(map_event_).subspan(EventHeader::kBytes));
    map_ = BuildTableMap(map_event.value()).value();
    rows_ = ParseRows(static_cast<uint8_t>(rows_event_[4]),
                      AsBytes(rows_event_).subspan(EventHeader::kBytes))
                .value();
    return decoder_.Start(map_, rows_);
  }

  Row NewRow() const { return Row(schema_.columns.size()); }

  TableSchema schema_{
      .database = "d", .table = "t", .columns = {}, .key_columns = {}};
  std::string map_event_;
  std::string rows_event_;
  TableMap map_;
  RowsEvent rows_;
  RowDecoder decoder_;
};

TEST_F(RowDecoderTest, DecodesIntegersOfEveryWidthAndSign) {
  const std::pair<ColumnKind, int> widths[] = {{ColumnKind::kTinyInt, 8},
                                               {ColumnKind::kSmallInt, 16},
                                               {ColumnKind::kMediumInt, 24},
                                               {ColumnKind::kInt, 32},
                                               {ColumnKind::kBigInt, 64}};
  Row low;
  Row high;
  for (const auto& [kind, bits] : widths) {
    AddColumn(kind);
    const int64_t max = static_cast<int64_t>(~uint64_t{0} >> (65 - bits));
    low.push_back(Signed(-max - 1));
    high.push_back(Signed(max));
    AddColumn(kind, /*is_unsigned=*/true);
    low.push_back(Natural(Kind::kUnsigned, 0));
    high.push_back(Natural(Kind::kUnsigned, ~uint64_t{0} >> (64 - bits)));
  }
  ASSERT_THAT(Start({.schema = &schema_, .before = {}, .after = {low, high}}),
              IsOk());
  Row row = NewRow();
  ASSERT_THAT(decoder_.Next({}, absl::MakeSpan(row)), IsOk());
  EXPECT_EQ(ShowRow(row), ShowRow(low));
  ASSERT_THAT(decoder_.Next({}, absl::MakeSpan(row)), IsOk());
  EXPECT_EQ(ShowRow(row), ShowRow(high));
  EXPECT_FALSE(decoder_.HasNext());
}

TEST_F(RowDecoderTest, DecodesTheOtherKinds) {
  AddColumn(ColumnKind::kFloat);
  AddColumn(ColumnKind::kDouble);
  AddColumn(ColumnKind::kDecimal);
  schema_.columns.back().precision = 20;
  schema_.columns.back().scale = 6;
  AddColumn(ColumnKind::kDate);
  AddColumn(ColumnKind::kTime);
  schema_.columns.back().fraction_digits = 2;
  AddColumn(ColumnKind::kDatetime);
  schema_.columns.back().fraction_digits = 6;
  AddColumn(ColumnKind::kTimestamp);
  schema_.columns.back().fraction_digits = 3;
  AddColumn(ColumnKind::kVarchar);
  schema_.columns.back().max_bytes = 400;
  schema_.columns.back().charset = Charset::kUtf8mb4;
  AddColumn(ColumnKind::kLongBlob);
  schema_.columns.back().max_bytes = 4;
  Row row;
  row.push_back(ValueOf(Kind::kFloat));
  row.back().real32 = -1.5f;
  row.push_back(ValueOf(Kind::kDouble));
  row.back().real64 = 1e300;
  row.push_back(Bytes(Kind::kDecimal, "-12345.678900"));
  row.push_back(Temporal(Kind::kDate, {.year = 2020, .month = 2, .day = 29}));
  row.push_back(Temporal(Kind::kTime, {.is_negative = true, .micros = 10'000}));
  row.push_back(Temporal(Kind::kDatetime, {.year = 9999,
                                           .month = 12,
                                           .day = 31,
                                           .hour = 23,
                                           .minute = 59,
                                           .second = 58,
                                           .micros = 999'999}));
  row.push_back(Natural(Kind::kTimestamp, 1'600'000'000'123'000));
  row.push_back(Bytes(Kind::kText, "grün"));
  row.push_back(Bytes(Kind::kBytes, std::string(3, '\0')));
  const std::string blob(70'000, 'x');
  row.back().bytes = blob;
  ASSERT_THAT(Start({.schema = &schema_, .before = {}, .after = {row}}),
              IsOk());
  Row decoded = NewRow();
  ASSERT_THAT(decoder_.Next({}, absl::MakeSpan(decoded)), IsOk());
  EXPECT_EQ(ShowRow(decoded), ShowRow(row));
}

TEST_F(RowDecoderTest, PadsBinaryAndNothingElse) {
  AddColumn(ColumnKind::kBinary);
  AddColumn(ColumnKind::kBinary);
  AddColumn(ColumnKind::kVarbinary);
  for (Column& column : schema_.columns) column.max_bytes = 4;
  const std::string zeros(4, '\0');
  const Row row = {Bytes(Kind::kBytes, absl::string_view("a\0b\0", 4)),
                   Bytes(Kind::kBytes, zeros),
                   Bytes(Kind::kBytes, absl::string_view("a\0", 2))};
  ASSERT_THAT(Start({.schema = &schema_, .before = {}, .after = {row}}),
              IsOk());
  Row decoded = NewRow();
  ASSERT_THAT(decoder_.Next({}, absl::MakeSpan(decoded)), IsOk());
  EXPECT_EQ(ShowRow(decoded), ShowRow(row));
}

TEST_F(RowDecoderTest, KeepsTheScratchOfBothImagesApart) {
  AddColumn(ColumnKind::kDecimal);
  schema_.columns.back().precision = 5;
  schema_.columns.back().scale = 2;
  AddColumn(ColumnKind::kDecimal);
  schema_.columns.back().precision = 5;
  const auto decimal = [](absl::string_view text) {
    return Bytes(Kind::kDecimal, text);
  };
  ASSERT_THAT(Start({.kind = RowsEvent::Kind::kUpdate,
                     .schema = &schema_,
                     .before = {{decimal("1.11"), decimal("2")}},
                     .after = {{decimal("3.33"), decimal("4")}}}),
              IsOk());
  Row before = NewRow();
  Row after = NewRow();
  ASSERT_THAT(decoder_.Next(absl::MakeSpan(before), absl::MakeSpan(after)),
              IsOk());
  EXPECT_EQ(before[0].bytes, "1.11");
  EXPECT_EQ(before[1].bytes, "2");
  EXPECT_EQ(after[0].bytes, "3.33");
  EXPECT_EQ(after[1].bytes, "4");
}

TEST_F(RowDecoderTest, TellsAbsentFromNull) {
  for (int i = 0; i < 3; ++i) AddColumn(ColumnKind::kInt);
  ASSERT_THAT(Start({.kind = RowsEvent::Kind::kUpdate,
                     .schema = &schema_,
                     .before = {{Signed(1), Value(), Value()}},
                     .after = {{Value(), ValueOf(Kind::kNull), Signed(3)}}}),
              IsOk());
  Row before(3, Signed(99));
  Row after(3, Signed(99));
  ASSERT_THAT(decoder_.Next(absl::MakeSpan(before), absl::MakeSpan(after)),
              IsOk());
  EXPECT_EQ(ShowRow(before), ShowRow(Row{Signed(1), Value(), Value()}));
  EXPECT_EQ(ShowRow(after),
            ShowRow(Row{Value(), ValueOf(Kind::kNull), Signed(3)}));
}

TEST_F(RowDecoderTest, CountsBitsOverByteBorders) {
  for (const size_t columns : {7u, 8u, 9u, 16u, 17u, 300u}) {
    schema_.columns.clear();
    Row row;
    for (size_t i = 0; i < columns; ++i) {
      AddColumn(ColumnKind::kTinyInt, i % 3 == 0);
      row.push_back(i % 2 == 0   ? ValueOf(Kind::kNull)
                    : i % 3 == 0 ? Natural(Kind::kUnsigned, i % 256)
                    : i % 5 == 0 ? Value()
                                 : Signed(static_cast<int8_t>(i)));
    }
    ASSERT_THAT(Start({.kind = RowsEvent::Kind::kDelete,
                       .schema = &schema_,
                       .before = {row, row},
                       .after = {}}),
                IsOk());
    Row decoded = NewRow();
    for (int i = 0; i < 2; ++i) {
      ASSERT_THAT(decoder_.Next(absl::MakeSpan(decoded), {}), IsOk());
      EXPECT_EQ(ShowRow(decoded), ShowRow(row));
    }
    EXPECT_FALSE(decoder_.HasNext());
  }
}

TEST_F(RowDecoderTest, SkipsAndCountsRows) {
  AddColumn(ColumnKind::kInt);
  AddColumn(ColumnKind::kVarchar);
  schema_.columns.back().max_bytes = 20;
  schema_.columns.back().charset = Charset::kLatin1;
  std::vector<Row> rows;
  for (int i = 0; i < 5; ++i) {
    rows.push_back({Signed(i), i % 2 == 0 ? ValueOf(Kind::kNull)
                                          : Bytes(Kind::kText, "text")});
  }
  ASSERT_THAT(Start({.kind = RowsEvent::Kind::kUpdate,
                     .schema = &schema_,
                     .before = rows,
                     .after = rows}),
              IsOk());
  EXPECT_THAT(CountRows(map_, rows_), IsOkAndHolds(5u));
  for (int i = 0; i < 3; ++i) ASSERT_THAT(decoder_.Skip(), IsOk());
  Row before = NewRow();
  Row after = NewRow();
  ASSERT_THAT(decoder_.Next(absl::MakeSpan(before), absl::MakeSpan(after)),
              IsOk());
  EXPECT_EQ(ShowRow(after), ShowRow(rows[3]));
}

TEST_F(RowDecoderTest, RefusesRowsThatAreCutOff) {
  AddColumn(ColumnKind::kInt);
  AddColumn(ColumnKind::kVarchar);
  schema_.columns.back().max_bytes = 20;
  schema_.columns.back().charset = Charset::kLatin1;
  ASSERT_THAT(Start({.schema = &schema_,
                     .before = {},
                     .after = {{Signed(1), Bytes(Kind::kText, "text")}}}),
              IsOk());
  const absl::Span<const uint8_t> all = rows_.rows;
  for (size_t bytes = 1; bytes < all.size(); ++bytes) {
    rows_.rows = all.first(bytes);
    ASSERT_THAT(decoder_.Start(map_, rows_), IsOk());
    Row row = NewRow();
    EXPECT_THAT(decoder_.Next({}, absl::MakeSpan(row)),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("d.t.c")));
    EXPECT_THAT(CountRows(map_, rows_), StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST_F(RowDecoderTest, RefusesRowsOfAnotherTable) {
  AddColumn(ColumnKind::kInt);
  ASSERT_THAT(Start({.schema = &schema_, .before = {}, .after = {{Signed(1)}}}),
              IsOk());
  rows_.column_count = 2;
  EXPECT_THAT(decoder_.Start(map_, rows_),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("2 columns"), HasSubstr("d.t"))));
}

TEST_F(RowDecoderTest, HasOneRowWhereTheImageHasNoColumn) {
  AddColumn(ColumnKind::kInt);
  AddColumn(ColumnKind::kVarchar);
  ASSERT_THAT(
      Start({.schema = &schema_, .before = {}, .after = {{Value(), Value()}}}),
      IsOk());
  EXPECT_TRUE(rows_.rows.empty());
  EXPECT_THAT(CountRows(map_, rows_), IsOkAndHolds(1u));
  ASSERT_TRUE(decoder_.HasNext());
  Row row(2, Signed(99));
  ASSERT_THAT(decoder_.Next({}, absl::MakeSpan(row)), IsOk());
  EXPECT_THAT(ShowRow(row), ElementsAre("absent", "absent"));
  EXPECT_FALSE(decoder_.HasNext());
}

TEST_F(RowDecoderTest, RefusesBytesWhereTheImageHasNoColumn) {
  AddColumn(ColumnKind::kInt);
  ASSERT_THAT(Start({.schema = &schema_, .before = {}, .after = {{Signed(1)}}}),
              IsOk());
  const uint8_t no_column[] = {0};
  rows_.after_columns = no_column;
  EXPECT_THAT(decoder_.Start(map_, rows_),
              StatusIs(absl::StatusCode::kDataLoss,
                       AllOf(HasSubstr("d.t"), Not(HasSubstr("d.t.c0")))));
}

TEST_F(RowDecoderTest, HasNoRowWhereThereAreColumnsButNoBytes) {
  AddColumn(ColumnKind::kInt);
  ASSERT_THAT(Start({.schema = &schema_, .before = {}, .after = {{Signed(1)}}}),
              IsOk());
  rows_.rows = {};
  ASSERT_THAT(decoder_.Start(map_, rows_), IsOk());
  EXPECT_FALSE(decoder_.HasNext());
}

TEST_F(RowDecoderTest, DecodesTheKeyAloneWhereNoMoreIsWanted) {
  AddColumn(ColumnKind::kVarchar);
  schema_.columns.back().max_bytes = 20;
  schema_.columns.back().charset = Charset::kLatin1;
  AddColumn(ColumnKind::kJson);
  schema_.columns.back().max_bytes = 4;
  AddColumn(ColumnKind::kInt);
  AddColumn(ColumnKind::kInt);
  schema_.key_columns = {3, 0};
  // The document is damaged, and nobody looks.
  const Row before = {Bytes(Kind::kText, "a"), Bytes(Kind::kText, "\x7f"),
                      Signed(1), Signed(2)};
  const Row after = {Bytes(Kind::kText, "b"), ValueOf(Kind::kNull), Value(),
                     Signed(3)};
  ASSERT_THAT(Start({.kind = RowsEvent::Kind::kUpdate,
                     .schema = &schema_,
                     .before = {before, before},
                     .after = {after, after}}),
              IsOk());
  ASSERT_THAT(decoder_.Start(map_, rows_, RowDecoder::Columns::kSome,
                             map_.schema.key_columns),
              IsOk());
  for (int i = 0; i < 2; ++i) {
    Row first = NewRow();
    Row second = NewRow();
    ASSERT_THAT(decoder_.Next(absl::MakeSpan(first), absl::MakeSpan(second)),
                IsOk());
    EXPECT_EQ(ShowValue(first[0]), "text a");
    EXPECT_EQ(ShowValue(first[3]), "signed 2");
    EXPECT_EQ(ShowValue(second[0]), "text b");
    EXPECT_EQ(ShowValue(second[3]), "signed 3");
  }
  EXPECT_FALSE(decoder_.HasNext());
}

TEST_F(RowDecoderTest, PassesOverHiddenColumns) {
  AddColumn(ColumnKind::kInt);
  AddColumn(ColumnKind::kBigInt);
  schema_.columns.back().name = "!hidden!i!0!0";
  schema_.columns.back().is_hidden = true;
  AddColumn(ColumnKind::kInt);
  ASSERT_THAT(Start({.schema = &schema_,
                     .before = {},
                     .after = {{Signed(1), Value(), Signed(3)}}}),
              IsOk());
  Row row = NewRow();
  ASSERT_THAT(decoder_.Next({}, absl::MakeSpan(row)), IsOk());
  EXPECT_THAT(ShowRow(row), ElementsAre("signed 1", "absent", "signed 3"));
  EXPECT_THAT(
      Start({.schema = &schema_,
             .before = {},
             .after = {{Signed(1), Signed(2), Signed(3)}}}),
      StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("!hidden!i!0!0")));
}

TEST_F(RowDecoderTest, RefusesArraysThatAreTooSmall) {
  AddColumn(ColumnKind::kInt);
  AddColumn(ColumnKind::kInt);
  ASSERT_THAT(Start({.schema = &schema_,
                     .before = {},
                     .after = {{Signed(1), Signed(2)}}}),
              IsOk());
  Row row(1);
  EXPECT_THAT(decoder_.Next({}, absl::MakeSpan(row)),
              StatusIs(absl::StatusCode::kInternal));
}

}  // namespace
}  // namespace binferry::worker
