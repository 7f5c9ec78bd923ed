#include "worker/pipeline/rate_limit.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/testing/simulated_clock.h"

namespace binferry::worker {
namespace {

TEST(RateLimitTest, SpreadsBytesOverTime) {
  SimulatedClock clock;
  RateLimit limit(1000, &clock);
  EXPECT_EQ(limit.Charge(500), absl::Milliseconds(500));
  EXPECT_EQ(limit.Charge(500), absl::Seconds(1));
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(limit.Charge(9), absl::ZeroDuration()) << "too short a wait";
  EXPECT_EQ(limit.Charge(91), absl::Milliseconds(100));
}

TEST(RateLimitTest, KeepsASecondOfWhatWasNotUsed) {
  SimulatedClock clock;
  RateLimit limit(1000, &clock);
  clock.Advance(absl::Hours(1));
  EXPECT_EQ(limit.Charge(1000), absl::ZeroDuration());
  EXPECT_EQ(limit.Charge(1000), absl::Seconds(1));
}

TEST(RateLimitTest, PaysForLargeEventsInParts) {
  SimulatedClock clock;
  RateLimit limit(1000, &clock);
  EXPECT_EQ(limit.Charge(12'000), RateLimit::kLongestWait);
  clock.Advance(RateLimit::kLongestWait);
  EXPECT_EQ(limit.Charge(0), RateLimit::kLongestWait);
  clock.Advance(RateLimit::kLongestWait);
  EXPECT_EQ(limit.Charge(0), absl::Seconds(2));
}

TEST(RateLimitTest, ZeroIsNone) {
  SimulatedClock clock;
  RateLimit limit(0, &clock);
  EXPECT_FALSE(limit.is_set());
  EXPECT_EQ(limit.Charge(1'000'000'000), absl::ZeroDuration());
}

TEST(RateLimitTest, IsLiftedWhileSomebodyWaits) {
  SimulatedClock clock;
  RateLimit limit(1, &clock);
  std::thread reader([&limit] { limit.Wait(absl::InfiniteDuration()); });
  limit.Lift();
  reader.join();
  EXPECT_EQ(limit.Charge(1'000'000), absl::ZeroDuration());
}

}  // namespace
}  // namespace binferry::worker
