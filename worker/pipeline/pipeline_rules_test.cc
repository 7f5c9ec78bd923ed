// Rows under a table's rules, and what else records may have.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "worker/pipeline/testing/pipeline_fixture.h"

namespace binferry::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PipelineRulesTest : public PipelineFixture {
 protected:
  PipelineRulesTest() {
    // Each chunk a Kafka transaction.
    options_.chunk_linger = absl::ZeroDuration();
    options_.commit_interval = absl::ZeroDuration();
  }

  void SetRules(TableRules rules) {
    options_.objects = {
        {{.name = "shop", .all_tables = true, .rules = std::move(rules)}}};
  }

  // "id type key headers" of each record; type "-" of tombstones.
  std::vector<std::string> Records() {
    EXPECT_EQ(Run(), kEnd);
    return Told(destination_);
  }

  static std::vector<std::string> Told(
      const RecordingDestination& destination) {
    std::vector<std::string> told;
    for (const RecordedRecord& record : destination.committed()) {
      std::string type = "-";
      if (record.has_value) {
        const std::vector<std::string> parts =
            absl::StrSplit(record.value, "\"type\":\"");
        type = parts[1].substr(0, 6);
      }
      told.push_back(
          absl::StrCat(record.id, " ", type, " ", record.key.value_or("none"),
                       record.headers.empty() ? "" : " ", record.headers));
    }
    return told;
  }

  const TableSchema orders_ = IdAndText("shop", "orders");
};

TEST_F(PipelineRulesTest, FiltersRowsAndGivesThemNoIds) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("keep")},
                                          {Signed(2), Text("drop")},
                                          {Signed(3), Text("keep")}})});
  server_.Transaction(
      {UpdateOf(orders_, {{Signed(1), Text("keep")}, {Signed(2), Text("drop")}},
                {{Signed(1), Text("gone")}, {Signed(2), Text("keep")}})});
  server_.Transaction({UpdateOf(orders_, {{Signed(9), Text("no")}},
                                {{Signed(9), Text("nor")}})});
  server_.Transaction({DeleteOf(
      orders_, {{Signed(2), Text("keep")}, {Signed(1), Text("gone")}})});
  TableRules rules;
  rules.row_filter = "c = 'keep'";
  SetRules(rules);
  EXPECT_THAT(Records(),
              ElementsAre(R"(1 INSERT {"id":"1"})", R"(2 INSERT {"id":"3"})",
                          R"(3 UPDATE {"id":"1"})", R"(4 UPDATE {"id":"2"})",
                          R"(5 DELETE {"id":"2"})"));
  // Rows that are left out are rows of the source all the same.
  EXPECT_EQ(destination_.last_checkpoint()->inserts, 3u);
  EXPECT_EQ(destination_.last_checkpoint()->deletes, 2u);
  EXPECT_EQ(destination_.last_checkpoint()->records, 5u);
}

TEST_F(PipelineRulesTest, CarriesTheChosenOperations) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("a")}})});
  server_.Transaction(
      {UpdateOf(orders_, {{Signed(1), Text("a")}}, {{Signed(2), Text("b")}})});
  server_.Transaction({DeleteOf(orders_, {{Signed(2), Text("b")}})});
  TableRules rules;
  rules.operations = {.inserts = false, .updates = true, .deletes = false};
  SetRules(rules);
  options_.partition_policy = PartitionPolicy::kPrimaryKeyHash;
  EXPECT_THAT(Records(),
              ElementsAre(R"(1 DELETE {"id":"1"})", R"(2 INSERT {"id":"2"})"));
}

TEST_F(PipelineRulesTest, PutsTombstonesBehindDeletes) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("a")}})});
  server_.Transaction(
      {UpdateOf(orders_, {{Signed(1), Text("a")}, {Signed(5), Text("x")}},
                {{Signed(2), Text("b")}, {Signed(5), Text("y")}})});
  server_.Transaction({DeleteOf(orders_, {{Signed(2), Text("b")}})});
  options_.tombstones = true;
  EXPECT_THAT(Records(),
              ElementsAre(R"(1 INSERT {"id":"1"})", R"(2 DELETE {"id":"1"})",
                          R"(2 - {"id":"1"})", R"(3 INSERT {"id":"2"})",
                          R"(4 UPDATE {"id":"5"})", R"(5 DELETE {"id":"2"})",
                          R"(5 - {"id":"2"})"));
  EXPECT_EQ(destination_.last_checkpoint()->last_id, 5u);
  EXPECT_EQ(destination_.last_checkpoint()->records, 5u);
}

TEST_F(PipelineRulesTest, HasNoTombstonesWithoutAKey) {
  const TableSchema bare = IdAndText("shop", "bare", /*has_key=*/false);
  server_.Transaction({DeleteOf(bare, {{Signed(2), Text("b")}})});
  options_.tombstones = true;
  EXPECT_THAT(Records(), ElementsAre("1 DELETE none"));
}

TEST_F(PipelineRulesTest, TellsEachRecordsPlaceInHeaders) {
  options_.position_headers = true;
  options_.tombstones = true;
  options_.generation = Generation(7);
  TableRules rules;
  rules.row_filter = "c <> 'hidden'";
  SetRules(rules);
  server_.Transaction({InsertOf(
      orders_, {{Signed(1), Text("a")}, {Signed(2), Text("hidden")}})});
  server_.Transaction(
      {InsertOf(orders_, {{Signed(3), Text("hidden")}, {Signed(4), Text("b")}}),
       DeleteOf(orders_, {{Signed(1), Text("a")}})});
  const std::vector<std::string> records = Records();
  ASSERT_EQ(records.size(), 4u);
  EXPECT_THAT(records[0], HasSubstr(":1 "));
  EXPECT_TRUE(absl::EndsWith(records[0], " 1 7")) << records[0];
  EXPECT_TRUE(absl::EndsWith(records[1], " 2 7")) << records[1];
  EXPECT_TRUE(absl::EndsWith(records[2], " 3 7")) << records[2];
  EXPECT_TRUE(absl::EndsWith(records[3], " 3 7")) << records[3];
  const std::vector<std::string> first = absl::StrSplit(records[0], ' ');
  const std::vector<std::string> second = absl::StrSplit(records[1], ' ');
  EXPECT_NE(first[3], second[3]) << "GTIDs";
  EXPECT_NE(first[4], second[4]) << "positions";
}

// Runs end at every commit, also inside of transactions.
TEST_F(PipelineRulesTest, RepeatsEverythingAfterFaults) {
  options_.position_headers = true;
  options_.tombstones = true;
  options_.partition_policy = PartitionPolicy::kPrimaryKeyHash;
  options_.budget_bytes = size_t{64} << 10;
  options_.checkpoint_interval = absl::ZeroDuration();
  TableRules rules;
  rules.row_filter = "id NOT IN (3, 5, 1003, 1011)";
  SetRules(rules);
  const std::string large(1500, 'a');
  std::vector<EventBuilder::RowsSpec> events;
  for (int i = 0; i < 40; ++i) {
    events.push_back(InsertOf(
        orders_, {{Signed(1000 + i), Text(large)}, {Signed(i), Text(large)}}));
    events.push_back(UpdateOf(orders_, {{Signed(i), Text(large)}},
                              {{Signed(100 + i), Text("moved")}}));
  }
  server_.Transaction(events);
  server_.Transaction({DeleteOf(orders_, {{Signed(101), Text("moved")}})});
  RecordingDestination undisturbed;
  undisturbed.SetAutoCreate(3);
  ASSERT_EQ(Run(&undisturbed, &server_), kEnd);
  const std::vector<std::string> expected = Told(undisturbed);
  ASSERT_EQ(expected.size(), 40u * 5 - 4 + 2);
  for (int nth = 1; nth <= 12; ++nth) {
    RecordingDestination destination;
    destination.SetAutoCreate(3);
    destination.FailCommit(nth, absl::UnavailableError("cut"));
    absl::Status status;
    for (int run = 0; run < 3 && status != kEnd; ++run) {
      status = Run(&destination, &server_);
    }
    EXPECT_EQ(status, kEnd);
    ASSERT_EQ(Told(destination), expected) << "commit " << nth;
  }
}

TEST_F(PipelineRulesTest, StopsBeforeWhatAFilterCannotJudge) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("a")}})});
  TableRules rules;
  rules.row_filter = "missing = 1";
  SetRules(rules);
  const absl::Status status = Run();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("shop.orders")));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("names the column missing")));
  EXPECT_TRUE(destination_.committed().empty());
}

TEST_F(PipelineRulesTest, SendsATablesRecordsToItsOwnTopic) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("a")}})});
  TableRules rules;
  rules.topic = "elsewhere";
  SetRules(rules);
  EXPECT_EQ(Run(), kEnd);
  ASSERT_EQ(destination_.committed().size(), 1u);
  EXPECT_EQ(destination_.committed()[0].topic, "elsewhere");
}

TEST_F(PipelineRulesTest, CountsTablesAndWhatIsHeld) {
  const TableSchema log = IdAndText("shop", "log");
  server_.Transaction(
      {InsertOf(orders_, {{Signed(1), Text("a")}}),
       InsertOf(log, {{Signed(1), Text("a")}, {Signed(2), Text("b")}})});
  server_.Transaction(
      {UpdateOf(orders_, {{Signed(1), Text("a")}}, {{Signed(1), Text("b")}}),
       DeleteOf(log, {{Signed(1), Text("a")}})});
  auto pipeline = Make(&destination_, &server_, kEnd);
  ASSERT_THAT(pipeline, IsOk());
  EXPECT_EQ((*pipeline)->Run(std::stop_token()), kEnd);
  const PipelineStatistics statistics = (*pipeline)->Statistics();
  ASSERT_EQ(statistics.top_tables.size(), 2u);
  EXPECT_EQ(statistics.top_tables[0].table, "log");
  EXPECT_EQ(statistics.top_tables[0].inserts, 2u);
  EXPECT_EQ(statistics.top_tables[0].deletes, 1u);
  EXPECT_EQ(statistics.top_tables[1].table, "orders");
  EXPECT_EQ(statistics.top_tables[1].updates, 1u);
  EXPECT_GT(statistics.top_tables[1].value_bytes, 100u);
  EXPECT_EQ(statistics.queued_records, 0u);
  EXPECT_EQ(statistics.limit_bytes, options_.budget_bytes);
  EXPECT_EQ(statistics.read_place->position,
            destination_.last_checkpoint()->position);
}

// A limit that would take hours is lifted by who leaves.
TEST_F(PipelineRulesTest, LeavesWhileItPacesItself) {
  options_.max_binlog_bytes_per_second = 1;
  for (int i = 0; i < 20; ++i) {
    server_.Transaction({InsertOf(orders_, {{Signed(i), Text("a")}})});
  }
  auto pipeline = Make(&destination_, &server_, absl::OkStatus());
  ASSERT_THAT(pipeline, IsOk());
  std::jthread leaver([&] {
    while ((*pipeline)->Statistics().back_pressure !=
           BackPressure::kRateLimit) {
      std::this_thread::yield();
    }
    (*pipeline)->Leave(LeavePlace::kNextCommit);
  });
  EXPECT_THAT((*pipeline)->Run(std::stop_token()), IsOk());
}

}  // namespace
}  // namespace binferry::worker
