#include "worker/mysql/mysql_binlog_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/source_catalog.h"
#include "worker/mysql/start_position.h"
#include "worker/mysql/testing/test_server.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::HasSubstr;

constexpr uint8_t kWriteRows = 30;
constexpr uint8_t kHeartbeat = 27;
constexpr uint8_t kHeartbeatV2 = 41;
constexpr size_t kHeaderBytes = 19;
constexpr char kForeignUuid[] = "ffffffff-0000-11ef-8000-000000000002";

class MysqlBinlogSourceTest : public TestServer {
 protected:
  void SetUp() override {
    TestServer::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    source_options_.connection = options_;
    source_options_.dump.server_id = 4021;
    // The server ends an older dump of the same UUID: each test has its own.
    source_options_.dump.replica_uuid = RunForText("SELECT UUID()");
    Run("CREATE TABLE IF NOT EXISTS streamed (id INT AUTO_INCREMENT PRIMARY "
        "KEY, v LONGTEXT)");
  }

  Checkpoint Now() {
    const auto history = ReadSourceHistory(root_.get());
    EXPECT_THAT(history, IsOk());
    const auto checkpoint = ResolveStartPosition(StartNow{}, *history);
    EXPECT_THAT(checkpoint, IsOk());
    return *checkpoint;
  }

  std::unique_ptr<MysqlBinlogSource> Open(const Checkpoint& checkpoint) {
    auto source = MysqlBinlogSource::Create(source_options_, checkpoint);
    EXPECT_THAT(source, IsOk());
    return source.ok() ? *std::move(source) : nullptr;
  }

  // Reads until an event of `type` that holds `text`; others are checked for
  // being whole.
  static absl::Status ReadUntil(BinlogSource& source, uint8_t type,
                                absl::string_view text,
                                size_t* bytes = nullptr) {
    for (;;) {
      const auto event = source.Next();
      if (!event.ok()) return event.status();
      EXPECT_GE(event->size(), kHeaderBytes);
      const absl::string_view view(reinterpret_cast<const char*>(event->data()),
                                   event->size());
      uint32_t event_size;
      std::memcpy(&event_size, event->data() + 9, sizeof event_size);
      EXPECT_EQ(event_size, event->size());
      if ((*event)[4] != type || !absl::StrContains(view, text)) continue;
      if (bytes != nullptr) *bytes = event->size();
      return absl::OkStatus();
    }
  }

  MysqlSourceOptions source_options_;
};

TEST_F(MysqlBinlogSourceTest, StreamsRowsCommittedAfterTheStart) {
  Run("INSERT INTO streamed (v) VALUES ('before the start')");
  const auto source = Open(Now());
  ASSERT_NE(source, nullptr);
  Run("INSERT INTO streamed (v) VALUES ('after the start')");
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "after the start"), IsOk());
}

TEST_F(MysqlBinlogSourceTest, ReadsToTheEndWhenTold) {
  source_options_.dump.stop_at_end = true;
  const Checkpoint start = Now();
  Run("INSERT INTO streamed (v) VALUES ('one')");
  const auto source = Open(start);
  ASSERT_NE(source, nullptr);
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "one"), IsOk());
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "never written"),
              StatusIs(StatusCode::kOutOfRange));
}

TEST_F(MysqlBinlogSourceTest, StreamsByFileAndPosition) {
  Checkpoint start = Now();
  start.uses_gtid = false;
  start.gtid_set = "";
  const auto source = Open(start);
  ASSERT_NE(source, nullptr);
  Run("INSERT INTO streamed (v) VALUES ('by position')");
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "by position"), IsOk());
}

TEST_F(MysqlBinlogSourceTest, StreamsOverTls) {
  source_options_.connection.tls_mode = TlsMode::kRequired;
  if (!Connection::Connect(source_options_.connection).ok())
    GTEST_SKIP() << "the server has no TLS";
  const auto source = Open(Now());
  ASSERT_NE(source, nullptr);
  Run("INSERT INTO streamed (v) VALUES ('encrypted')");
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "encrypted"), IsOk());
}

TEST_F(MysqlBinlogSourceTest, GivesAnEventOfManyPacketsWhole) {
  const auto source = Open(Now());
  ASSERT_NE(source, nullptr);
  constexpr size_t kValueBytes = 20'000'000;
  Run(
      absl::StrCat("INSERT INTO streamed (v) VALUES (CONCAT('large ', REPEAT("
                   "'x', ",
                   kValueBytes, "), ' end'))"));
  size_t bytes = 0;
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "xxx end", &bytes), IsOk());
  EXPECT_GT(bytes, kValueBytes);
  Run("INSERT INTO streamed (v) VALUES ('after the large one')");
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "after the large one"), IsOk());
}

TEST_F(MysqlBinlogSourceTest, AnIdleStreamBeats) {
  source_options_.dump.heartbeat_period = absl::Seconds(1);
  const auto source = Open(Now());
  ASSERT_NE(source, nullptr);
  // The first may stand for skipped transactions; the later ones are time's.
  for (int beats = 0; beats < 3;) {
    const auto event = source->Next();
    ASSERT_THAT(event, IsOk());
    const uint8_t type = (*event)[4];
    if (type == kHeartbeatV2 || type == kHeartbeat) ++beats;
  }
}

TEST_F(MysqlBinlogSourceTest, SilenceIsUnavailable) {
  // A server that promises a heartbeat per minute to a reader that waits a
  // second.
  ConnectionOptions impatient = options_;
  impatient.read_timeout = absl::Seconds(1);
  auto connection = Connection::Connect(impatient);
  ASSERT_THAT(connection, IsOk());
  source_options_.dump.heartbeat_period = absl::Minutes(1);
  const absl::StatusOr<GtidSet> have = GtidSet::Parse(Now().gtid_set);
  ASSERT_THAT(have, IsOk());
  auto dump = BinlogConnection::Start(*std::move(connection),
                                      source_options_.dump, *have);
  ASSERT_THAT(dump, IsOk());
  const absl::Time start = absl::Now();
  absl::Status status;
  while (status.ok()) status = (*dump)->Next().status();
  EXPECT_THAT(status, StatusIs(StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
  EXPECT_THAT((*dump)->Next(), StatusIs(StatusCode::kUnavailable));
}

TEST_F(MysqlBinlogSourceTest, InterruptEndsTheWaitForGood) {
  const auto source = Open(Now());
  ASSERT_NE(source, nullptr);
  std::thread interrupter([&] {
    absl::SleepFor(absl::Milliseconds(50));
    source->Interrupt();
  });
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "never written"),
              StatusIs(StatusCode::kCancelled));
  interrupter.join();
  EXPECT_THAT(source->Next(), StatusIs(StatusCode::kCancelled));
}

TEST_F(MysqlBinlogSourceTest, AKilledDumpIsUnavailable) {
  const auto source = Open(Now());
  ASSERT_NE(source, nullptr);
  ASSERT_THAT(source->Next(), IsOk());  // The dump runs.
  Run(absl::StrCat("KILL ", source->session_id()));
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "never written"),
              StatusIs(StatusCode::kUnavailable));
}

TEST_F(MysqlBinlogSourceTest, ASecondReaderOfOurIdentityEndsTheFirstForGood) {
  const auto first = Open(Now());
  ASSERT_NE(first, nullptr);
  ASSERT_THAT(first->Next(), IsOk());
  const auto second = Open(Now());
  ASSERT_NE(second, nullptr);
  ASSERT_THAT(second->Next(), IsOk());
  EXPECT_THAT(ReadUntil(*first, kWriteRows, "never written"),
              StatusIs(StatusCode::kAborted, HasSubstr("another reader")));
}

TEST_F(MysqlBinlogSourceTest, RefusesAnotherServersCheckpoint) {
  Checkpoint by_set = Now();
  by_set.gtid_set = absl::StrCat(kForeignUuid, ":1-5");
  EXPECT_THAT(MysqlBinlogSource::Create(source_options_, by_set),
              StatusIs(StatusCode::kFailedPrecondition,
                       HasSubstr("shares no server UUID")));
  Checkpoint by_position = Now();
  by_position.uses_gtid = false;
  by_position.server_uuid = kForeignUuid;
  EXPECT_THAT(
      MysqlBinlogSource::Create(source_options_, by_position),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr(kForeignUuid)));
}

TEST_F(MysqlBinlogSourceTest, ALostFileIsDataLoss) {
  Checkpoint start = Now();
  start.uses_gtid = false;
  start.file = "binlog.999999";
  EXPECT_THAT(MysqlBinlogSource::Create(source_options_, start),
              StatusIs(StatusCode::kDataLoss, HasSubstr("was reset")));
  // The server's own words, should it go between the check and the dump.
  const auto source =
      MysqlBinlogSource::OpenFile(source_options_, "binlog.999999");
  ASSERT_THAT(source, IsOk());
  EXPECT_THAT(
      (*source)->Next(),
      StatusIs(StatusCode::kDataLoss, HasSubstr("no longer has the binlog")));
}

TEST_F(MysqlBinlogSourceTest, APositionInsideAnEventIsDataLoss) {
  Checkpoint start = Now();
  start.uses_gtid = false;
  Run("INSERT INTO streamed (v) VALUES ('somewhere')");
  start.position += 7;
  const auto source = Open(start);
  ASSERT_NE(source, nullptr);
  EXPECT_THAT(ReadUntil(*source, kWriteRows, "somewhere"),
              StatusIs(StatusCode::kDataLoss, HasSubstr("no whole event")));
}

TEST_F(MysqlBinlogSourceTest, AServerThatLostTransactionsIsDataLoss) {
  Checkpoint start = Now();
  if (!start.uses_gtid) GTEST_SKIP() << "the server runs without GTIDs";
  start.gtid_set = absl::StrCat(start.server_uuid, ":1-999999999");
  EXPECT_THAT(MysqlBinlogSource::Create(source_options_, start),
              StatusIs(StatusCode::kDataLoss, HasSubstr("lacks transactions")));
  // The server's own words, should it change between the check and the dump.
  auto connection = Connection::Connect(options_);
  ASSERT_THAT(connection, IsOk());
  const auto ahead = GtidSet::Parse(start.gtid_set);
  ASSERT_THAT(ahead, IsOk());
  auto dump = BinlogConnection::Start(*std::move(connection),
                                      source_options_.dump, *ahead);
  ASSERT_THAT(dump, IsOk());
  absl::Status status;
  while (status.ok()) status = (*dump)->Next().status();
  EXPECT_THAT(status,
              StatusIs(StatusCode::kDataLoss, HasSubstr("lacks transactions")));
}

TEST_F(MysqlBinlogSourceTest, AUserWithoutThePrivilegeIsDenied) {
  source_options_.connection = NewUser("binferry_mysql_nodump");
  Run("GRANT SELECT, REPLICATION CLIENT ON *.* TO binferry_mysql_nodump");
  auto source = MysqlBinlogSource::Create(source_options_, Now());
  ASSERT_THAT(source, IsOk());
  EXPECT_THAT((*source)->Next(), StatusIs(StatusCode::kPermissionDenied,
                                          AllOf(HasSubstr("REPLICATION SLAVE"),
                                                HasSubstr("source.username"))));
}

}  // namespace
}  // namespace binferry::worker
