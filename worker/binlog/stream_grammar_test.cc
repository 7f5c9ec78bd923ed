#include "worker/binlog/stream_grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;
using Meaning = StreamGrammar::Meaning;
using State = StreamGrammar::State;

Event Query(absl::string_view text) {
  QueryEvent query;
  query.text = text;
  return query;
}

Event ServerStart() {
  FormatDescriptionEvent format;
  format.is_server_start = true;
  return format;
}

class StreamGrammarTest : public ::testing::Test {
 protected:
  StreamGrammar::Step Accept(const Event& event) {
    const absl::StatusOr<StreamGrammar::Step> step = grammar_.Accept(event);
    EXPECT_THAT(step, IsOk());
    return step.value_or(StreamGrammar::Step());
  }

  StreamGrammar grammar_;
};

TEST_F(StreamGrammarTest, FollowsATransactionFromGtidToXid) {
  EXPECT_EQ(Accept(GtidEvent()).meaning, Meaning::kAnnounced);
  EXPECT_EQ(Accept(Query("BEGIN")).meaning, Meaning::kBegun);
  EXPECT_EQ(Accept(TableMapEvent()).meaning, Meaning::kTableMap);
  const StreamGrammar::Step rows = Accept(RowsEvent());
  EXPECT_EQ(rows.meaning, Meaning::kRows);
  EXPECT_FALSE(rows.is_boundary);
  const StreamGrammar::Step end = Accept(XidEvent());
  EXPECT_EQ(end.meaning, Meaning::kCommitted);
  EXPECT_TRUE(end.ends_group);
  EXPECT_TRUE(end.is_boundary);
  EXPECT_EQ(grammar_.state(), State::kIdle);
}

TEST_F(StreamGrammarTest, EndsNonTransactionalGroupsWithCommit) {
  Accept(GtidEvent());
  Accept(Query("BEGIN"));
  Accept(RowsEvent());
  EXPECT_EQ(Accept(Query("COMMIT")).meaning, Meaning::kCommitted);
}

TEST_F(StreamGrammarTest, NeedsNoGtidEvents) {
  EXPECT_EQ(Accept(Query("BEGIN")).meaning, Meaning::kBegun);
  EXPECT_TRUE(Accept(XidEvent()).ends_group);
  EXPECT_TRUE(Accept(Query("create table t(a int)")).ends_group);
}

TEST_F(StreamGrammarTest, TakesDefinitionsForGroupsOfTheirOwn) {
  Accept(GtidEvent());
  const StreamGrammar::Step step = Accept(Query("drop table t"));
  EXPECT_EQ(step.meaning, Meaning::kStatement);
  EXPECT_EQ(step.first_word, "drop");
  EXPECT_TRUE(step.ends_group);
  EXPECT_TRUE(step.is_boundary);
}

TEST_F(StreamGrammarTest, TakesDefinitionsInsideATransaction) {
  Accept(GtidEvent());
  Accept(Query("BEGIN"));
  const StreamGrammar::Step step =
      Accept(Query("CREATE TABLE `u` (\n `a` int\n) START TRANSACTION"));
  EXPECT_EQ(step.meaning, Meaning::kStatement);
  EXPECT_FALSE(step.ends_group);
  EXPECT_FALSE(step.is_boundary);
  Accept(TableMapEvent());
  Accept(RowsEvent());
  EXPECT_TRUE(Accept(XidEvent()).ends_group);
}

TEST_F(StreamGrammarTest, ReportsChangesInStatementFormat) {
  Accept(GtidEvent());
  Accept(Query("BEGIN"));
  Accept(IgnoredEvent());  // INTVAR
  const StreamGrammar::Step step = Accept(Query("/* x */ insert into t ..."));
  EXPECT_EQ(step.meaning, Meaning::kUnreadChange);
  EXPECT_EQ(step.first_word, "insert");
  EXPECT_TRUE(Accept(XidEvent()).ends_group);
}

TEST_F(StreamGrammarTest, EndsAGroupAtRollback) {
  Accept(GtidEvent());
  Accept(Query("BEGIN"));
  Accept(RowsEvent());
  const StreamGrammar::Step step = Accept(Query("ROLLBACK"));
  EXPECT_EQ(step.meaning, Meaning::kRolledBack);
  EXPECT_TRUE(step.ends_group);
}

TEST_F(StreamGrammarTest, VoidsAnOpenTransactionWhenTheSourceRestarted) {
  Accept(GtidEvent());
  Accept(Query("BEGIN"));
  Accept(RowsEvent());
  Accept(RotateEvent{.file = "b.2", .position = 4, .is_artificial = true});
  const StreamGrammar::Step step = Accept(ServerStart());
  EXPECT_EQ(step.meaning, Meaning::kVoid);
  EXPECT_FALSE(step.ends_group);
  EXPECT_TRUE(step.is_boundary);
  EXPECT_EQ(Accept(GtidEvent()).meaning, Meaning::kAnnounced);
}

TEST_F(StreamGrammarTest, SeesNothingInAServerStartBetweenGroups) {
  EXPECT_EQ(Accept(ServerStart()).meaning, Meaning::kNothing);
}

TEST_F(StreamGrammarTest, TellsOfSavepoints) {
  Accept(Query("BEGIN"));
  const StreamGrammar::Step set = Accept(Query("SAVEPOINT `a`"));
  EXPECT_EQ(set.meaning, Meaning::kSavepoint);
  EXPECT_EQ(set.savepoint, "a");
  EXPECT_FALSE(set.is_boundary);
  Accept(RowsEvent());
  const StreamGrammar::Step back = Accept(Query("ROLLBACK TO `a`"));
  EXPECT_EQ(back.meaning, Meaning::kRolledBackTo);
  EXPECT_EQ(back.savepoint, "a");
  EXPECT_EQ(Accept(Query("RELEASE SAVEPOINT `a`")).meaning, Meaning::kNothing);
  EXPECT_TRUE(Accept(XidEvent()).ends_group);
}

TEST_F(StreamGrammarTest, TakesAnIncidentForTheWholeGroup) {
  Accept(GtidEvent());
  const StreamGrammar::Step step = Accept(IncidentEvent());
  EXPECT_EQ(step.meaning, Meaning::kIncident);
  EXPECT_TRUE(step.ends_group);
  EXPECT_TRUE(step.is_boundary);
  Accept(RotateEvent{.file = "b.2"});
  Accept(GtidEvent());
}

TEST_F(StreamGrammarTest, ToleratesACommitBehindAnIncident) {
  Accept(GtidEvent());
  Accept(IncidentEvent());
  EXPECT_EQ(Accept(Query("COMMIT")).meaning, Meaning::kNothing);
  EXPECT_THAT(grammar_.Accept(Query("COMMIT")),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(StreamGrammarTest, TakesIncidentsBetweenAndInsideGroups) {
  const StreamGrammar::Step between = Accept(IncidentEvent());
  EXPECT_EQ(between.meaning, Meaning::kIncident);
  EXPECT_FALSE(between.ends_group);
  EXPECT_TRUE(between.is_boundary);
  Accept(Query("BEGIN"));
  EXPECT_FALSE(Accept(IncidentEvent()).is_boundary);
  EXPECT_TRUE(Accept(XidEvent()).ends_group);
}

TEST_F(StreamGrammarTest, RefusesXa) {
  Accept(GtidEvent());
  EXPECT_THAT(grammar_.Accept(Query("XA START X'78',X'',1")),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("XA")));
  EXPECT_THAT(grammar_.Accept(XaPrepareEvent()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("XA")));
}

TEST_F(StreamGrammarTest, RefusesRowsOutsideOfATransaction) {
  for (const Event& event : {Event(RowsEvent()), Event(TableMapEvent()),
                             Event(XidEvent()), Query("COMMIT")}) {
    EXPECT_THAT(grammar_.Accept(event),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("idle")));
  }
  Accept(GtidEvent());
  EXPECT_THAT(grammar_.AcceptRows(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("announced")));
}

TEST_F(StreamGrammarTest, RefusesWhatCanNotComeInsideATransaction) {
  Accept(GtidEvent());
  Accept(Query("BEGIN"));
  for (const Event& event :
       {Event(GtidEvent()), Query("BEGIN"), Event(FormatDescriptionEvent()),
        Event(RotateEvent{.file = "b.2"})}) {
    EXPECT_THAT(grammar_.Accept(event),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("open")));
  }
}

TEST_F(StreamGrammarTest, TellsWhereAStreamMayStartAnew) {
  EXPECT_TRUE(Accept(HeartbeatEvent()).is_boundary);
  EXPECT_FALSE(Accept(GtidEvent()).is_boundary);
  EXPECT_FALSE(Accept(HeartbeatEvent()).is_boundary);
  EXPECT_FALSE(Accept(Query("BEGIN")).is_boundary);
  EXPECT_TRUE(Accept(XidEvent()).is_boundary);
  EXPECT_TRUE(Accept(StopEvent()).is_boundary);
}

}  // namespace
}  // namespace binferry::worker
