#include "worker/select/like_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace binferry::worker {
namespace {

bool Like(absl::string_view text, absl::string_view pattern,
          absl::string_view escape = "\\") {
  return LikePattern(pattern, escape, LikePattern::Unit::kCharacter)
      .Matches(text);
}

TEST(LikePatternTest, MatchesWholeTexts) {
  EXPECT_TRUE(Like("", ""));
  EXPECT_TRUE(Like("", "%"));
  EXPECT_FALSE(Like("", "_"));
  EXPECT_TRUE(Like("abc", "abc"));
  EXPECT_FALSE(Like("abc", "ab"));
  EXPECT_FALSE(Like("abc", "abcd"));
  EXPECT_TRUE(Like("abc", "a%"));
  EXPECT_TRUE(Like("abc", "%c"));
  EXPECT_TRUE(Like("abc", "%b%"));
  EXPECT_TRUE(Like("abc", "_b_"));
  EXPECT_FALSE(Like("abc", "%_d"));
  EXPECT_TRUE(Like("aab", "%ab"));
  EXPECT_TRUE(Like("mississippi", "m%iss%ip_i"));
  EXPECT_FALSE(Like("mississippi", "m%iss%ix%"));
  EXPECT_FALSE(Like("a", "A"));
}

TEST(LikePatternTest, TakesTheMeaningFromEscapedCharacters) {
  EXPECT_TRUE(Like("50%", "50\\%"));
  EXPECT_FALSE(Like("500", "50\\%"));
  EXPECT_TRUE(Like("a_b", "a|_b", "|"));
  EXPECT_FALSE(Like("axb", "a|_b", "|"));
  EXPECT_TRUE(Like("a\\xb", "a\\_b", ""));
  EXPECT_TRUE(Like("a\\", "a\\"));
}

TEST(LikePatternTest, CountsCharactersOrBytes) {
  EXPECT_TRUE(Like("ž", "_"));
  EXPECT_FALSE(Like("ž", "__"));
  EXPECT_TRUE(LikePattern("__", "\\", LikePattern::Unit::kByte).Matches("ž"));
}

TEST(LikePatternTest, TakesNoMoreThanTheProductOfTheLengths) {
  const std::string text(20'000, 'a');
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "%a";
  EXPECT_FALSE(Like(text, pattern + "b"));
}

}  // namespace
}  // namespace binferry::worker
