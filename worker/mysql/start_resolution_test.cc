#include "worker/mysql/start_resolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/event_decoder.h"
#include "worker/mysql/testing/test_server.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class StartResolutionTest : public TestServer {
 protected:
  void SetUp() override {
    TestServer::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    source_.connection = options_;
    source_.dump.server_id = 4022;
    source_.dump.replica_uuid = RunForText("SELECT UUID()");
    source_.dump.stop_at_end = true;
    Run("CREATE TABLE IF NOT EXISTS timed (v VARCHAR(100))");
  }

  // The server's clock, as a statement would see it.
  absl::Time Clock() {
    int64_t micros = 0;
    EXPECT_TRUE(absl::SimpleAtoi(
        RunForText("SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS "
                   "UNSIGNED)"),
        &micros));
    return absl::FromUnixMicros(micros);
  }

  void Insert(const std::string& value) {
    Run(absl::StrCat("INSERT INTO timed VALUES ('", value, "')"));
  }

  // The values of `timed` in the rows that a stream from `start` has.
  std::vector<std::string> ValuesFrom(const Checkpoint& start) {
    auto source = MysqlBinlogSource::Create(source_, start);
    EXPECT_THAT(source, IsOk());
    std::vector<std::string> values;
    EventDecoder decoder;
    while (source.ok()) {
      const auto raw = (*source)->Next();
      if (!raw.ok()) {
        EXPECT_THAT(raw, StatusIs(StatusCode::kOutOfRange));
        break;
      }
      const auto frame = decoder.Frame(*raw);
      EXPECT_THAT(frame, IsOk());
      const std::string body(frame->body.begin(), frame->body.end());
      const size_t at = body.find("value-");
      if (frame->IsRows() && at != std::string::npos)
        values.push_back(body.substr(at));
    }
    return values;
  }

  std::vector<std::string> ValuesSince(absl::Time time) {
    const auto start = ResolveStart(StartAtTime{time}, source_, {});
    EXPECT_THAT(start, IsOk());
    return start.ok() ? ValuesFrom(*start) : std::vector<std::string>();
  }

  MysqlSourceOptions source_;
};

TEST_F(StartResolutionTest, StartsAtTheFirstTransactionCommittedSince) {
  Run("FLUSH BINARY LOGS");
  Insert("value-1");
  // Begun before the time, committed after it.
  const auto other = Connection::Connect(options_);
  ASSERT_THAT(other, IsOk());
  for (const std::string& statement :
       {std::string("BEGIN"),
        absl::StrCat("INSERT INTO ", kDatabase, ".timed VALUES ('value-3')")})
    ASSERT_THAT((*other)->Query(statement), IsOk());
  Insert("value-2");
  Run("FLUSH BINARY LOGS");
  Run("FLUSH BINARY LOGS");
  const absl::Time between = Clock();
  ASSERT_THAT((*other)->Query("COMMIT"), IsOk());
  // The event's own time is the session's to choose, the commit's is not.
  Run("SET timestamp=1000000000, binlog_transaction_compression=ON");
  Insert("value-4");
  Run("SET timestamp=DEFAULT, binlog_transaction_compression=OFF");
  const absl::Time after_4 = Clock();
  Run("FLUSH BINARY LOGS");
  Insert("value-5");
  const absl::Time end = Clock();

  EXPECT_THAT(ValuesSince(between), ElementsAre("value-3", "value-5"))
      << "value-4 is compressed: its payload is not read here";
  EXPECT_THAT(ValuesSince(after_4), ElementsAre("value-5"));
  EXPECT_THAT(ValuesSince(end), ElementsAre());
  const auto at_the_end = ResolveStart(StartAtTime{end}, source_, {});
  const auto now = ResolveStart(StartNow{}, source_, {});
  ASSERT_THAT(at_the_end, IsOk());
  ASSERT_THAT(now, IsOk());
  EXPECT_EQ(*at_the_end, *now);
  const auto resolved = ResolveStart(StartAtTime{between}, source_, {});
  ASSERT_THAT(resolved, IsOk());
  EXPECT_EQ(resolved->uses_gtid,
            RunForText("SELECT @@global.gtid_mode") == "ON");
  // The same place by file and position.
  const auto by_place = ResolveStart(
      StartAtCoordinates{{resolved->file, resolved->position}}, source_, {});
  ASSERT_THAT(by_place, IsOk());
  EXPECT_THAT(ValuesFrom(*by_place), ElementsAre("value-3", "value-5"));
}

TEST_F(StartResolutionTest, RefusesTimesAheadAndTimesThatArePurged) {
  EXPECT_THAT(
      ResolveStart(StartAtTime{Clock() + absl::Hours(1)}, source_, {}),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("lies ahead of")));
  EXPECT_THAT(ResolveStart(StartAtTime{absl::FromUnixSeconds(1'000'000'000)},
                           source_, {}),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("purged")));
}

}  // namespace
}  // namespace binferry::worker
