#include "controller/coordination/caller_check.h"

#include <gtest/gtest.h>

namespace binferry::controller {
namespace {

TEST(CallerCheckTest, TakesTheTokenAlone) {
  const CallerCheck check(CallerCheck::Mode::kRequired, Secret("s3cret"));
  EXPECT_TRUE(check.HasToken("Bearer s3cret"));
  EXPECT_FALSE(check.HasToken("Bearer s3creT"));
  EXPECT_FALSE(check.HasToken("Bearer "));
  EXPECT_FALSE(check.HasToken("s3cret"));
  EXPECT_FALSE(check.HasToken(""));
}

TEST(CallerCheckTest, LetsNobodyInByAnEmptyToken) {
  const CallerCheck check(CallerCheck::Mode::kRequired, Secret());
  EXPECT_FALSE(check.HasToken("Bearer "));
}

}  // namespace
}  // namespace binferry::controller
