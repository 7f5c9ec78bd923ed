#include "controller/model/task_action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

Task TaskIn(TaskState state) {
  Task task;
  task.key = {"default", "orders"};
  task.state = state;
  return task;
}

TEST(TaskActionTest, DisallowedActionsSayStateAndWhatIsAllowed) {
  Task task = TaskIn(TaskState::kConfiguration);
  EXPECT_THAT(ApplyVerb({.verb = UserAction::kPause, .now = kNow}, &task),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("CONFIGURATION"), HasSubstr("pause"),
                             HasSubstr("start, stop, update"))));
  EXPECT_EQ(task.desired_state, DesiredState::kConfigured);
}

TEST(TaskActionTest, StartWaitsForItsTime) {
  Task task = TaskIn(TaskState::kConfiguration);
  const absl::Time at = kNow + absl::Hours(1);
  ASSERT_THAT(
      ApplyVerb({.verb = UserAction::kStart, .start_time = at, .now = kNow},
                &task),
      IsOk());
  EXPECT_EQ(task.state, TaskState::kPendingStart);
  EXPECT_EQ(task.desired_state, DesiredState::kRunning);
  EXPECT_EQ(task.spec.start_time, at);
}

TEST(TaskActionTest, PauseAndResumeRecordWhatIsWanted) {
  Task task = TaskIn(TaskState::kIncrementalSync);
  task.desired_state = DesiredState::kRunning;
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kPause, .now = kNow}, &task),
              IsOk());
  EXPECT_EQ(task.desired_state, DesiredState::kPaused);
  EXPECT_EQ(task.state, TaskState::kIncrementalSync) << "until it has stopped";
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kResume, .now = kNow}, &task),
              IsOk());
  EXPECT_EQ(task.desired_state, DesiredState::kRunning);
  task.state = TaskState::kPaused;
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kResume, .now = kNow}, &task),
              IsOk());
  EXPECT_EQ(task.state, TaskState::kStarting);
}

TEST(TaskActionTest, RetryClearsTheFailure) {
  Task task = TaskIn(TaskState::kStartFailed);
  task.failure = Fault{.code = "PERMISSION_DENIED"};
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kRetry, .now = kNow}, &task),
              IsOk());
  EXPECT_EQ(task.state, TaskState::kStarting);
  EXPECT_EQ(task.retry_count, 1);
  EXPECT_FALSE(task.failure.has_value());
}

TEST(TaskActionTest, StopTwiceIsOneStop) {
  Task task = TaskIn(TaskState::kPaused);
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kStop, .now = kNow}, &task),
              IsOk());
  ASSERT_THAT(
      ApplyVerb({.verb = UserAction::kStop, .now = kNow + absl::Minutes(1)},
                &task),
      IsOk());
  EXPECT_EQ(task.state, TaskState::kStopping);
  EXPECT_EQ(task.state_time, kNow);
}

}  // namespace
}  // namespace binferry::controller
