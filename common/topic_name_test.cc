#include "common/topic_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

MATCHER_P(IsRefusedSaying, text, "") {
  return testing::ExplainMatchResult(
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(text)), arg,
      result_listener);
}

TEST(TopicNameTest, TakesWhatKafkaTakes) {
  EXPECT_THAT(CheckTopicName("a"), IsOk());
  EXPECT_THAT(CheckTopicName("Aa0._-"), IsOk());
  EXPECT_THAT(CheckTopicName("..."), IsOk());
  EXPECT_THAT(CheckTopicName(std::string(249, 'x')), IsOk());
}

TEST(TopicNameTest, RefusesWhatKafkaRefuses) {
  EXPECT_THAT(CheckTopicName(""), IsRefusedSaying("empty"));
  EXPECT_THAT(CheckTopicName("."), IsRefusedSaying("\".\""));
  EXPECT_THAT(CheckTopicName(".."), IsRefusedSaying("\"..\""));
  EXPECT_THAT(CheckTopicName(std::string(250, 'x')), IsRefusedSaying("250"));
  EXPECT_THAT(CheckTopicName("a b"), IsRefusedSaying("\"a b\""));
  EXPECT_THAT(CheckTopicName("caf\xc3\xa9"), IsRefusedSaying("a-z"));
  EXPECT_THAT(CheckTopicName("a/b"), IsRefusedSaying("a-z"));
}

TEST(TopicNameTest, FormatKnowsTwoVariablesOnly) {
  EXPECT_THAT(CheckTopicNameFormat(kDefaultTopicNameFormat), IsOk());
  EXPECT_THAT(CheckTopicNameFormat("cdc.$tablename$.$database$_v1"), IsOk());
  EXPECT_THAT(CheckTopicNameFormat("constant"), IsOk());
  EXPECT_THAT(CheckTopicNameFormat("$database$$tablename$"), IsOk());
  EXPECT_THAT(CheckTopicNameFormat(""), IsRefusedSaying("empty"));
  EXPECT_THAT(CheckTopicNameFormat("$schema$-$tablename$"),
              IsRefusedSaying("contains $schema$, which is no variable"));
  EXPECT_THAT(CheckTopicNameFormat("$Database$"),
              IsRefusedSaying("$Database$"));
  EXPECT_THAT(CheckTopicNameFormat("$$"), IsRefusedSaying("$$"));
  EXPECT_THAT(CheckTopicNameFormat("a$"), IsRefusedSaying("'$'"));
  EXPECT_THAT(CheckTopicNameFormat("$database$/$tablename$"),
              IsRefusedSaying("'/'"));
}

TEST(TopicNameTest, PutsTheNamesIntoTheFormat) {
  EXPECT_THAT(TopicNameFor("$database$-$tablename$", "db1", "tab1"),
              IsOkAndHolds("db1-tab1"));
  EXPECT_THAT(TopicNameFor("x.$tablename$.$database$", "D", "T"),
              IsOkAndHolds("x.T.D"));
  EXPECT_THAT(TopicNameFor("constant", "db1", "tab1"),
              IsOkAndHolds("constant"));
  EXPECT_THAT(TopicNameFor("$tablename$$tablename$", "d", "t"),
              IsOkAndHolds("tt"));
}

TEST(TopicNameTest, NamesAreNeverReadAsVariables) {
  EXPECT_THAT(TopicNameFor("$database$-$tablename$", "$tablename$", "t"),
              IsRefusedSaying("$tablename$-t"));
}

TEST(TopicNameTest, DdlTopicLosesTheDanglingSeparators) {
  EXPECT_THAT(TopicNameFor("$database$-$tablename$", "db1", ""),
              IsOkAndHolds("db1"));
  EXPECT_THAT(TopicNameFor("$tablename$_$database$", "db1", ""),
              IsOkAndHolds("db1"));
  EXPECT_THAT(TopicNameFor("cdc.$database$--$tablename$.", "db1", ""),
              IsOkAndHolds("cdc.db1"));
  EXPECT_THAT(TopicNameFor("$database$-$tablename$-$tablename$", "db1", ""),
              IsOkAndHolds("db1"));
}

TEST(TopicNameTest, DdlTopicKeepsEverythingElse) {
  EXPECT_THAT(TopicNameFor("$database$-$tablename$", "db1-", ""),
              IsOkAndHolds("db1-"));
  EXPECT_THAT(TopicNameFor("_$database$-$tablename$", "db1", ""),
              IsOkAndHolds("_db1"));
  EXPECT_THAT(TopicNameFor("$database$-$tablename$-v1", "db1", ""),
              IsOkAndHolds("db1--v1"));
}

TEST(TopicNameTest, DdlNeedsANameOfItsOwn) {
  EXPECT_THAT(TopicNameFor("$tablename$", "db1", ""),
              IsRefusedSaying("DDL of database db1"));
}

TEST(TopicNameTest, IllegalResultNamesTableAndTopic) {
  EXPECT_THAT(
      TopicNameFor("$database$-$tablename$", "db1", "order lines"),
      IsRefusedSaying("table db1.order lines: \"db1-order lines\" may not"));
  EXPECT_THAT(
      TopicNameFor("$database$-$tablename$", "db1", std::string(246, 't')),
      IsRefusedSaying("at most 249"));
  EXPECT_THAT(TopicNameFor("$schema$", "db1", "t"),
              IsRefusedSaying("$schema$"));
}

}  // namespace
}  // namespace binferry
