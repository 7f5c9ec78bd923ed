#include "worker/decode/binlog_printer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/payload_builder.h"
#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr char kUuid[] = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";

Gtid GtidOf(uint64_t number) {
  Gtid gtid;
  gtid.origin.uuid.fill(0xaa);
  gtid.number = number;
  return gtid;
}

// The lines, of which those of events that this test didn't make itself are no
// business, and what Print said last.
struct Printed {
  std::vector<std::string> lines;
  absl::Status status;
};

Printed Print(const std::vector<std::string>& events,
              PrintOptions options = {}) {
  const int file = memfd_create("lines", MFD_CLOEXEC);
  LineWriter out(file, LineWriter::Pace::kBatches);
  BinlogPrinter printer(std::move(options), &out);
  Printed printed;
  for (const std::string& event : events) {
    printed.status = printer.Print(AsBytes(event));
    if (!printed.status.ok()) break;
  }
  EXPECT_THAT(out.Flush(), IsOk());
  std::string text(1 << 20, '\0');
  const ssize_t count = pread(file, text.data(), text.size(), 0);
  text.resize(static_cast<size_t>(count));
  close(file);
  printed.lines = absl::StrSplit(text, '\n', absl::SkipEmpty());
  return printed;
}

// A table, and a stream that has been opened.
class BinlogPrinterTest : public testing::Test {
 protected:
  BinlogPrinterTest() : head_{binlog_.FakeRotate()} {
    Column id{.name = "id", .kind = ColumnKind::kInt, .is_unsigned = true};
    Column name{.name = "näme",
                .kind = ColumnKind::kVarchar,
                .is_nullable = true,
                .charset = Charset::kUtf8mb4,
                .max_bytes = 40};
    schema_ = {.database = "shop",
               .table = "t",
               .columns = {id, name},
               .key_columns = {0}};
    head_.push_back(binlog_.FormatDescription());
  }

  std::vector<std::string> WithHead(std::vector<std::string> events) const {
    events.insert(events.begin(), head_.begin(), head_.end());
    return events;
  }

  std::string Insert(std::vector<std::vector<Value>> rows) {
    return binlog_.Rows(7, {.kind = RowsEvent::Kind::kWrite,
                            .schema = &schema_,
                            .after = std::move(rows)});
  }

  // What every line of an event has, for an event at `position`.
  std::string Head(const std::string& name, int type, uint64_t position,
                   uint64_t end) const {
    return absl::StrCat(R"({"event":")", name, R"(","type":)", type,
                        R"(,"file":"binlog.000001","position":)", position,
                        R"(,"end":)", end,
                        R"(,"time":"2023-11-14T22:13:20Z","server_id":1)");
  }

  EventBuilder binlog_;
  std::vector<std::string> head_;
  TableSchema schema_;
};

TEST_F(BinlogPrinterTest, PrintsATransactionEventByEvent) {
  std::vector<uint64_t> at = {4, binlog_.position()};
  std::vector<std::string> events;
  const auto add = [&](std::string event) {
    events.push_back(std::move(event));
    at.push_back(binlog_.position());
  };
  add(binlog_.Gtid(GtidOf(5), 321));
  add(binlog_.Query("shop", "BEGIN"));
  add(binlog_.TableMap(7, schema_));
  add(Insert({{Unsigned(1), Text("x<y")}, {Unsigned(2), Null()}}));
  add(binlog_.Xid(77));
  const Printed printed = Print(WithHead(events));
  EXPECT_THAT(printed.status, IsOk());
  const std::string change =
      absl::StrCat(R"({"change":"INSERT","file":"binlog.000001","position":)",
                   at[4], R"(,"row":ROW,"gtid":")", kUuid,
                   R"(:5","time":"2023-11-14T22:13:20Z","database":"shop",)",
                   R"("table":"t","after":{"id":"ROW","näme":)");
  EXPECT_THAT(
      printed.lines,
      ElementsAre(
          Head("FORMAT_DESCRIPTION", 15, at[0], at[1]) +
              R"(,"server_version":"9.7.4","checksum":"CRC32",)"
              R"("is_server_start":false})",
          Head("GTID", 33, at[1], at[2]) + R"(,"gtid":")" + kUuid +
              R"(:5","original_commit_time":"2023-11-14T22:13:20.000000Z",)"
              R"("transaction_length":321})",
          AllOf(StartsWith(Head("QUERY", 2, at[2], at[3]) +
                           R"(,"database":"shop","thread_id":)"),
                EndsWith(R"(,"sql":"BEGIN"})")),
          Head("TABLE_MAP", 19, at[3], at[4]) +
              R"(,"table_id":7,"database":"shop","table":"t","columns":[)"
              R"({"name":"id","type":"int unsigned","nullable":false,"key":1},)"
              R"({"name":"näme","type":"varchar","nullable":true,)"
              R"("charset":"utf8mb4"}]})",
          Head("WRITE_ROWS", 30, at[4], at[5]) +
              R"(,"table_id":7,"database":"shop","table":"t",)"
              R"("after_columns":"all","rows":2,"ends_statement":true})",
          absl::StrReplaceAll(change, {{"ROW", "1"}}) + R"("x\u003cy"}})",
          absl::StrReplaceAll(change, {{"ROW", "2"}}) + "null}}",
          Head("XID", 16, at[5], at[6]) + R"(,"xid":77})"));
}

TEST_F(BinlogPrinterTest, CountsRowsByTransaction) {
  const std::vector<std::string> events = {
      binlog_.AnonymousGtid(), binlog_.Query("shop", "BEGIN"),
      binlog_.TableMap(7, schema_), Insert({{Unsigned(1), Null()}}),
      Insert({{Unsigned(2), Null()}}), binlog_.Xid(1),
      // A server without GTID events.
      binlog_.Query("shop", "BEGIN"), binlog_.TableMap(7, schema_),
      Insert({{Unsigned(3), Null()}})};
  const Printed printed = Print(WithHead(events), {.prints_events = false});
  EXPECT_THAT(printed.lines, ElementsAre(HasSubstr(R"("row":1,"gtid":null)"),
                                         HasSubstr(R"("row":2,"gtid":null)"),
                                         HasSubstr(R"("row":1,"gtid":null)")));
}

TEST_F(BinlogPrinterTest, TakesNoGtidIntoAFileWithoutAny) {
  std::vector<std::string> events = {binlog_.Gtid(GtidOf(5))};
  for (int i = 0; i < 2; ++i) {
    events.push_back(binlog_.Query("", "BEGIN"));
    events.push_back(binlog_.TableMap(7, schema_));
    events.push_back(Insert({{Unsigned(1), Null()}}));
    events.push_back(binlog_.Xid(1));
    events.push_back(binlog_.FakeRotate());
    events.push_back(binlog_.FormatDescription());
  }
  const Printed printed = Print(WithHead(events), {.prints_events = false});
  EXPECT_THAT(printed.status, IsOk());
  EXPECT_THAT(printed.lines, ElementsAre(HasSubstr(R"(:5","time")"),
                                         HasSubstr(R"("gtid":null)")));
}

TEST_F(BinlogPrinterTest, LeavesOutWhatAnImageLacks) {
  const std::vector<std::string> events = {
      binlog_.TableMap(7, schema_),
      binlog_.Rows(7, {.kind = RowsEvent::Kind::kUpdate,
                       .schema = &schema_,
                       .before = {{Unsigned(1), Absent()}},
                       .after = {{Absent(), Text("n")}}}),
      binlog_.Rows(7, {.kind = RowsEvent::Kind::kDelete,
                       .schema = &schema_,
                       .before = {{Unsigned(1), Absent()}}})};
  const Printed printed = Print(WithHead(events));
  ASSERT_EQ(printed.lines.size(), 6u) << printed.status;
  EXPECT_THAT(printed.lines[2],
              HasSubstr(R"("before_columns":["id"],"after_columns":["näme"])"));
  EXPECT_THAT(printed.lines[3],
              EndsWith(R"("before":{"id":"1"},"after":{"näme":"n"}})"));
  EXPECT_THAT(printed.lines[5], EndsWith(R"("before":{"id":"1"}})"));
}

TEST_F(BinlogPrinterTest, MarksTextThatIsNone) {
  const Printed printed =
      Print(WithHead({binlog_.TableMap(7, schema_),
                      Insert({{Unsigned(1), Text("a\xff\xc3")}})}),
            {.prints_events = false});
  EXPECT_THAT(printed.lines,
              ElementsAre(EndsWith(
                  R"("after":{"id":"1","näme":{"invalid_text":"61FFC3"}}})")));
}

TEST_F(BinlogPrinterTest, MarksADocumentOfWhichOnlyAChangeIsThere) {
  schema_.columns[1] = {.name = "doc",
                        .kind = ColumnKind::kJson,
                        .is_nullable = true,
                        .charset = Charset::kUtf8mb4,
                        .max_bytes = 4};
  const std::string table_map = binlog_.TableMap(7, schema_);
  const Printed printed = Print(
      WithHead({table_map, binlog_.Rows(7, {.kind = RowsEvent::Kind::kUpdate,
                                            .schema = &schema_,
                                            .before = {{Unsigned(1), Absent()}},
                                            .after = {{Absent(), Text("")}},
                                            .diff_columns = {{1}}})}),
      {.prints_events = false});
  EXPECT_THAT(
      printed.lines,
      ElementsAre(EndsWith(
          R"("before":{"id":"1"},"after":{"doc":{"unavailable":true}}})")))
      << printed.status;
}

TEST_F(BinlogPrinterTest, PrintsOnlyChangesOfChosenTables) {
  TableSchema other = schema_;
  other.database = "mysql";
  const std::vector<std::string> events = {
      binlog_.TableMap(7, schema_), Insert({{Unsigned(1), Null()}}),
      binlog_.TableMap(8, other),
      binlog_.Rows(8, {.kind = RowsEvent::Kind::kWrite,
                       .schema = &other,
                       .after = {{Unsigned(2), Null()}}})};
  const auto changes = [&](TableFilter filter) {
    return Print(WithHead(events),
                 {.prints_events = false, .filter = std::move(filter)})
        .lines;
  };
  EXPECT_EQ(changes({}).size(), 2u);
  EXPECT_THAT(changes({.databases = {"mysql"}}),
              ElementsAre(HasSubstr(R"("database":"mysql")")));
  EXPECT_THAT(changes({.tables = {"shop.t", "mysql.u"}}),
              ElementsAre(HasSubstr(R"("database":"shop")")));
  EXPECT_EQ(changes({.tables = {"t"}}).size(), 2u);
  EXPECT_THAT(changes({.databases = {"SHOP"}}), IsEmpty());
  EXPECT_THAT(changes({.databases = {"shop"}, .tables = {"mysql.t"}}),
              IsEmpty());
}

TEST_F(BinlogPrinterTest, PrintsTheEventsInsideAPayload) {
  EventBuilder inner;
  const std::vector<std::string> compressed = {
      inner.Query("shop", "BEGIN"), inner.TableMap(7, schema_),
      inner.Rows(7, {.kind = RowsEvent::Kind::kWrite,
                     .schema = &schema_,
                     .after = {{Unsigned(1), Text("zip")}}}),
      inner.Xid(9)};
  const std::string gtid = binlog_.Gtid(GtidOf(6));
  const uint64_t start = binlog_.position();
  const std::string payload =
      binlog_.Raw(static_cast<uint8_t>(EventType::kTransactionPayload),
                  PayloadOf(compressed));
  const Printed printed = Print(WithHead({gtid, payload}));
  const std::string place = absl::StrCat(R"("position":)", start, R"(,"end":)",
                                         binlog_.position(), R"(,)");
  ASSERT_EQ(printed.lines.size(), 8u) << printed.status;
  EXPECT_THAT(
      printed.lines[2],
      testing::AllOf(StartsWith(R"({"event":"TRANSACTION_PAYLOAD")"),
                     HasSubstr(place), HasSubstr(R"("compression":"ZSTD")")));
  for (const size_t line : {3u, 4u, 5u, 7u}) {
    EXPECT_THAT(printed.lines[line], HasSubstr(place + R"("inside":true)"));
  }
  EXPECT_THAT(printed.lines[6],
              testing::AllOf(StartsWith(R"({"change":"INSERT")"),
                             HasSubstr(absl::StrCat("\"position\":", start)),
                             HasSubstr(absl::StrCat(kUuid, ":6")),
                             EndsWith(R"({"id":"1","näme":"zip"}})")));
}

TEST_F(BinlogPrinterTest, PrintsXaWithoutWaitingForItsEnd) {
  const std::string xa_prepare("\0\3\0\0\0\1\0\0\0\1\0\0\0ab", 15);
  const std::vector<std::string> events = {
      binlog_.Gtid(GtidOf(1)),
      binlog_.Query("", "XA START X'61',X'62',3"),
      binlog_.TableMap(7, schema_),
      Insert({{Unsigned(1), Null()}}),
      binlog_.Query("", "XA END X'61',X'62',3"),
      binlog_.Raw(static_cast<uint8_t>(EventType::kXaPrepare), xa_prepare)};
  const Printed printed = Print(WithHead(events));
  ASSERT_EQ(printed.lines.size(), 8u) << printed.status;
  EXPECT_THAT(printed.lines[5], StartsWith(R"({"change":"INSERT")"));
  EXPECT_THAT(printed.lines[7],
              EndsWith(R"(,"xa_id":"X'61',X'62',3","is_one_phase":false})"));
}

TEST_F(BinlogPrinterTest, HidesWhatStandsInNoFile) {
  const std::vector<std::string> events = WithHead({binlog_.HeartbeatV2()});
  EXPECT_EQ(Print(events).lines.size(), 1u);
  EXPECT_THAT(
      Print(events, {.prints_artificial = true}).lines,
      ElementsAre(HasSubstr(R"("next_file":"binlog.000001","next_position":4)"),
                  HasSubstr("FORMAT_DESCRIPTION"), HasSubstr("HEARTBEAT")));
}

TEST_F(BinlogPrinterTest, StopsAtWhatItCannotReadOrPassesItOver) {
  const std::string unknown = binlog_.Raw(99, "?");
  const uint64_t damaged_at = binlog_.position();
  const std::string damaged =
      binlog_.Raw(static_cast<uint8_t>(EventType::kXid), "short");
  const std::string ignorable = binlog_.Raw(98, "?", EventHeader::kIgnorable);
  const std::vector<std::string> events =
      WithHead({unknown, damaged, ignorable, binlog_.Xid(3)});

  const Printed stopped = Print(events);
  EXPECT_THAT(stopped.status, StatusIs(absl::StatusCode::kUnimplemented,
                                       HasSubstr("unknown event (99)")));
  ASSERT_EQ(stopped.lines.size(), 2u);
  EXPECT_THAT(stopped.lines[1], HasSubstr(R"("type":99)"));
  EXPECT_THAT(stopped.lines[1], HasSubstr(R"("error":")"));
  // Not silently, either, where only changes are printed.
  EXPECT_THAT(Print(events, {.prints_events = false}).status,
              StatusIs(absl::StatusCode::kUnimplemented));

  std::vector<absl::Status> passed_over;
  const Printed gone_on =
      Print(events, {.on_unreadable = [&](const absl::Status& status) {
              passed_over.push_back(status);
            }});
  EXPECT_THAT(gone_on.status, IsOk());
  EXPECT_EQ(gone_on.lines.size(), 5u);
  EXPECT_THAT(
      passed_over,
      ElementsAre(
          StatusIs(absl::StatusCode::kUnimplemented),
          StatusIs(absl::StatusCode::kDataLoss,
                   EndsWith(absl::StrCat("binlog.000001:", damaged_at)))));
}

TEST_F(BinlogPrinterTest, StopsAtRowsThatAreCutOff) {
  const std::string table_map = binlog_.TableMap(7, schema_);
  // Table id, flags, no extra bytes, 2 columns, both there; no row's end.
  const std::string cut("\7\0\0\0\0\0\1\0\2\0\2\xff\0\1\0\0\0\3a", 19);
  for (const bool prints_events : {true, false}) {
    EventBuilder binlog = binlog_;
    const uint64_t start = binlog.position();
    const Printed printed = Print(
        WithHead(
            {table_map,
             binlog.Raw(static_cast<uint8_t>(EventType::kWriteRows), cut)}),
        {.prints_events = prints_events});
    EXPECT_THAT(printed.status,
                StatusIs(absl::StatusCode::kDataLoss,
                         testing::AllOf(HasSubstr("shop.t"),
                                        EndsWith(absl::StrCat(":", start)))));
  }
}

TEST_F(BinlogPrinterTest, RefusesRowsWhoseTableNobodyTold) {
  EXPECT_THAT(Print(WithHead({Insert({{Unsigned(1), Null()}})})).status,
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("table id 7")));
}

}  // namespace
}  // namespace binferry::worker
