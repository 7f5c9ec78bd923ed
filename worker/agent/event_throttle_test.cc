#include "worker/agent/event_throttle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/testing/simulated_clock.h"

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EventThrottleTest : public testing::Test {
 protected:
  std::vector<std::string> TakeTold() { return std::exchange(told_, {}); }

  SimulatedClock clock_;
  std::vector<std::string> told_;
  EventThrottle throttle_{
      &clock_, [this](absl::string_view reason, absl::string_view message) {
        told_.push_back(absl::StrCat(reason, ": ", message));
      }};
};

TEST_F(EventThrottleTest, TellsTheFirstOfEachReasonAtOnce) {
  throttle_.Add("INCIDENT", "a");
  throttle_.Add("UNREAD_STATEMENT", "b");
  throttle_.Add("INCIDENT", "c");
  EXPECT_THAT(TakeTold(), ElementsAre("INCIDENT: a", "UNREAD_STATEMENT: b"));
}

TEST_F(EventThrottleTest, TellsTheLastOfThoseHeldBackAfterAMinute) {
  for (const char* message : {"a", "b", "c", "d"}) {
    throttle_.Add("INCIDENT", message);
  }
  TakeTold();
  clock_.Advance(EventThrottle::kPeriod - absl::Seconds(1));
  throttle_.TellDue();
  EXPECT_THAT(TakeTold(), IsEmpty());
  clock_.Advance(absl::Seconds(1));
  throttle_.TellDue();
  EXPECT_THAT(TakeTold(), ElementsAre("INCIDENT: d (and 2 more since the last "
                                      "event of this kind)"));
  // That began another minute.
  throttle_.Add("INCIDENT", "e");
  throttle_.TellDue();
  EXPECT_THAT(TakeTold(), IsEmpty());
}

TEST_F(EventThrottleTest, AnEventAfterTheMinuteTellsHowManyWereHeldBack) {
  throttle_.Add("INCIDENT", "a");
  throttle_.Add("INCIDENT", "b");
  TakeTold();
  clock_.Advance(EventThrottle::kPeriod);
  throttle_.Add("INCIDENT", "c");
  EXPECT_THAT(TakeTold(), ElementsAre("INCIDENT: c (and 1 more since the last "
                                      "event of this kind)"));
  clock_.Advance(EventThrottle::kPeriod);
  throttle_.TellDue();
  EXPECT_THAT(TakeTold(), IsEmpty());
  throttle_.Add("INCIDENT", "d");
  EXPECT_THAT(TakeTold(), ElementsAre("INCIDENT: d"));
}

TEST_F(EventThrottleTest, TellsTheRestWithoutWaiting) {
  throttle_.Add("INCIDENT", "a");
  throttle_.Add("INCIDENT", "b");
  TakeTold();
  throttle_.TellRest();
  EXPECT_THAT(TakeTold(), ElementsAre("INCIDENT: b"));
  throttle_.TellRest();
  EXPECT_THAT(TakeTold(), IsEmpty());
}

}  // namespace
}  // namespace binferry::worker
