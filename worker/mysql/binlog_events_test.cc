// Events of a real server, through the decoder: large ones and compressed ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/transaction_payload.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/source_catalog.h"
#include "worker/mysql/start_position.h"
#include "worker/mysql/testing/test_server.h"

namespace binferry::worker {
namespace {

class BinlogEventsTest : public TestServer {
 protected:
  void SetUp() override {
    TestServer::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    Run("DROP TABLE IF EXISTS event_rows");
    Run("CREATE TABLE event_rows (id INT AUTO_INCREMENT PRIMARY KEY, v "
        "LONGTEXT CHARACTER SET latin1)");
    const auto history = ReadSourceHistory(root_.get());
    ASSERT_THAT(history, IsOk());
    const auto start = ResolveStartPosition(StartNow{}, *history);
    ASSERT_THAT(start, IsOk());
    MysqlSourceOptions options;
    options.connection = options_;
    options.dump.server_id = 4022;
    options.dump.replica_uuid = RunForText("SELECT UUID()");
    auto source = MysqlBinlogSource::Create(options, *start);
    ASSERT_THAT(source, IsOk());
    source_ = *std::move(source);
    decoder_ = EventDecoder({start->file, start->position});
  }

  void TearDown() override {
    if (root_ != nullptr) Run("DROP TABLE IF EXISTS event_rows");
  }

  // The next event of `type`, or any. Those before it go through the decoder
  // too, which checks checksum and place of each.
  std::optional<EventFrame> NextOf(std::optional<EventType> type) {
    while (true) {
      const auto raw = source_->Next();
      EXPECT_THAT(raw, IsOk());
      if (!raw.ok()) return std::nullopt;
      const absl::StatusOr<EventFrame> frame = decoder_.Frame(*raw);
      EXPECT_THAT(frame, IsOk());
      if (!frame.ok()) return std::nullopt;
      if (!type.has_value() || frame->header.Is(*type)) return *frame;
    }
  }

  // Type and content; of events of a table without the id, which differs.
  static std::string Describe(const EventFrame& frame) {
    const bool has_table =
        frame.IsRows() || frame.header.Is(EventType::kTableMap);
    const std::string name = EventTypeName(frame.header.type);
    if (frame.header.Is(EventType::kXid)) return name;
    return absl::StrCat(name, AsText(frame.body.subspan(has_table ? 6 : 0)));
  }

  // The events of the next payload, described.
  std::vector<std::string> ReadPayload() {
    std::vector<std::string> events;
    const auto frame = NextOf(EventType::kTransactionPayload);
    if (!frame.has_value()) return events;
    const absl::StatusOr<Event> event = decoder_.Decode(*frame);
    EXPECT_THAT(event, IsOk());
    if (!event.ok()) return events;
    EXPECT_THAT(
        payload_reader_.Start(std::get<TransactionPayloadEvent>(*event)),
        IsOk());
    while (true) {
      const auto raw = payload_reader_.Next();
      EXPECT_THAT(raw, IsOk());
      if (!raw.ok() || !raw->has_value()) return events;
      const absl::StatusOr<EventFrame> inner = decoder_.FrameInner(**raw);
      EXPECT_THAT(inner, IsOk());
      if (!inner.ok()) return events;
      EXPECT_THAT(decoder_.Decode(*inner), IsOk());
      events.push_back(Describe(*inner));
    }
  }

  // Inserts a text of so many bytes in a session that may.
  void InsertBytes(uint64_t bytes) {
    Run(absl::StrCat("INSERT INTO event_rows (v) VALUES (REPEAT('x', ", bytes,
                     "))"));
  }

  std::unique_ptr<MysqlBinlogSource> source_;
  EventDecoder decoder_;
  PayloadReader payload_reader_;
};

TEST_F(BinlogEventsTest, AreWholeWhereTheyFillPacketsExactly) {
  // A packet holds at most 0xffffff bytes; one of that length says that another
  // follows, which may be empty. The event has a byte in front of it.
  constexpr uint64_t kProbeBytes = 70'000;
  InsertBytes(kProbeBytes);
  std::optional<EventFrame> frame = NextOf(EventType::kWriteRows);
  ASSERT_TRUE(frame.has_value());
  const uint64_t overhead = frame->header.event_size - kProbeBytes;
  for (const uint64_t packet_bytes :
       {uint64_t{0xfffffe}, uint64_t{0xffffff}, uint64_t{0x1000000},
        uint64_t{0x1000001}, uint64_t{2 * 0xffffff}}) {
    InsertBytes(packet_bytes - 1 - overhead);
    frame = NextOf(EventType::kWriteRows);
    ASSERT_TRUE(frame.has_value()) << packet_bytes;
    EXPECT_EQ(frame->header.event_size, packet_bytes - 1);
  }
  InsertBytes(5);
  EXPECT_TRUE(NextOf(EventType::kXid).has_value());
}

TEST_F(BinlogEventsTest, AreWholeWithAHundredMegabytes) {
  const std::string limit = RunForText("SELECT @@global.max_allowed_packet");
  Run("SET GLOBAL max_allowed_packet = 1073741824");
  auto root = Connection::Connect(options_);
  ASSERT_THAT(root, IsOk());
  root_ = *std::move(root);
  Run(absl::StrCat("SET GLOBAL max_allowed_packet = ", limit));
  Run(absl::StrCat("USE ", kDatabase));
  constexpr uint64_t kBytes = 100'000'000;
  InsertBytes(kBytes);
  const std::optional<EventFrame> frame = NextOf(EventType::kWriteRows);
  ASSERT_TRUE(frame.has_value());
  EXPECT_GT(frame->header.event_size, kBytes);
  EXPECT_TRUE(NextOf(EventType::kXid).has_value());
}

TEST_F(BinlogEventsTest, AreInPayloadsWhatTheyAreOutside) {
  for (const absl::string_view compression : {"OFF", "ON"}) {
    Run(absl::StrCat("SET SESSION binlog_transaction_compression=",
                     compression));
    Run("TRUNCATE event_rows");
    Run("BEGIN");
    Run("INSERT INTO event_rows (v) VALUES ('one'), (REPEAT('two', 9000))");
    Run("SAVEPOINT a");
    Run("UPDATE event_rows SET v = CONCAT(v, '!')");
    Run("COMMIT");
  }
  std::vector<std::string> plain;
  std::optional<EventFrame> frame = NextOf(EventType::kTableMap);
  while (frame.has_value() && !frame->header.Is(EventType::kXid)) {
    plain.push_back(Describe(*frame));
    frame = NextOf(std::nullopt);
  }
  EXPECT_GT(plain.size(), 5u);
  std::vector<std::string> packed = ReadPayload();
  ASSERT_GT(packed.size(), 2u);
  EXPECT_THAT(packed.front(), testing::HasSubstr("BEGIN"));
  EXPECT_EQ(packed.back(), "XID (16)");
  packed.erase(packed.begin());
  packed.pop_back();
  EXPECT_EQ(packed, plain);
}

TEST_F(BinlogEventsTest, StreamOutOfAPayloadOfManyPackets) {
  constexpr int kRows = 20'000;
  Run("SET SESSION binlog_transaction_compression=ON");
  Run(absl::StrCat(
      "INSERT INTO event_rows (v) SELECT HEX(RANDOM_BYTES(1024)) FROM "
      "information_schema.columns a, information_schema.columns b LIMIT ",
      kRows));
  size_t rows_bytes = 0;
  for (const std::string& event : ReadPayload()) {
    if (absl::StartsWith(event, "WRITE_ROWS")) rows_bytes += event.size();
  }
  EXPECT_GT(rows_bytes, size_t{kRows} * 2048);
}

}  // namespace
}  // namespace binferry::worker
