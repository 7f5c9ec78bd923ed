// What a pipeline makes of changes that the binlog lacks, and of rows that the
// source takes back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/pipeline/testing/pipeline_fixture.h"

namespace binferry::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Reason = PipelineAlert::Reason;

class PipelineAlertsTest : public PipelineFixture {};

TEST_F(PipelineAlertsTest, AlertsOfStatementsAndGoesOn) {
  options_.unreadable_change = UnreadableChange::kAlert;
  std::vector<std::string> group = server_.Begin();
  const uint64_t place = server_.builder()->position();
  Query("insert into orders values (1, 'x')", &group, {"shop"});
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  server_.Transaction({InsertOf(orders_, {{Signed(2), Text("row")}})});
  server_.Statement("other", "insert into t values (1)", {"other"});
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("row"));
  ASSERT_EQ(alerts().size(), 1u);
  EXPECT_EQ(alerts()[0].reason, Reason::kUnreadStatement);
  EXPECT_EQ(alerts()[0].file, "binlog.000001");
  EXPECT_EQ(alerts()[0].position, place);
  EXPECT_THAT(alerts()[0].message,
              AllOf(HasSubstr("a insert in statement format"),
                    HasSubstr("synchronize the tables anew"),
                    testing::Not(HasSubstr("values"))));
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 1u);
}

TEST_F(PipelineAlertsTest, AlertsOfWhatOnlyTheSourceKnows) {
  options_.unreadable_change = UnreadableChange::kAlert;
  // A trigger, say; too many databases; LOAD DATA.
  server_.Statement("other", "insert into t values (1)", {"other", "Shop"});
  server_.Group({server_.NextGtid(),
                 server_.builder()->Query("other", "delete from parent")});
  std::vector<std::string> load = server_.Begin();
  load.push_back(server_.builder()->Raw(17, "12345678"));
  std::string body = server_.builder()->Query("shop", "LOAD DATA INFILE 'x'");
  body =
      body.substr(EventHeader::kBytes, body.size() - EventHeader::kBytes - 4);
  ScriptedServer server;
  server.Statement("other", "insert into t values (1)", {"other", "Shop"});
  server.Group({server.NextGtid(),
                server.builder()->Query("other", "delete from parent")});
  load = server.Begin();
  load.push_back(server.builder()->Raw(17, "12345678"));
  load.push_back(server.builder()->Raw(
      18, body.substr(0, 13) + std::string(13, '\0') + body.substr(13)));
  load.push_back(server.builder()->Xid(1));
  server.Group(load);
  EXPECT_EQ(Run(&destination_, &server), kEnd);
  ASSERT_EQ(alerts().size(), 3u);
  EXPECT_THAT(alerts()[2].message, HasSubstr("a LOAD in statement format"));
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 3u);
}

TEST_F(PipelineAlertsTest, CountsAnAlertOnceHoweverOftenItIsRead) {
  options_.unreadable_change = UnreadableChange::kAlert;
  options_.budget_bytes = size_t{64} << 10;
  std::vector<std::string> group = server_.Begin();
  for (int i = 0; i < 12; ++i) {
    Query("update orders set c = 1", &group, {"shop"});
    Insert(i, absl::StrCat(i, "row ", std::string(2500, 'x')), &group);
  }
  Query("update orders set c = 1", &group, {"shop"});
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  server_.Statement("shop", "delete from orders");
  ExpectTheSameUnderFaults();
  EXPECT_TRUE(has_seen_open_transaction_);
  EXPECT_EQ(Run(), kEnd);
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 14u);
}

class MissingDocumentTest : public PipelineFixture {
 protected:
  // An update in part of two rows, with images that have no documents.
  MissingDocumentTest() {
    docs_.columns[1].kind = ColumnKind::kJson;
    docs_.columns[1].max_bytes = 4;
    // Replaces $.a by 1.
    const absl::string_view diffs("\0\3$.a\3\5\1\0", 9);
    EventBuilder::RowsSpec rows =
        UpdateOf(docs_, {{Signed(1), Value()}, {Signed(2), Value()}},
                 {{Value(), Text(diffs)}, {Value(), Text(diffs)}});
    rows.diff_columns = {{1}, {1}};
    server_.Transaction({rows});
  }

  TableSchema docs_ = IdAndText("shop", "docs");
};

TEST_F(MissingDocumentTest, Stops) {
  EXPECT_THAT(Run(), StatusIs(absl::StatusCode::kFailedPrecondition,
                              AllOf(HasSubstr("shop.docs"),
                                    HasSubstr("binlog_row_image=FULL"),
                                    HasSubstr("unreadable_change_policy"),
                                    HasSubstr("binlog.000001:"))));
  EXPECT_TRUE(alerts().empty());
}

TEST_F(MissingDocumentTest, AlertsOncePerEventAndLeavesTheColumnOut) {
  options_.unreadable_change = UnreadableChange::kAlert;
  EXPECT_EQ(Run(), kEnd);
  const std::vector<RecordedRecord> records = destination_.committed();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[0].value,
              HasSubstr(R"("data":[{"id":"1"}],"old":[{"id":"1"}])"));
  ASSERT_EQ(alerts().size(), 1u);
  EXPECT_EQ(alerts()[0].reason, Reason::kMissingJsonDocument);
  EXPECT_EQ(alerts()[0].file, "binlog.000001");
  EXPECT_THAT(alerts()[0].message, HasSubstr("table shop.docs: 2 JSON values"));
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 1u);
}

TEST_F(PipelineAlertsTest, StopsAtAnIncident) {
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("a")}})});
  std::vector<std::string> group = {server_.NextGtid()};
  const uint64_t place = server_.builder()->position();
  group.push_back(Incident());
  server_.Group(group);
  EXPECT_THAT(
      Run(),
      StatusIs(absl::StatusCode::kDataLoss,
               AllOf(HasSubstr("INCIDENT"), HasSubstr("a cache overflow"),
                     HasSubstr("start behind this place"),
                     HasSubstr(absl::StrCat("at binlog.000001:", place)))));
  EXPECT_THAT(Inserted(destination_), ElementsAre("a"));
}

TEST_F(PipelineAlertsTest, AlertsOfIncidentsAndGoesOn) {
  options_.unreadable_change = UnreadableChange::kAlert;
  server_.Group({server_.NextGtid(), Incident()});
  server_.Transaction({InsertOf(orders_, {{Signed(1), Text("a")}})});
  server_.Group({server_.NextGtid(), Incident()});
  ExpectTheSameUnderFaults();
  ForgetAlerts();
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a"));
  ASSERT_EQ(alerts().size(), 2u);
  EXPECT_EQ(alerts()[0].reason, Reason::kIncident);
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 2u);
  EXPECT_EQ(destination_.last_checkpoint()->gtid_set,
            server_.executed().ToString());
}

TEST_F(PipelineAlertsTest, AlertsOfAnIncidentBetweenTransactions) {
  // As sources without GTIDs write it.
  options_.unreadable_change = UnreadableChange::kAlert;
  std::vector<std::string> group = server_.Begin();
  Insert(1, "a", &group);
  group.push_back(server_.builder()->Xid(1));
  const uint64_t place = server_.builder()->position();
  group.push_back(Incident());
  server_.Group(group);
  server_.Transaction({InsertOf(orders_, {{Signed(2), Text("b")}})});
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a", "b"));
  ASSERT_EQ(alerts().size(), 1u);
  EXPECT_EQ(alerts()[0].position, place);
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 1u);
  // A stream that begins in front of the checkpoint, as one by GTID may, tells
  // of it again.
  Checkpoint behind = *destination_.last_checkpoint();
  behind.gtid_set = "";
  behind.rows_done = 0;
  RecordingDestination again;
  again.SetAutoCreate(3);
  again.SetCheckpoint(behind);
  EXPECT_EQ(Run(&again, &server_), kEnd);
  EXPECT_EQ(again.last_checkpoint()->alerts, 1u);
}

TEST_F(PipelineAlertsTest, TakesBackRowsBehindASavepoint) {
  server_.builder()->set_may_have_statements(true);
  std::vector<std::string> group = server_.Begin();
  Insert(1, "kept", &group);
  Query("SAVEPOINT `a`", &group);
  Insert(2, "void", &group);
  Query("SAVEPOINT `b`", &group);
  Insert(3, "void", &group);
  Query("ROLLBACK TO `b`", &group);
  Insert(4, "void", &group);
  Query("ROLLBACK TO `A`", &group);
  Query("ROLLBACK TO `a`", &group);
  Insert(5, "kept too", &group);
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  server_.Transaction({InsertOf(orders_, {{Signed(6), Text("next")}})});
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("kept", "kept too", "next"));
  EXPECT_EQ(destination_.last_checkpoint()->inserts, 3u);
}

TEST_F(PipelineAlertsTest, TakesBackAllOfATransactionThatEndsWithRollback) {
  server_.builder()->set_may_have_statements(true);
  std::vector<std::string> group = server_.Begin();
  Insert(1, "void", &group);
  Query("create temporary table x (a int)", &group, {"shop"});
  Insert(2, "void", &group);
  Query("ROLLBACK", &group);
  server_.Group(group);
  server_.Transaction({InsertOf(orders_, {{Signed(6), Text("next")}})});
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("next"));
  EXPECT_EQ(destination_.last_checkpoint()->gtid_set,
            server_.executed().ToString());
}

TEST_F(PipelineAlertsTest, GoesOnBehindRowsTakenBack) {
  options_.unreadable_change = UnreadableChange::kAlert;
  options_.budget_bytes = size_t{64} << 10;
  server_.builder()->set_may_have_statements(true);
  std::vector<std::string> group = server_.Begin();
  for (int i = 0; i < 6; ++i) {
    // The budget forces what is held apart; the savepoints' rows still fit.
    Insert(10 * i, absl::StrCat(i, "kept", std::string(2500, 'x')), &group);
    Query("SAVEPOINT `a`", &group);
    Insert(10 * i + 1, absl::StrCat(i, "void"), &group);
    Query("update orders set c = 1", &group, {"shop"});
    Insert(10 * i + 2, absl::StrCat(i, "void"), &group);
    Query("ROLLBACK TO `a`", &group);
    Insert(10 * i + 3, absl::StrCat(i, "kept2"), &group);
  }
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  ExpectTheSameUnderFaults();
  EXPECT_TRUE(has_seen_open_transaction_);
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_),
              ElementsAre("0keptxxx", "0kept2", "1keptxxx", "1kept2",
                          "2keptxxx", "2kept2", "3keptxxx", "3kept2",
                          "4keptxxx", "4kept2", "5keptxxx", "5kept2"));
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 6u);
}

TEST_F(PipelineAlertsTest, DeliversNoRowsThatMayYetBeTakenBack) {
  // The connection breaks in front of ROLLBACK TO.
  server_.builder()->set_may_have_statements(true);
  std::vector<std::string> group = server_.Begin();
  Insert(1, "kept", &group);
  Query("SAVEPOINT `a`", &group);
  Insert(2, "void", &group);
  ScriptedServer cut = server_;
  cut.Group(group);
  Query("ROLLBACK TO `a`", &group);
  Insert(3, "kept too", &group);
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  EXPECT_EQ(Run(&destination_, &cut), kEnd);
  EXPECT_TRUE(Inserted(destination_).empty());
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("kept", "kept too"));
}

TEST_F(PipelineAlertsTest, GoesOnBetweenAnIncidentAndItsCommit) {
  options_.unreadable_change = UnreadableChange::kAlert;
  server_.Group({server_.NextGtid(), Incident()});
  EXPECT_EQ(Run(), kEnd);
  Checkpoint behind = *destination_.last_checkpoint();
  ASSERT_EQ(behind.position, server_.builder()->position());
  behind.uses_gtid = false;
  destination_.SetCheckpoint(behind);
  EventBuilder rest({.position = behind.position});
  std::vector<std::string> events = {
      rest.FakeRotate(), rest.FormatDescription(), rest.Query("", "COMMIT"),
      rest.Gtid({.origin = {}, .number = 2}), rest.Query("", "BEGIN")};
  events.push_back(rest.TableMap(5, orders_));
  events.push_back(rest.Rows(5, InsertOf(orders_, {{Signed(1), Text("a")}})));
  events.push_back(rest.Xid(1));
  EXPECT_EQ(RunOn(events), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a"));
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 1u);
}

TEST_F(PipelineAlertsTest, CountsNoAlertsOfATransactionThatACrashMadeVoid) {
  options_.unreadable_change = UnreadableChange::kAlert;
  std::vector<std::string> group = server_.Begin();
  Query("update orders set c = 1", &group, {"shop"});
  static_cast<void>(server_.builder()->Rotate("binlog.000002"));
  group.push_back(server_.builder()->FakeRotate());
  group.push_back(server_.builder()->FormatDescription(true));
  group.push_back(Incident());
  server_.Group(group);
  EXPECT_EQ(Run(), kEnd);
  EXPECT_EQ(destination_.last_checkpoint()->alerts, 1u);
}

TEST_F(PipelineAlertsTest, TakesBackRowsAsOftenAsTheSourceDoes) {
  // In all more than the budget has for it, but never at a time.
  options_.budget_bytes = size_t{512} << 10;
  server_.builder()->set_may_have_statements(true);
  std::vector<std::string> group = server_.Begin();
  for (int i = 0; i < 100; ++i) {
    Query("SAVEPOINT `a`", &group);
    Insert(i, std::string(1000, 'x'), &group);
    Query("ROLLBACK TO `a`", &group);
  }
  Insert(99, "kept", &group);
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  EXPECT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("kept"));
}

TEST_F(PipelineAlertsTest, StopsWhereRowsTakenBackWereDelivered) {
  options_.budget_bytes = size_t{64} << 10;
  server_.builder()->set_may_have_statements(true);
  std::vector<std::string> group = server_.Begin();
  Query("SAVEPOINT `a`", &group);
  for (int i = 0; i < 40; ++i) Insert(i, std::string(2500, 'x'), &group);
  const uint64_t place = server_.builder()->position();
  Query("ROLLBACK TO `a`", &group);
  Insert(99, "kept", &group);
  group.push_back(server_.builder()->Xid(1));
  server_.Group(group);
  const auto stops = [place] {
    return StatusIs(
        absl::StatusCode::kUnimplemented,
        AllOf(HasSubstr("takes back rows"), HasSubstr("binlog_format=ROW"),
              HasSubstr(absl::StrCat("at binlog.000001:", place))));
  };
  EXPECT_THAT(Run(), stops());
  EXPECT_GT(destination_.last_checkpoint()->rows_done, 0u);
  // And again, whatever was delivered.
  EXPECT_THAT(Run(), stops());
  EXPECT_THAT(Run(), stops());
}

}  // namespace
}  // namespace binferry::worker
