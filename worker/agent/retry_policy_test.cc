#include "worker/agent/retry_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace binferry::worker {
namespace {

const absl::Status kGone = absl::UnavailableError("gone");
const absl::Status kDenied = absl::PermissionDeniedError("denied");
const absl::Status kBug = absl::InternalError("bug");

class RetryPolicyTest : public testing::Test {
 protected:
  std::mt19937_64 random_{7};
  RetryPolicy policy_{{}, random_};
};

TEST_F(RetryPolicyTest, TriesANetworkFaultForEverWithWaitsThatGrowToACap) {
  std::vector<absl::Duration> waits;
  for (int i = 0; i < 1000; ++i) {
    const std::optional<absl::Duration> wait = policy_.OnFault(kGone);
    ASSERT_TRUE(wait.has_value());
    waits.push_back(*wait);
  }
  EXPECT_LE(waits.front(), absl::Milliseconds(100));
  EXPECT_GE(waits.front(), absl::Milliseconds(50));
  EXPECT_GE(waits.back(), absl::Seconds(15));
  EXPECT_LE(waits.back(), absl::Seconds(30));
  // Drawn, not all the same: many who failed together come back apart.
  EXPECT_NE(waits[900], waits[901]);
  EXPECT_EQ(policy_.attempts(), 1000);
}

TEST_F(RetryPolicyTest, TriesWhatWasRefusedThreeTimesInAll) {
  EXPECT_TRUE(policy_.OnFault(kDenied).has_value());
  // The network's faults in between are no pardon, and no try at a password.
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(policy_.OnFault(kGone).has_value());
  EXPECT_TRUE(policy_.OnFault(absl::UnauthenticatedError("no")).has_value());
  EXPECT_TRUE(policy_.OnFault(kGone).has_value());
  EXPECT_FALSE(policy_.OnFault(kDenied).has_value());
}

TEST_F(RetryPolicyTest, WaitsSecondsBeforeItTriesAPasswordAgain) {
  EXPECT_GE(*policy_.OnFault(kDenied), absl::Seconds(1));
}

TEST_F(RetryPolicyTest, TriesADoubtfulFaultThreeTimesInAll) {
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(policy_.OnFault(kGone).has_value());
  EXPECT_TRUE(policy_.OnFault(kBug).has_value());
  EXPECT_TRUE(policy_.OnFault(kBug).has_value());
  EXPECT_FALSE(policy_.OnFault(kBug).has_value());
}

TEST_F(RetryPolicyTest, NeverTriesAgainWhatAPersonMustChange) {
  EXPECT_FALSE(
      policy_.OnFault(absl::FailedPreconditionError("wrong")).has_value());
  EXPECT_FALSE(policy_.OnFault(absl::DataLossError("purged")).has_value());
}

TEST_F(RetryPolicyTest, CountsAnewOnceTheTaskGotOn) {
  for (int i = 0; i < 100; ++i) policy_.OnFault(kGone);
  EXPECT_TRUE(policy_.OnFault(kDenied).has_value());
  EXPECT_TRUE(policy_.OnFault(kDenied).has_value());
  policy_.Reset();
  EXPECT_EQ(policy_.attempts(), 0);
  EXPECT_LE(*policy_.OnFault(kGone), absl::Milliseconds(100));
  EXPECT_TRUE(policy_.OnFault(kDenied).has_value());
  EXPECT_EQ(policy_.attempts(), 2);
}

}  // namespace
}  // namespace binferry::worker
