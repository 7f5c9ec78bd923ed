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

TEST(SavepointsTest, KnowsNoneThatMayHaveBeenReplaced) {
  // Servers don't tell these apart.
  Savepoints savepoints;
  savepoints.Set("\u00c9", 1);
  savepoints.Set("\u00e9", 2);
  EXPECT_EQ(savepoints.RollBackTo("\u00c9"), std::nullopt);
  EXPECT_EQ(savepoints.RollBackTo("\u00e9"), 2u);
  savepoints.Set("ae", 3);
  savepoints.Set("a\u00e9", 4);
  EXPECT_EQ(savepoints.RollBackTo("ae"), std::nullopt);
  // But these.
  savepoints.Set("a", 5);
  savepoints.Set("be", 6);
  EXPECT_EQ(savepoints.RollBackTo("a\u00e9"), 4u);
}

TEST(SavepointsTest, TellsCharactersOfTwoBytesApart) {
  // In Shift JIS: the second bytes look like letters.
  Savepoints savepoints;
  savepoints.Set("\x83\x41", 1);
  savepoints.Set("\x83\x61", 2);
  EXPECT_EQ(savepoints.RollBackTo("\x83\x41"), std::nullopt);
  EXPECT_EQ(savepoints.RollBackTo("\x83\x61"), 2u);
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
