#include "controller/model/task_action.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status_details.h"
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
  task.precheck = PrecheckSummary{.ready = true};
  return task;
}

TEST(TaskActionTest, DisallowedActionsSayStateAndWhatIsAllowed) {
  Task task = TaskIn(TaskState::kConfiguration);
  EXPECT_THAT(ApplyVerb({.verb = UserAction::kPause, .now = kNow}, &task),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("CONFIGURATION"), HasSubstr("pause"),
                             HasSubstr("start, stop, precheck, update"))));
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

TEST(TaskActionTest, AStartNeedsAReadyPrecheck) {
  Task task = TaskIn(TaskState::kConfiguration);
  task.precheck = PrecheckSummary{
      .open_items = {"source_binlog_format: FAILED", "topics_exist: ALARM"}};
  const absl::Status refused =
      ApplyVerb({.verb = UserAction::kStart, .now = kNow}, &task);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition,
                                AllOf(HasSubstr("source_binlog_format: FAILED"),
                                      HasSubstr("topics_exist: ALARM"))));
  const StatusDetails details = DetailsOf(refused);
  EXPECT_EQ(details.reason, "PRECHECK_NOT_READY");
  ASSERT_EQ(details.precondition_violations.size(), 2u);
  EXPECT_EQ(details.precondition_violations[1].description,
            "topics_exist: ALARM");
  EXPECT_EQ(task.state, TaskState::kConfiguration);
  task.precheck.reset();
  EXPECT_THAT(ApplyVerb({.verb = UserAction::kStart, .now = kNow}, &task),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("no precheck was made")));
  // A repeated start asks for nothing; resume and retry don't need one.
  task.state = TaskState::kIncrementalSync;
  EXPECT_THAT(ApplyVerb({.verb = UserAction::kStart, .now = kNow}, &task),
              IsOk());
  task.state = TaskState::kStartFailed;
  EXPECT_THAT(ApplyVerb({.verb = UserAction::kRetry, .now = kNow}, &task),
              IsOk());
}

TEST(TaskActionTest, AStartTimeThatHasPassedMeansNow) {
  Task task = TaskIn(TaskState::kPendingStart);
  task.spec.start_time = kNow + absl::Hours(1);
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kStart,
                         .start_time = kNow - absl::Hours(1),
                         .now = kNow},
                        &task),
              IsOk());
  EXPECT_EQ(task.spec.start_time, kNow);
  EXPECT_EQ(task.revision, 2);
  // Once it starts the time is history.
  task.state = TaskState::kStarting;
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kStart,
                         .start_time = kNow + absl::Hours(1),
                         .now = kNow},
                        &task),
              IsOk());
  EXPECT_EQ(task.spec.start_time, kNow);
}

TEST(TaskActionTest, StopDrainsWhatCarriesRows) {
  const auto mode_of = [](TaskState state,
                          std::optional<StopMode> asked = std::nullopt) {
    Task task = TaskIn(state);
    EXPECT_THAT(
        ApplyVerb({.verb = UserAction::kStop, .stop_mode = asked, .now = kNow},
                  &task),
        IsOk());
    return task.stop_mode;
  };
  EXPECT_EQ(mode_of(TaskState::kIncrementalSync), StopMode::kDrain);
  EXPECT_EQ(mode_of(TaskState::kFaultRectification), StopMode::kDrain);
  EXPECT_EQ(mode_of(TaskState::kStarting), StopMode::kNow);
  EXPECT_EQ(mode_of(TaskState::kPaused), StopMode::kNow);
  EXPECT_EQ(mode_of(TaskState::kPaused, StopMode::kDrain), StopMode::kDrain);
  EXPECT_EQ(mode_of(TaskState::kIncrementalSync, StopMode::kNow),
            StopMode::kNow);
  EXPECT_EQ(mode_of(TaskState::kConfiguration, StopMode::kDrain),
            StopMode::kNow)
      << "it never carried a row";
}

TEST(TaskActionTest, ADrainIsCutShortAndNeverBegunLate) {
  Task task = TaskIn(TaskState::kIncrementalSync);
  const auto stop = [&task](std::optional<StopMode> mode) {
    return ApplyVerb(
        {.verb = UserAction::kStop, .stop_mode = mode, .now = kNow}, &task);
  };
  ASSERT_THAT(stop(StopMode::kDrain), IsOk());
  const int64_t tries = task.retry_count;
  ASSERT_THAT(stop(std::nullopt), IsOk());
  EXPECT_EQ(task.stop_mode, StopMode::kDrain);
  ASSERT_THAT(stop(StopMode::kNow), IsOk());
  EXPECT_EQ(task.stop_mode, StopMode::kNow);
  EXPECT_EQ(task.retry_count, tries + 1);
  ASSERT_THAT(stop(StopMode::kDrain), IsOk());
  EXPECT_EQ(task.stop_mode, StopMode::kNow);
}

TEST(TaskActionTest, ResetForgetsTheRunButNotItsCheckpoint) {
  Task task = TaskIn(TaskState::kIncrementalSyncFailed);
  task.desired_state = DesiredState::kRunning;
  task.failure = Fault{.code = "DATA_LOSS"};
  task.started = true;
  task.synced = true;
  task.start_position_committed = true;
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kReset, .now = kNow}, &task),
              IsOk());
  EXPECT_EQ(task.state, TaskState::kConfiguration);
  EXPECT_EQ(task.desired_state, DesiredState::kConfigured);
  EXPECT_EQ(task.reset_count, 1);
  EXPECT_TRUE(task.started);
  EXPECT_FALSE(task.synced);
  EXPECT_FALSE(task.start_position_committed);
  EXPECT_FALSE(task.precheck.has_value());
  EXPECT_FALSE(task.failure.has_value());
}

TEST(TaskActionTest, EveryVerbIsAUse) {
  Task task = TaskIn(TaskState::kPaused);
  task.use_time = kNow - absl::Hours(100);
  ASSERT_THAT(ApplyVerb({.verb = UserAction::kPause, .now = kNow}, &task),
              IsOk());
  EXPECT_EQ(task.use_time, kNow);
}

}  // namespace
}  // namespace binferry::controller
