#include "worker/pipeline/savepoints.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace binferry::worker {
namespace {

TEST(SavepointsTest, GoesBackToThoseThatAreSet) {
  Savepoints savepoints;
  savepoints.Set("a", 1);
  savepoints.Set("b", 2);
  savepoints.Set("c", 3);
  EXPECT_EQ(savepoints.RollBackTo("b"), 2u);
  EXPECT_EQ(savepoints.RollBackTo("c"), std::nullopt);
  EXPECT_EQ(savepoints.RollBackTo("B"), 2u);
  EXPECT_EQ(savepoints.RollBackTo("a"), 1u);
  EXPECT_EQ(savepoints.RollBackTo("b"), std::nullopt);
  savepoints.Clear();
  EXPECT_EQ(savepoints.RollBackTo("a"), std::nullopt);
}

TEST(SavepointsTest, LosesNothingToAnUnknownName) {
  Savepoints savepoints;
  savepoints.Set("a", 1);
  EXPECT_EQ(savepoints.RollBackTo("x"), std::nullopt);
  EXPECT_EQ(savepoints.RollBackTo("a"), 1u);
}

TEST(SavepointsTest, ReplacesASavepointOfTheSameName) {
  Savepoints savepoints;
  savepoints.Set("a", 1);
  savepoints.Set("b", 2);
  savepoints.Set("A", 3);
  EXPECT_EQ(savepoints.RollBackTo("b"), 2u);
  // The later `a` was set behind `b`.
  EXPECT_EQ(savepoints.RollBackTo("a"), std::nullopt);
}

TEST(SavepointsTest, ForgetsTheFirstOfTooMany) {
  Savepoints savepoints;
  for (uint64_t i = 0; i <= Savepoints::kMaxSavepoints; ++i) {
    savepoints.Set(absl::StrCat("s", i), i);
  }
  EXPECT_EQ(savepoints.RollBackTo("s0"), std::nullopt);
  EXPECT_EQ(savepoints.RollBackTo("s1"), 1u);
}

}  // namespace
}  // namespace binferry::worker
