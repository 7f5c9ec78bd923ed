#include "worker/pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "worker/pipeline/testing/scripted_server.h"
#include "worker/schema/testing/values.h"
#include "worker/sink/testing/recording_sink.h"

namespace binferry::worker {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr absl::Duration kDeadline = absl::Seconds(20);
const absl::Status kEnd = absl::OutOfRangeError("the script ends");

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    destination_.SetAutoCreate(4);
    options_.task_uid = TaskUid("7b1f");
    options_.epoch = Epoch(3);
    options_.generation = Generation(2);
    options_.objects = {
        {{"shop", "", true, {}}, {"crm", "people", false, {{"a", "b"}}}}};
  }

  std::unique_ptr<Pipeline> Make(const absl::Status& end) {
    absl::StatusOr<std::unique_ptr<Pipeline>> pipeline =
        Pipeline::Create(options_,
                         {.open_sink = destination_.Opener(),
                          .resolve_start = server_.StartOfFile(),
                          .open_source = server_.Opener(end),
                          .on_streaming = [this] { streaming_.Notify(); }},
                         &clock_);
    EXPECT_THAT(pipeline, IsOk());
    return *std::move(pipeline);
  }

  // Runs to the end of what the server has.
  absl::Status RunAll() {
    options_.history = destination_.last_checkpoint().has_value()
                           ? TaskHistory::kStarted
                           : TaskHistory::kNew;
    absl::StatusOr<std::unique_ptr<Pipeline>> pipeline =
        Pipeline::Create(options_,
                         {.open_sink = destination_.Opener(),
                          .resolve_start = server_.StartOfFile(),
                          .open_source = server_.Opener(kEnd),
                          .on_streaming = nullptr},
                         &clock_);
    if (!pipeline.ok()) return pipeline.status();
    return (*pipeline)->Run(std::stop_token());
  }

  // The committed values.
  std::vector<std::string> Values() const {
    std::vector<std::string> values;
    for (const RecordedRecord& record : destination_.committed()) {
      values.push_back(record.value);
    }
    return values;
  }

  Checkpoint LastCheckpoint() const { return *destination_.last_checkpoint(); }

  SimulatedClock clock_;
  RecordingDestination destination_;
  ScriptedServer server_;
  PipelineOptions options_;
  absl::Notification streaming_;
  const TableSchema orders_ = IdAndText("shop", "orders");
  const TableSchema people_ = IdAndText("crm", "a");
  const TableSchema log_ = IdAndText("shop", "log", false);
  const TableSchema other_ = IdAndText("other", "t");
};

TEST_F(PipelineTest, CarriesSeveralTablesByteForByte) {
  server_.Transaction(
      {InsertOf(orders_, {{Signed(1), Text("one")}, {Signed(2), Null()}}),
       InsertOf(people_, {{Signed(7), Text("<b>")}})});
  server_.Transaction({InsertOf(other_, {{Signed(1), Text("unseen")}})});
  server_.builder()->set_clock(1'700'000'123'456'789);
  server_.Transaction({UpdateOf(orders_, {{Signed(1), Text("one")}},
                                {{Signed(1), Text("uno")}}),
                       DeleteOf(log_, {{Signed(5), Text("gone")}})});
  EXPECT_EQ(RunAll(), kEnd);

  const std::string types = R"({"mysqlType":{"id":"int","c":"varchar"},"id":)";
  const std::string time =
      R"(,"es":1700000000000,"ts":1700003600000,"database":)";
  const std::string later =
      R"(,"es":1700000123456,"ts":1700003600000,"database":)";
  const std::string jdbc =
      R"(,"isDdl":false,"sql":"","sqlType":{"id":4,"c":12},"data":)";
  EXPECT_THAT(
      Values(),
      testing::ElementsAre(
          types + "1" + time + R"("shop","table":"orders","type":"INSERT")" +
              jdbc + R"([{"id":"1","c":"one"}],"old":null,"pkNames":["id"]})",
          types + "2" + time + R"("shop","table":"orders","type":"INSERT")" +
              jdbc + R"([{"id":"2","c":null}],"old":null,"pkNames":["id"]})",
          types + "3" + time + R"("people","table":"b","type":"INSERT")" +
              jdbc +
              R"([{"id":"7","c":"\u003cb\u003e"}],"old":null,"pkNames":["id"]})",
          types + "4" + later + R"("shop","table":"orders","type":"UPDATE")" +
              jdbc + R"([{"id":"1","c":"uno"}],"old":[{"id":"1","c":"one"}])" +
              R"(,"pkNames":["id"]})",
          types + "5" + later + R"("shop","table":"log","type":"DELETE")" +
              jdbc + R"(null,"old":[{"id":"5","c":"gone"}],"pkNames":[]})"));

  const std::vector<RecordedRecord> records = destination_.committed();
  EXPECT_EQ(records[0].topic, "shop-orders");
  EXPECT_EQ(records[0].key, R"({"id":"1"})");
  EXPECT_EQ(records[0].partition, PartitionOfTable("shop", "orders", 4));
  EXPECT_EQ(records[2].topic, "people-b");
  EXPECT_EQ(records[4].key, std::nullopt);

  const Checkpoint last = LastCheckpoint();
  EXPECT_EQ(last.gtid_set, server_.executed().ToString());
  EXPECT_EQ(last.position, server_.builder()->position());
  EXPECT_EQ(last.rows_done, 0u);
  EXPECT_EQ(last.last_id, 5u);
  EXPECT_EQ(last.inserts, 3u);
  EXPECT_EQ(last.updates, 1u);
  EXPECT_EQ(last.deletes, 1u);
  EXPECT_EQ(last.source_time_ms, 1'700'000'123'456);
  EXPECT_EQ(last.epoch, Epoch(3));
  EXPECT_EQ(last.partition_counts,
            (std::map<std::string, int32_t>{
                {"people-b", 4}, {"shop-log", 4}, {"shop-orders", 4}}));
}

TEST_F(PipelineTest, CommitsTheStartPositionBeforeTheFirstRow) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  EXPECT_EQ(RunAll(), kEnd);
  const auto checkpoints = destination_.checkpoints();
  ASSERT_GE(checkpoints.size(), 2u);
  EXPECT_EQ(checkpoints[0].checkpoint.number, 0);
  EXPECT_EQ(checkpoints[0].record_count, 0u);
  EXPECT_EQ(checkpoints[0].checkpoint.position, 4u);
  EXPECT_EQ(checkpoints[0].checkpoint.task_uid, TaskUid("7b1f"));
  EXPECT_EQ(checkpoints[1].checkpoint.number, 1);
}

TEST_F(PipelineTest, StopsWhenItsCheckpointIsGone) {
  options_.history = TaskHistory::kStarted;
  EXPECT_THAT(Make(kEnd)->Run({}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the state topic is empty")));
  EXPECT_EQ(server_.open_count(), 0);
  EXPECT_FALSE(destination_.last_checkpoint().has_value());
}

TEST_F(PipelineTest, AdvancesOverTransactionsOfOtherTables) {
  server_.Transaction({InsertOf(other_, {{Signed(1), Text("x")}})});
  server_.Statement("other", "CREATE TABLE t2 (id INT)");
  EXPECT_EQ(RunAll(), kEnd);
  EXPECT_EQ(LastCheckpoint().gtid_set, server_.executed().ToString());
  EXPECT_EQ(LastCheckpoint().last_id, 0u);
  EXPECT_TRUE(Values().empty());
}

TEST_F(PipelineTest, WritesAnUpdateOfTheKeyAsDeleteAndInsert) {
  options_.partition_policy = PartitionPolicy::kPrimaryKeyHash;
  server_.Transaction(
      {UpdateOf(orders_, {{Signed(1), Text("a")}, {Signed(2), Text("b")}},
                {{Signed(9), Text("a")}, {Signed(2), Text("c")}})});
  server_.Transaction({InsertOf(orders_, {{Signed(3), Text("d")}})});
  EXPECT_EQ(RunAll(), kEnd);
  const std::vector<RecordedRecord> records = destination_.committed();
  ASSERT_EQ(records.size(), 4u);
  EXPECT_THAT(records[0].value, HasSubstr(R"("type":"DELETE")"));
  EXPECT_EQ(records[0].key, R"({"id":"1"})");
  EXPECT_THAT(records[1].value, HasSubstr(R"("type":"INSERT")"));
  EXPECT_EQ(records[1].key, R"({"id":"9"})");
  EXPECT_THAT(records[2].value, HasSubstr(R"("type":"UPDATE")"));
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].id, i + 1);
    EXPECT_EQ(records[i].partition, PartitionOf(*records[i].key, 4));
  }
  EXPECT_EQ(LastCheckpoint().updates, 2u);
  EXPECT_EQ(LastCheckpoint().records, 4u);
}

TEST_F(PipelineTest, CommitsASmallTransactionWhenTheSourceIsIdle) {
  options_.commit_interval = absl::Hours(10);
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  const std::unique_ptr<Pipeline> pipeline = Make(absl::OkStatus());
  absl::Status status = absl::UnknownError("never ended");
  {
    std::jthread run([&] { status = pipeline->Run({}); });
    EXPECT_TRUE(destination_.WaitForRecords(1, kDeadline));
    pipeline->Leave(LeavePlace::kNextCommit);
  }
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(pipeline->Statistics().phase, PipelineStatistics::Phase::kEnded);
}

TEST_F(PipelineTest, LeavesAtOnceBeforeRowsFlow) {
  const std::unique_ptr<Pipeline> pipeline = Make(absl::OkStatus());
  pipeline->Leave(LeavePlace::kTransactionBoundary);
  EXPECT_THAT(pipeline->Run({}), IsOk());
  EXPECT_EQ(destination_.open_count(), 0);
}

TEST_F(PipelineTest, LeavesBehindTheTransactionUnderWay) {
  // The second transaction stands in the binlog only in part.
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  std::vector<std::string> part = server_.Begin();
  part.push_back(server_.builder()->TableMap(5, orders_));
  part.push_back(
      server_.builder()->Rows(5, InsertOf(orders_, {{Signed(2), Text("y")}})));
  const std::vector<std::string> rest = {
      server_.builder()->Rows(5, InsertOf(orders_, {{Signed(3), Text("z")}})),
      server_.builder()->Xid(2)};
  server_.Group(part);
  const std::unique_ptr<Pipeline> pipeline = Make(absl::OkStatus());
  absl::Status status = absl::UnknownError("never ended");
  {
    std::jthread run([&] { status = pipeline->Run({}); });
    EXPECT_TRUE(destination_.WaitForRecords(2, kDeadline));
    EXPECT_EQ(LastCheckpoint().rows_done, 1u);
    pipeline->Leave(LeavePlace::kTransactionBoundary);
    server_.source()->Append(rest);
  }
  EXPECT_THAT(status, IsOk());
  EXPECT_EQ(destination_.committed().size(), 3u);
  EXPECT_EQ(LastCheckpoint().rows_done, 0u);
  EXPECT_EQ(LastCheckpoint().gtid_set, server_.executed().ToString());
}

TEST_F(PipelineTest, ReopensADisturbedSinkByItself) {
  for (int i = 0; i < 20; ++i) {
    server_.Transaction({InsertOf(orders_, {{Signed(i), Text("x")}})});
  }
  destination_.DisturbCommit(1);
  destination_.DisturbCommit(2);
  EXPECT_EQ(RunAll(), kEnd);
  EXPECT_GE(destination_.open_count(), 2);
  EXPECT_EQ(destination_.committed().size(), 20u);
}

TEST_F(PipelineTest, CommitsWhatStandsBeforeAnError) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  server_.Statement("shop", "INSERT INTO orders VALUES (2, 'y')");
  EXPECT_THAT(RunAll(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                 AllOf(HasSubstr("binlog_format"),
                                       HasSubstr("binlog.000001:"))));
  EXPECT_EQ(destination_.committed().size(), 1u);
}

TEST_F(PipelineTest, StopsAtStatementsThatMayConcernSelectedTables) {
  server_.Statement("other", "update w set c = 'y'", {"other", "shop"});
  EXPECT_THAT(RunAll(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(PipelineTest, PassesStatementsOfOtherDatabases) {
  server_.Statement("other", "INSERT INTO t VALUES ('workshop')");
  EXPECT_EQ(RunAll(), kEnd);
}

TEST_F(PipelineTest, CountsDefinitionsThatItDoesNotCarry) {
  server_.Statement("shop", "ALTER TABLE orders ADD COLUMN d INT");
  server_.Statement("shop", "GRANT ALL ON shop.* TO x");
  server_.Statement("other", "DROP TABLE t");
  const std::unique_ptr<Pipeline> pipeline = Make(kEnd);
  EXPECT_EQ(pipeline->Run({}), kEnd);
  EXPECT_EQ(pipeline->Statistics().ddl_omitted, 1u);
  EXPECT_EQ(pipeline->Statistics().checkpoint->gtid_set,
            server_.executed().ToString());
}

TEST_F(PipelineTest, FollowsANewTableShape) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  server_.Statement("shop", "ALTER TABLE orders RENAME COLUMN c TO d");
  TableSchema changed = orders_;
  changed.columns[1].name = "d";
  server_.Transaction({InsertOf(changed, {{Signed(2), Text("y")}})});
  EXPECT_EQ(RunAll(), kEnd);
  ASSERT_EQ(Values().size(), 2u);
  EXPECT_THAT(Values()[0], HasSubstr(R"("c":"x")"));
  EXPECT_THAT(Values()[1], HasSubstr(R"("d":"y")"));
}

TEST_F(PipelineTest, RefusesATopicThatLostPartitions) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  EXPECT_EQ(RunAll(), kEnd);
  destination_.AddTopic("shop-orders", 3);
  server_.Transaction({InsertOf(orders_, {{Signed(2), Text("y")}})});
  EXPECT_THAT(RunAll(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                 AllOf(HasSubstr("topic shop-orders has 3"),
                                       HasSubstr("table shop.orders"))));
}

TEST_F(PipelineTest, IgnoresThatATopicGrew) {
  options_.partition_policy = PartitionPolicy::kPrimaryKeyHash;
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  EXPECT_EQ(RunAll(), kEnd);
  destination_.AddTopic("shop-orders", 64);
  server_.Transaction({InsertOf(orders_, {{Signed(2), Text("y")}})});
  EXPECT_EQ(RunAll(), kEnd);
  EXPECT_EQ(destination_.committed()[1].partition,
            PartitionOf(R"({"id":"2"})", 4));
}

TEST_F(PipelineTest, NamesTheTableOfAMissingTopic) {
  RecordingDestination empty;
  options_.topic_policy.specified_topic = "nowhere";
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  auto pipeline = Pipeline::Create(options_,
                                   {.open_sink = empty.Opener(),
                                    .resolve_start = server_.StartOfFile(),
                                    .open_source = server_.Opener(kEnd),
                                    .on_streaming = nullptr},
                                   &clock_);
  ASSERT_THAT(pipeline, IsOk());
  EXPECT_THAT((*pipeline)->Run({}),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("shop.orders"), HasSubstr("nowhere"),
                             HasSubstr("binlog.000001:"))));
}

TEST_F(PipelineTest, NamesTableAndPlaceOfARowThatCannotBeEncoded) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  server_.Transaction({InsertOf(orders_, {{Signed(2), Text("\xff")}})});
  EXPECT_THAT(RunAll(), StatusIs(absl::StatusCode::kInvalidArgument,
                                 AllOf(HasSubstr("table shop.orders"),
                                       HasSubstr("column c"),
                                       HasSubstr("binlog.000001:"))));
}

TEST_F(PipelineTest, TakesBackATransactionThatACrashedSourceNeverEnded) {
  std::vector<std::string> group = server_.Begin();
  group.push_back(server_.builder()->FormatDescription(true));
  server_.Group(group);
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  EXPECT_EQ(RunAll(), kEnd);
  EXPECT_EQ(destination_.committed().size(), 1u);
}

TEST_F(PipelineTest, SaysThatAVoidTransactionWasDelivered) {
  std::vector<std::string> group = server_.Begin();
  group.push_back(server_.builder()->TableMap(5, orders_));
  group.push_back(
      server_.builder()->Rows(5, InsertOf(orders_, {{Signed(2), Text("y")}})));
  server_.Group(group);
  const std::string restart = server_.builder()->FormatDescription(true);
  const std::unique_ptr<Pipeline> pipeline = Make(absl::OkStatus());
  absl::Status status;
  {
    std::jthread run([&] { status = pipeline->Run({}); });
    EXPECT_TRUE(destination_.WaitForRecords(1, kDeadline));
    server_.source()->Append({restart});
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss,
                               HasSubstr("took back the transaction")));
}

TEST_F(PipelineTest, RefusesOptionsWithoutSense) {
  options_.encoder_threads = 0;
  EXPECT_THAT(RunAll(), StatusIs(absl::StatusCode::kInvalidArgument,
                                 HasSubstr("encoder_threads")));
  options_.encoder_threads = 1;
  options_.objects = {};
  EXPECT_THAT(RunAll(), StatusIs(absl::StatusCode::kInvalidArgument,
                                 HasSubstr("databases")));
}

// A destination that stands still.
class StuckSink : public RecordSink {
 public:
  StuckSink(std::stop_token interrupt, absl::Notification* stuck)
      : interrupt_(std::move(interrupt)), stuck_(stuck) {}

  absl::StatusOr<Topic> OpenTopic(const std::string&) override {
    return Topic{TopicHandle{0}, 1};
  }
  absl::Status Write(absl::Span<const Record>) override {
    return absl::OkStatus();
  }
  absl::Status Commit(const Checkpoint&) override {
    absl::Notification woken;
    const std::stop_callback wake(interrupt_, [&] { woken.Notify(); });
    stuck_->Notify();
    woken.WaitForNotification();
    return absl::CancelledError("interrupted");
  }
  bool NeedsReopen() const override { return false; }
  absl::Status DeleteState() override { return absl::OkStatus(); }

 private:
  const std::stop_token interrupt_;
  absl::Notification* const stuck_;
};

TEST_F(PipelineTest, IsInterruptedWhileTheDestinationStandsStill) {
  options_.budget_bytes = 64 << 10;
  const std::string text(4000, 'x');
  for (int i = 0; i < 100; ++i) {
    server_.Transaction({InsertOf(orders_, {{Signed(i), Text(text)}})});
  }
  std::stop_source interrupt;
  absl::Notification stuck;
  auto pipeline = Pipeline::Create(
      options_,
      {.open_sink = [&]() -> absl::StatusOr<OpenedSink> {
         return OpenedSink{
             std::make_unique<StuckSink>(interrupt.get_token(), &stuck),
             Checkpoint{.uses_gtid = true}};
       },
       .resolve_start = server_.StartOfFile(),
       .open_source = server_.Opener(),
       .on_streaming = nullptr},
      &clock_);
  ASSERT_THAT(pipeline, IsOk());
  absl::Status status;
  {
    std::jthread run([&] { status = (*pipeline)->Run(interrupt.get_token()); });
    stuck.WaitForNotification();
    interrupt.request_stop();
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(PipelineTest, KnowsItsLag) {
  const std::unique_ptr<Pipeline> pipeline = Make(absl::OkStatus());
  EXPECT_EQ(pipeline->Statistics().lag, std::nullopt);
  server_.builder()->set_clock(
      static_cast<uint64_t>(absl::ToUnixMicros(clock_.Now())) - 3'000'000);
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("x")}})});
  std::jthread run([&] { EXPECT_THAT(pipeline->Run({}), IsOk()); });
  streaming_.WaitForNotification();
  EXPECT_TRUE(destination_.WaitForRecords(1, kDeadline));
  const auto await_lag = [&](std::optional<absl::Duration> lag) {
    const absl::Time deadline = absl::Now() + kDeadline;
    while (pipeline->Statistics().lag != lag && absl::Now() < deadline) {
      std::this_thread::yield();
    }
    EXPECT_EQ(pipeline->Statistics().lag, lag);
  };
  await_lag(absl::Seconds(3));
  server_.source()->Append({server_.builder()->Heartbeat()});
  await_lag(absl::ZeroDuration());
  clock_.Advance(3 * options_.heartbeat_period + absl::Seconds(1));
  EXPECT_EQ(pipeline->Statistics().lag, std::nullopt);
  pipeline->Leave(LeavePlace::kNextCommit);
}

}  // namespace
}  // namespace binferry::worker
