// PARTIAL_UPDATE_ROWS: JSON columns of which the after image has differences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/testing/allocation_meter.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/row_decoder.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/json_document.h"
#include "worker/binlog/testing/row_text.h"
#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Row = std::vector<Value>;

constexpr uint8_t kReplace = 0;

class RowDecoderPartialTest : public ::testing::Test {
 protected:
  void AddColumns(const std::vector<ColumnKind>& kinds) {
    for (const ColumnKind kind : kinds) {
      Column column;
      column.name = absl::StrCat("c", schema_.columns.size());
      column.kind = kind;
      if (kind == ColumnKind::kJson) column.max_bytes = 4;
      schema_.columns.push_back(column);
    }
  }

  // Writes an event, and reads it.
  void Write(const std::vector<Row>& before, const std::vector<Row>& after,
             const std::vector<std::vector<size_t>>& diff_columns) {
    EventBuilder binlog({.checksum = ChecksumAlgorithm::kNone});
    map_event_ = binlog.TableMap(7, schema_);
    rows_event_ = binlog.Rows(7, {.kind = RowsEvent::Kind::kUpdate,
                                  .schema = &schema_,
                                  .before = before,
                                  .after = after,
                                  .diff_columns = diff_columns});
    Read(absl::string_view(map_event_).substr(EventHeader::kBytes),
         absl::string_view(rows_event_).substr(EventHeader::kBytes));
  }

  void Read(absl::string_view map_body, absl::string_view rows_body) {
    map_ = BuildTableMap(ParseTableMap(AsBytes(map_body)).value()).value();
    rows_ = ParseRows(static_cast<uint8_t>(EventType::kPartialUpdateRows),
                      AsBytes(rows_body))
                .value();
  }

  absl::Status Next(RowDecoder* decoder) {
    before_.assign(map_.schema.columns.size(), Signed(99));
    after_ = before_;
    return decoder->Next(absl::MakeSpan(before_), absl::MakeSpan(after_));
  }

  TableSchema schema_{
      .database = "d", .table = "t", .columns = {}, .key_columns = {}};
  std::string map_event_;
  std::string rows_event_;
  TableMap map_;
  RowsEvent rows_;
  Row before_;
  Row after_;
};

const std::string& Before() {
  static const auto* document = new std::string(JsonArray(
      {JsonInt16(1), JsonString("a text that makes a diff worth while")}));
  return *document;
}
const std::string& Diff() {
  static const auto* diff =
      new std::string(JsonDiff(kReplace, "$[0]", JsonInt16(7)));
  return *diff;
}
constexpr absl::string_view kBeforeText =
    "text [1, \"a text that makes a diff worth while\"]";
constexpr absl::string_view kAfterText =
    "text [7, \"a text that makes a diff worth while\"]";

TEST_F(RowDecoderPartialTest, AppliesDiffsToTheDocumentBefore) {
  AddColumns({ColumnKind::kInt, ColumnKind::kJson});
  Write({{Signed(1), Text(Before())}, {Signed(2), Text(Before())}},
        {{Signed(3), Text(Diff())}, {Signed(4), Text(Diff())}}, {{1}, {1}});
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(before_), ElementsAre("signed 1", kBeforeText));
  EXPECT_THAT(ShowRow(after_), ElementsAre("signed 3", kAfterText));
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(before_), ElementsAre("signed 2", kBeforeText));
  EXPECT_THAT(ShowRow(after_), ElementsAre("signed 4", kAfterText));
  EXPECT_FALSE(decoder.HasNext());
}

TEST_F(RowDecoderPartialTest, MixesDiffsDocumentsAndWhatStaysAsItIs) {
  AddColumns({ColumnKind::kJson, ColumnKind::kJson, ColumnKind::kInt,
              ColumnKind::kJson, ColumnKind::kJson, ColumnKind::kJson});
  const std::string document = JsonInt16(8);
  const Row before = {Text(Before()), Text(Before()), Signed(1),
                      Text(Before()), Text(Before()), Null()};
  Write({before, before, before},
        {{Text(Diff()), Text(""), Signed(2), Text(document), Null(), Null()},
         {Text(""), Text(Diff()), Signed(2), Text(""), Text(Diff()), Text("")},
         {Text(document), Text(document), Signed(2), Text(document),
          Text(document), Text(document)}},
        // Of the second row's documents one is empty: JSON null.
        {{0, 1}, {0, 1, 4, 5}, {}});
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(after_), ElementsAre(kAfterText, kBeforeText, "signed 2",
                                           "text 8", "null", "null"));
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(after_), ElementsAre(kBeforeText, kAfterText, "signed 2",
                                           "text null", kAfterText, "null"));
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(after_), ElementsAre("text 8", "text 8", "signed 2",
                                           "text 8", "text 8", "text 8"));
}

TEST_F(RowDecoderPartialTest, HasABitForEachJsonColumnOfTheTable) {
  // Ten JSON columns, of which the images have the last one: two bytes of bits.
  AddColumns(std::vector<ColumnKind>(10, ColumnKind::kJson));
  Row before(10);
  Row after(10);
  before[9] = Text(Before());
  after[9] = Text(Diff());
  Write({before}, {after}, {{9}});
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_EQ(ShowValue(after_[8]), "absent");
  EXPECT_EQ(ShowValue(after_[9]), kAfterText);
}

TEST_F(RowDecoderPartialTest, SkipsAndCountsRows) {
  AddColumns({ColumnKind::kInt, ColumnKind::kJson});
  std::vector<Row> before;
  std::vector<Row> after;
  for (int i = 0; i < 3; ++i) {
    before.push_back({Signed(i), Text(Before())});
    after.push_back({Signed(i), Text(i == 1 ? Before() : Diff())});
  }
  Write(before, after, {{1}, {}, {1}});
  EXPECT_THAT(CountRows(map_, rows_), IsOkAndHolds(3u));
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  ASSERT_THAT(decoder.Skip(), IsOk());
  ASSERT_THAT(decoder.Skip(), IsOk());
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(after_), ElementsAre("signed 2", kAfterText));
}

TEST_F(RowDecoderPartialTest, AsksForTheDocumentThatTheImageLacks) {
  AddColumns({ColumnKind::kInt, ColumnKind::kJson});
  Write({{Signed(1), Value()}}, {{Value(), Text(Diff())}}, {{1}});
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  EXPECT_THAT(Next(&decoder),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("d.t.c1"),
                             HasSubstr("binlog_row_value_options"))));
}

TEST_F(RowDecoderPartialTest, LeavesOutDocumentsThatCannotBeKnown) {
  AddColumns({ColumnKind::kInt, ColumnKind::kJson});
  Write({{Signed(1), Value()}, {Signed(2), Value()}, {Signed(3), Value()}},
        {{Value(), Text(Diff())},
         {Value(), Text("")},  // Unchanged: nothing is lost.
         {Value(), Text(Before())}},
        {{1}, {1}, {}});
  RowDecoder decoder(MissingDocument::kLeaveOut);
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(after_), ElementsAre("absent", "absent"));
  EXPECT_EQ(decoder.missing_documents(), 1u);
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(after_), ElementsAre("absent", "absent"));
  EXPECT_EQ(decoder.missing_documents(), 1u);
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(after_), ElementsAre("absent", kBeforeText));
  EXPECT_EQ(decoder.missing_documents(), 1u);
}

TEST_F(RowDecoderPartialTest, KeepsLittleTextOfTheImageThatAnInsertLacks) {
  constexpr auto kKeptBytes =
      static_cast<int64_t>(RowDecoder::kMaxKeptTextBytes);
  AddColumns({ColumnKind::kJson});
  const std::string document =
      JsonString(std::string(2 * RowDecoder::kMaxKeptTextBytes, 'x'));
  Write({{Binary(document)}}, {{Binary(document)}}, {{}});
  const AllocationMeter meter;
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_GT(meter.live_bytes(), kKeptBytes);
  const std::vector<uint8_t> all_columns = {1};
  ASSERT_THAT(decoder.Start(map_, {.kind = RowsEvent::Kind::kWrite,
                                   .column_count = 1,
                                   .after_columns = all_columns}),
              IsOk());
  EXPECT_LT(meter.live_bytes(), kKeptBytes);
}

TEST_F(RowDecoderPartialTest, NamesTheColumnOfDamagedDocuments) {
  AddColumns({ColumnKind::kInt, ColumnKind::kJson});
  const auto is_damaged =
      StatusIs(absl::StatusCode::kDataLoss, HasSubstr("d.t.c1"));
  for (const std::string& diff :
       {std::string("\7"), JsonDiff(kReplace, "$[5]", JsonInt16(1))}) {
    Write({{Signed(1), Text(Before())}}, {{Signed(1), Text(diff)}}, {{1}});
    RowDecoder decoder;
    ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
    EXPECT_THAT(Next(&decoder), is_damaged);
  }
  // A NULL has no place to change.
  Write({{Signed(1), Null()}}, {{Signed(1), Text(Diff())}}, {{1}});
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  EXPECT_THAT(Next(&decoder), is_damaged);
}

TEST_F(RowDecoderPartialTest, RefusesRowsThatAreCutOff) {
  AddColumns({ColumnKind::kJson, ColumnKind::kInt});
  Write({{Text(Before()), Signed(1)}}, {{Text(Diff()), Signed(2)}}, {{0}});
  const absl::Span<const uint8_t> all = rows_.rows;
  RowDecoder decoder;
  for (size_t bytes = 1; bytes < all.size(); ++bytes) {
    rows_.rows = all.first(bytes);
    ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
    EXPECT_THAT(Next(&decoder), StatusIs(absl::StatusCode::kDataLoss));
    EXPECT_THAT(CountRows(map_, rows_), StatusIs(absl::StatusCode::kDataLoss));
  }
}

TEST_F(RowDecoderPartialTest, RefusesValueOptionsOfLaterVersions) {
  AddColumns({ColumnKind::kInt});
  Write({{Signed(1)}}, {{Signed(2)}}, {{}});
  std::string rows(AsText(rows_.rows));
  const size_t before_bytes = 1 + 4;
  ASSERT_EQ(rows[before_bytes], '\0');
  rows[before_bytes] = '\2';
  rows_.rows = AsBytes(rows);
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  EXPECT_THAT(Next(&decoder), StatusIs(absl::StatusCode::kUnimplemented,
                                       AllOf(HasSubstr("options 2 of d.t"),
                                             Not(HasSubstr("d.t.c0")))));
}

// Of MySQL 9.7.4: q(id int primary key, a json, x int, b json, c json).
class PartialServerEventsTest : public RowDecoderPartialTest {
 protected:
  static constexpr char kMapHex[] =
      "8200000000000100026833000171000503f503f5f5030404041e010100040b0269640161"
      "0178016201630801000c01f8";

  void ReadHex(absl::string_view rows_hex) {
    map_event_ = absl::HexStringToBytes(kMapHex);
    rows_event_ = absl::HexStringToBytes(rows_hex);
    Read(map_event_, rows_event_);
  }

  const std::string y_ = std::string(57, 'y');
  const std::string x_ = std::string(36, 'x');
};

// update q set a=json_set(a,'$.a',77), b=json_array_append(b,'$',1), c='[8]'
TEST_F(PartialServerEventsTest, HaveDiffsAndDocuments) {
  ReadHex(
      "8200000000001100020005ffff10010000003a0000000002003900120001001300010005"
      "01000c140061622478787878787878787878787878787878787878787878787878787878"
      "7878787878787878020000004800000002030047000507000502000c0d00397979797979"
      "797979797979797979797979797979797979797979797979797979797979797979797979"
      "7979797979797979797979797979797901010001000000090000000003242e6103054d00"
      "020000004b0000000204004a000507000502000c10000501003979797979797979797979"
      "797979797979797979797979797979797979797979797979797979797979797979797979"
      "797979797979797979797908000000020100070005080002020000000200000048000000"
      "02030047000507000502000c0d0039797979797979797979797979797979797979797979"
      "797979797979797979797979797979797979797979797979797979797979797979797979"
      "050000000000000400000202000000020000004b0000000204004a000507000502000c10"
      "000501003979797979797979797979797979797979797979797979797979797979797979"
      "797979797979797979797979797979797979797979797979797908000000020100070005"
      "0800");
  RowDecoder decoder;
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(before_),
              ElementsAre("signed 1",
                          absl::StrCat("text {\"a\": 1, \"b\": \"", x_, "\"}"),
                          "signed 2", absl::StrCat("text [7, 2, \"", y_, "\"]"),
                          "null"));
  EXPECT_THAT(
      ShowRow(after_),
      ElementsAre("signed 1",
                  absl::StrCat("text {\"a\": 77, \"b\": \"", x_, "\"}"),
                  "signed 2", absl::StrCat("text [7, 2, \"", y_, "\", 1]"),
                  "text [8]"));
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(
      ShowRow(after_),
      ElementsAre("signed 2", "null", "signed 2",
                  absl::StrCat("text [7, 2, \"", y_, "\", 1]"), "text [8]"));
  EXPECT_FALSE(decoder.HasNext());
}

// The same with binlog_row_image=MINIMAL: the diff of `a`, and x.
TEST_F(PartialServerEventsTest, LackTheDocumentInMinimalImages) {
  ReadHex(
      "820000000000110002000501060001000000010100090000000003242e61030505000300"
      "0000");
  EXPECT_THAT(CountRows(map_, rows_), IsOkAndHolds(1u));
  RowDecoder strict;
  ASSERT_THAT(strict.Start(map_, rows_), IsOk());
  EXPECT_THAT(Next(&strict), StatusIs(absl::StatusCode::kFailedPrecondition));
  RowDecoder decoder(MissingDocument::kLeaveOut);
  ASSERT_THAT(decoder.Start(map_, rows_), IsOk());
  ASSERT_THAT(Next(&decoder), IsOk());
  EXPECT_THAT(ShowRow(after_),
              ElementsAre("absent", "absent", "signed 3", "absent", "absent"));
}

}  // namespace
}  // namespace binferry::worker
