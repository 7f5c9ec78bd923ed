// What a task meets when its source's history changes between two connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/start_resolution.h"
#include "worker/mysql/testing/private_server.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

class SourceChangeTest : public PrivateServer {
 protected:
  void SetUp() override {
    PrivateServer::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    source_.connection = options_;
    source_.dump.server_id = 4023;
    source_.dump.replica_uuid = RunForText("SELECT UUID()");
    source_.dump.stop_at_end = true;
    RunAll({"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT)"});
  }

  Checkpoint Resolve(const StartPosition& start) {
    const auto checkpoint = ResolveStart(start, source_, {});
    EXPECT_THAT(checkpoint, IsOk());
    return checkpoint.ok() ? *checkpoint : Checkpoint();
  }

  void Insert(int times) {
    for (int i = 0; i < times; ++i) Run("INSERT INTO shop.t VALUES (1)");
  }

  // What reading on at `checkpoint` comes to, before an event is taken.
  absl::Status Open(const Checkpoint& checkpoint) {
    const absl::Status status =
        MysqlBinlogSource::Create(source_, checkpoint).status();
    EXPECT_EQ(status.ok(), RemedyOf(status).empty()) << status;
    return status;
  }

  absl::Time Clock() {
    int64_t micros = 0;
    EXPECT_TRUE(absl::SimpleAtoi(
        RunForText("SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS "
                   "UNSIGNED)"),
        &micros));
    return absl::FromUnixMicros(micros);
  }

  MysqlSourceOptions source_;
};

// One server for everything.
TEST_F(SourceChangeTest, ALostHistoryIsSeenBeforeAnEventIsTaken) {
  // Purged.
  const Checkpoint early = Resolve(StartNow{});
  ASSERT_TRUE(early.uses_gtid);
  Insert(3);
  RunAll({"FLUSH BINARY LOGS", "FLUSH BINARY LOGS"});
  Insert(2);
  const Checkpoint late = Resolve(StartNow{});
  EXPECT_THAT(Open(early), IsOk());
  Run(absl::StrCat("PURGE BINARY LOGS TO ", root_->Quote(late.file)));
  EXPECT_THAT(Open(early),
              StatusIs(StatusCode::kDataLoss, HasSubstr("purged")));
  EXPECT_THAT(Open(late), IsOk());

  // Reset, and then as many transactions once more under the same numbers.
  Run("RESET BINARY LOGS AND GTIDS");
  EXPECT_THAT(Open(late),
              StatusIs(StatusCode::kDataLoss, HasSubstr("lacks transactions")));
  Insert(20);
  EXPECT_THAT(Open(late),
              StatusIs(StatusCode::kDataLoss, HasSubstr("was reset")));
  const Checkpoint anew = Resolve(StartNow{});
  EXPECT_THAT(Open(anew), IsOk());

  // After a failover the files are others, and GTIDs tell the place.
  Checkpoint elsewhere = anew;
  elsewhere.server_uuid = "ffffffff-0000-11ef-8000-000000000002";
  elsewhere.file = "binlog.000999";
  const auto moved = MysqlBinlogSource::Create(source_, elsewhere);
  ASSERT_THAT(moved, IsOk());
  EXPECT_EQ((*moved)->server_uuid(), RunForText("SELECT @@server_uuid"));

  // Without GTIDs. Files of the other mode stay, and are not given.
  RunAll({"SET GLOBAL gtid_mode=ON_PERMISSIVE",
          "SET GLOBAL gtid_mode=OFF_PERMISSIVE", "SET GLOBAL gtid_mode=OFF"});
  EXPECT_THAT(Open(anew), StatusIs(StatusCode::kFailedPrecondition,
                                   HasSubstr("gtid_mode")));
  Insert(1);
  const absl::Time between = Clock();
  const Checkpoint by_place = Resolve(StartNow{});
  Insert(1);
  const Checkpoint by_time = Resolve(StartAtTime{between});
  EXPECT_FALSE(by_time.uses_gtid);
  EXPECT_EQ(by_time, by_place);
  EXPECT_THAT(Open(by_place), IsOk());
  Checkpoint of_another = by_place;
  of_another.server_uuid = elsewhere.server_uuid;
  EXPECT_THAT(Open(of_another), StatusIs(StatusCode::kFailedPrecondition,
                                         HasSubstr("mean nothing elsewhere")));
  Run("FLUSH BINARY LOGS");
  Run(absl::StrCat("PURGE BINARY LOGS TO ",
                   root_->Quote(Resolve(StartNow{}).file)));
  EXPECT_THAT(Open(by_place),
              StatusIs(StatusCode::kDataLoss, HasSubstr("no longer has")));
  Run("RESET BINARY LOGS AND GTIDS");
  EXPECT_THAT(Open(by_place),
              StatusIs(StatusCode::kDataLoss, HasSubstr("was reset")));
}

}  // namespace
}  // namespace binferry::worker
