#include "common/name_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

using ::testing::HasSubstr;

NamePattern PatternOf(absl::string_view pattern) {
  return *NamePattern::Create(pattern);
}

TEST(NamePatternTest, MatchesWholeNames) {
  const NamePattern pattern = PatternOf("shop_[0-9]+|crm");
  EXPECT_TRUE(pattern.Matches("shop_12"));
  EXPECT_TRUE(pattern.Matches("crm"));
  EXPECT_FALSE(pattern.Matches("shop_12x"));
  EXPECT_FALSE(pattern.Matches("xcrm"));
  EXPECT_FALSE(pattern.Matches("Shop_1"));
  EXPECT_TRUE(pattern.MatchesInAnyCase("Shop_1"));
  EXPECT_TRUE(PatternOf("(?i)shop").Matches("SHOP"));
  EXPECT_TRUE(PatternOf(".*").Matches("a\nb"));
}

TEST(NamePatternTest, CountsCharactersNotBytes) {
  EXPECT_TRUE(PatternOf("..").Matches("žž"));
  EXPECT_THAT(NamePattern::Create(std::string(kMaxNamePatternCharacters, 'x')),
              IsOk());
  EXPECT_THAT(
      NamePattern::Create(std::string(kMaxNamePatternCharacters + 1, 'x')),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most 512")));
}

TEST(NamePatternTest, SaysWhatIsWrong) {
  EXPECT_THAT(
      NamePattern::Create("shop_("),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("missing )")));
  EXPECT_THAT(
      NamePattern::Create("(?!x).*"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("look-around")));
  EXPECT_THAT(
      NamePattern::Create(""),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is empty")));
  EXPECT_THAT(NamePattern::Create("\xff"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("UTF-8")));
  EXPECT_THAT(NamePattern::Create("((((x{1,9}){1,9}){1,9}){1,9}){1,9}"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace binferry
