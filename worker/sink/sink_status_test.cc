#include "worker/sink/sink_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

TEST(SinkStatusTest, FencedIsToldFromOtherAborts) {
  EXPECT_TRUE(IsFenced(FencedError("taken over")));
  EXPECT_THAT(FencedError("taken over"),
              StatusIs(absl::StatusCode::kAborted, "taken over"));
  EXPECT_FALSE(IsFenced(absl::AbortedError("taken over")));
  EXPECT_FALSE(IsFenced(absl::OkStatus()));
}

TEST(SinkStatusTest, NewerEpochCarriesTheEpochThatWasFound) {
  const absl::Status status = NewerEpochError(Epoch(3), Epoch(7));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               testing::HasSubstr("epoch 7")));
  EXPECT_EQ(NewerEpoch(status), Epoch(7));
  EXPECT_EQ(NewerEpoch(absl::FailedPreconditionError("epoch 7")), std::nullopt);
}

}  // namespace
}  // namespace binferry::worker
