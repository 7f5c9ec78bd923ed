#include "worker/pipeline/byte_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/synchronization/notification.h"

namespace binferry::worker {
namespace {

TEST(ByteBudgetTest, GivesRawBytesAnEighth) {
  ByteBudget budget(800, [] {});
  EXPECT_TRUE(budget.TryTakeRaw(60));
  EXPECT_TRUE(budget.TryTakeRaw(40));
  EXPECT_FALSE(budget.TryTakeRaw(1));
  budget.ReturnRaw(60);
  EXPECT_TRUE(budget.TryTakeRaw(60));
  EXPECT_EQ(budget.used(), 100u);
}

TEST(ByteBudgetTest, LetsALargeRowPassAlone) {
  ByteBudget budget(800, [] {});
  EXPECT_TRUE(budget.TakeEncoded(0, 10));
  EXPECT_FALSE(budget.TryTakeRaw(5000));
  budget.ReturnEncoded(1, 10);
  EXPECT_TRUE(budget.TryTakeRaw(5000));
  EXPECT_FALSE(budget.TryTakeRaw(1));
  EXPECT_EQ(budget.peak(), 5000u);
}

TEST(ByteBudgetTest, TheOldestChunkNeverWaits) {
  ByteBudget budget(100, [] {});
  EXPECT_TRUE(budget.TakeEncoded(0, 1000));
  EXPECT_EQ(budget.used(), 1000u);
}

TEST(ByteBudgetTest, WaitersAskForACommitAndGetItsBytes) {
  absl::Notification short_of_memory;
  ByteBudget budget(100, [&] { short_of_memory.Notify(); });
  EXPECT_TRUE(budget.TakeEncoded(0, 90));
  std::jthread other([&] { EXPECT_TRUE(budget.TakeEncoded(1, 50)); });
  short_of_memory.WaitForNotification();
  EXPECT_TRUE(budget.is_short());
  budget.ReturnEncoded(1, 90);
  other.join();
  EXPECT_FALSE(budget.is_short());
  EXPECT_EQ(budget.used(), 50u);
}

TEST(ByteBudgetTest, AbortEndsEveryWait) {
  absl::Notification short_of_memory;
  ByteBudget budget(100, [&] { short_of_memory.Notify(); });
  EXPECT_TRUE(budget.TakeEncoded(0, 100));
  std::jthread other([&] { EXPECT_FALSE(budget.TakeEncoded(1, 1)); });
  short_of_memory.WaitForNotification();
  budget.Abort();
  other.join();
  EXPECT_FALSE(budget.TakeRaw(1));
  EXPECT_FALSE(budget.TryTakeRaw(1));
}

}  // namespace
}  // namespace binferry::worker
