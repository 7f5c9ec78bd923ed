#include "common/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

TEST(LogTest, WritesMessageAndFieldsInOneLine) {
  EXPECT_EQ(FormatLogLine("task placed", {{"task", "projects/p/tasks/t"},
                                          {"epoch", 3},
                                          {"took", absl::Milliseconds(1500)},
                                          {"held", true}}),
            "message=\"task placed\" task=projects/p/tasks/t epoch=3 "
            "took=1.5s held=true");
}

TEST(LogTest, QuotesValuesThatAreNotPlain) {
  EXPECT_EQ(FormatLogLine("m", {{"a", "two words"}, {"b", ""}, {"c", "x=y"}}),
            "message=\"m\" a=\"two words\" b=\"\" c=\"x=y\"");
}

TEST(LogTest, LeavesSingleQuotesAsTheyAre) {
  EXPECT_EQ(FormatLogLine("it's", {{"a", "a \\'b'"}}),
            "message=\"it's\" a=\"a \\\\'b'\"");
}

TEST(LogTest, NeverBreaksALine) {
  EXPECT_EQ(FormatLogLine("m", {{"a", "one\ntwo\" three"}}),
            "message=\"m\" a=\"one\\ntwo\\\" three\"");
}

TEST(LogTest, ShowsStatusesWithoutTheirDetails) {
  absl::Status status = absl::UnavailableError("store away");
  status.SetPayload("url", absl::Cord("payload"));
  EXPECT_EQ(FormatLogLine("m", {{"error", status}}),
            "message=\"m\" error=\"UNAVAILABLE: store away\"");
}

TEST(LogTest, KnowsItsLevels) {
  LogLevel level = LogLevel::kError;
  EXPECT_THAT(ParseLogLevel("debug", &level), IsOk());
  EXPECT_EQ(level, LogLevel::kDebug);
  EXPECT_THAT(ParseLogLevel("loud", &level),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       testing::HasSubstr("use debug")));
}

}  // namespace
}  // namespace binferry
