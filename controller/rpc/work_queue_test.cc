#include "controller/rpc/work_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "common/testing/status_matchers.h"

namespace binferry::controller {
namespace {

class WorkQueueTest : public testing::Test {
 protected:
  SystemClock clock_;
  WorkQueue queue_{&clock_};
};

TEST_F(WorkQueueTest, CarriesOutWorkInOrderAndDelayedWorkInTime) {
  std::vector<int> done;
  absl::Notification finished;
  queue_.ContinueAfter(absl::Milliseconds(20), [&] {
    done.push_back(3);
    finished.Notify();
  });
  queue_.ContinueAfter(absl::Milliseconds(10), [&] { done.push_back(2); });
  ASSERT_THAT(queue_.Post([&] { done.push_back(1); }), IsOk());
  std::jthread thread([this](std::stop_token stop) { queue_.Run(stop); });
  ASSERT_TRUE(finished.WaitForNotificationWithTimeout(absl::Seconds(10)));
  EXPECT_THAT(done, testing::ElementsAre(1, 2, 3));
}

TEST_F(WorkQueueTest, EndsWaitsWhenItDrains) {
  absl::Notification finished;
  queue_.ContinueAfter(absl::Hours(1), [&] { finished.Notify(); });
  std::jthread thread([this](std::stop_token stop) { queue_.Run(stop); });
  queue_.Drain();
  EXPECT_TRUE(finished.WaitForNotificationWithTimeout(absl::Seconds(10)));
  EXPECT_THAT(queue_.Post([] {}), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(WorkQueueTest, FinishesWhatIsLeftBeforeItStops) {
  int done = 0;
  for (int i = 0; i < 10; ++i) {
    ASSERT_THAT(queue_.Post([&] { ++done; }), IsOk());
  }
  std::stop_source stop;
  stop.request_stop();
  queue_.Run(stop.get_token());
  EXPECT_EQ(done, 10);
}

TEST_F(WorkQueueTest, RefusesCallsBeyondItsBound) {
  for (size_t i = 0; i < WorkQueue::kMaxQueuedCalls; ++i) {
    ASSERT_THAT(queue_.Post([] {}), IsOk());
  }
  EXPECT_THAT(queue_.Post([] {}), StatusIs(absl::StatusCode::kUnavailable,
                                           testing::HasSubstr("busy")));
}

}  // namespace
}  // namespace binferry::controller
