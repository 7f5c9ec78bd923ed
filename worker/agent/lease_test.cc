#include "worker/agent/lease.h"

#include <gtest/gtest.h>

#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

constexpr Epoch kEpoch(7);
constexpr absl::Duration kDuration = absl::Seconds(15);

class LeaseTest : public testing::Test {
 protected:
  Lease::Grant GrantNow(Epoch epoch) const {
    return {.epoch = epoch,
            .requested_at = clock_.MonotonicNow(),
            .duration = kDuration};
  }

  SimulatedClock clock_;
  Lease lease_{&clock_, GrantNow(kEpoch)};
};

TEST_F(LeaseTest, IsLiveUntilItsDurationIsOver) {
  clock_.Advance(kDuration - absl::Nanoseconds(1));
  EXPECT_THAT(lease_.CheckLive(), IsOk());
  clock_.Advance(absl::Nanoseconds(1));
  EXPECT_THAT(lease_.CheckLive(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(LeaseTest, RenewalCountsFromWhenTheHeartbeatWasSent) {
  const Lease::Grant sent_at_start = GrantNow(kEpoch);
  clock_.Advance(kDuration / 2);  // The reply took this long.
  ASSERT_THAT(lease_.Renew(sent_at_start), IsOk());

  clock_.Advance(kDuration / 2);
  EXPECT_THAT(lease_.CheckLive(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(LeaseTest, RenewalExtends) {
  clock_.Advance(kDuration / 2);
  ASSERT_THAT(lease_.Renew(GrantNow(kEpoch)), IsOk());
  clock_.Advance(kDuration - absl::Seconds(1));
  EXPECT_THAT(lease_.CheckLive(), IsOk());
}

TEST_F(LeaseTest, IsNeverRevivedAfterExpiry) {
  clock_.Advance(kDuration);
  EXPECT_THAT(lease_.Renew(GrantNow(kEpoch)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(lease_.CheckLive(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(LeaseTest, AGrantOfAnotherEpochDoesNotRenewIt) {
  clock_.Advance(kDuration / 2);
  EXPECT_THAT(lease_.Renew(GrantNow(kEpoch.Next())),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  clock_.Advance(kDuration / 2);
  EXPECT_THAT(lease_.CheckLive(),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(LeaseTest, AnOlderGrantNeverShortensIt) {
  const Lease::Grant old = GrantNow(kEpoch);
  clock_.Advance(absl::Seconds(5));
  ASSERT_THAT(lease_.Renew(GrantNow(kEpoch)), IsOk());
  ASSERT_THAT(lease_.Renew(old), IsOk());
  clock_.Advance(kDuration - absl::Seconds(1));
  EXPECT_THAT(lease_.CheckLive(), IsOk());
}

}  // namespace
}  // namespace binferry::worker
