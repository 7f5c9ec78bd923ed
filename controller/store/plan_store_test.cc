#include "controller/store/plan_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"
#include "controller/store/change_feed.h"
#include "controller/store/planner_lock.h"
#include "controller/store/testing/store_fixture.h"

namespace binferry::controller {
namespace {

using PlanStoreTest = StoreTest;

TEST_F(PlanStoreTest, OnlyTheNewestEventsAreKept) {
  const Task task = Create("orders");
  ASSERT_THAT(pool_->Execute(
                  "INSERT INTO task_events (task_uid, reason, message) "
                  "SELECT $1, 'STATE', n::text FROM generate_series(1, 1250) n",
                  PgParams().Text(task.uid.value())),
              IsOk());
  ASSERT_THAT(plans_->RemoveOld(), IsOk());
  EXPECT_EQ(Count("task_events"), static_cast<int64_t>(kMaxEventsPerTask));
  EXPECT_EQ(Events(task, 1)[0].message, "1250");
}

TEST_F(PlanStoreTest, AChangeIsACompareAndSet) {
  const Task task = Create("orders");
  const Task placed = Place(task, TaskState::kConfiguration);
  EXPECT_EQ(placed.assignment.worker, kWorker);
  EXPECT_EQ(placed.assignment.epoch, Epoch(1));
  TaskChange stale;
  stale.uid = task.uid;
  stale.version = task.version;
  stale.state = TaskChange::StateChange{.state = TaskState::kStopping};
  EXPECT_THAT(plans_->Apply(stale), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Get(task).state, TaskState::kConfiguration);
}

TEST_F(PlanStoreTest, OneHoldsThePlannerLockAtATime) {
  auto first = std::make_unique<PlannerLock>(options_);
  PlannerLock second(options_);
  EXPECT_THAT(first->TryHold(), IsOkAndHolds(true));
  EXPECT_THAT(first->TryHold(), IsOkAndHolds(true));
  EXPECT_THAT(second.TryHold(), IsOkAndHolds(false));
  first.reset();
  // The server notices the closed connection a moment later.
  for (const absl::Time end = absl::Now() + absl::Seconds(10);
       absl::Now() < end && !*second.TryHold();) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_THAT(second.TryHold(), IsOkAndHolds(true));
}

TEST_F(PlanStoreTest, ALockThatWentWithItsConnectionIsNotHeld) {
  PlannerLock first(options_);
  PlannerLock second(options_);
  ASSERT_THAT(first.TryHold(), IsOkAndHolds(true));
  ASSERT_THAT(database_->TakeAway(), IsOk());
  ASSERT_THAT(database_->BringBack(), IsOk());
  ASSERT_THAT(second.TryHold(), IsOkAndHolds(true));
  const absl::StatusOr<bool> still = first.TryHold();
  EXPECT_TRUE(!still.ok() || !*still);
}

TEST_F(PlanStoreTest, ChangesWakeThoseWhoWait) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  ChangeFeed feed(options_);
  absl::Notification ready, task_changed, orders_changed;
  auto all = feed.SubscribeAll([&](const Change& change) {
    if (change.kind == Change::Kind::kReset && !ready.HasBeenNotified()) {
      ready.Notify();
    }
  });
  auto of_task = feed.SubscribeTask(task.key, [&](const Change& change) {
    if (change.kind == Change::Kind::kTask && change.uid == task.uid &&
        !task_changed.HasBeenNotified()) {
      task_changed.Notify();
    }
  });
  auto of_worker = feed.SubscribeWorker(kWorker.name, [&](const Change& c) {
    if (c.kind == Change::Kind::kOrders && !orders_changed.HasBeenNotified()) {
      orders_changed.Notify();
    }
  });
  std::jthread thread([&](std::stop_token stop) { feed.Run(stop); });
  ASSERT_TRUE(ready.WaitForNotificationWithTimeout(absl::Seconds(10)));
  ASSERT_THAT(tasks_->Apply(task.key, {.action = UserAction::kPause}), IsOk());
  EXPECT_TRUE(task_changed.WaitForNotificationWithTimeout(absl::Seconds(5)));
  EXPECT_TRUE(orders_changed.WaitForNotificationWithTimeout(absl::Seconds(5)));
}

TEST_F(PlanStoreTest, AFeedThatWasInterruptedSaysSoAndHearsAgain) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  ChangeFeed feed(options_);
  std::atomic<int> resets = 0;
  absl::Notification task_changed;
  auto all = feed.SubscribeAll([&](const Change& change) {
    if (change.kind == Change::Kind::kReset) ++resets;
    if (change.kind == Change::Kind::kTask && !task_changed.HasBeenNotified()) {
      task_changed.Notify();
    }
  });
  const auto await_resets = [&](int count) {
    for (const absl::Time end = absl::Now() + absl::Seconds(10);
         absl::Now() < end && resets < count;) {
      absl::SleepFor(absl::Milliseconds(20));
    }
    return resets >= count;
  };
  std::jthread thread([&](std::stop_token stop) { feed.Run(stop); });
  ASSERT_TRUE(await_resets(1));
  ASSERT_THAT(database_->TakeAway(), IsOk());
  ASSERT_THAT(database_->BringBack(), IsOk());
  ASSERT_TRUE(await_resets(2));
  ASSERT_THAT(tasks_->Apply(task.key, {.action = UserAction::kPause}), IsOk());
  EXPECT_TRUE(task_changed.WaitForNotificationWithTimeout(absl::Seconds(5)));
}

TEST_F(PlanStoreTest, NotesAndMessagesOfAStateAreKept) {
  const Task task = Place(Create("orders"), TaskState::kConfiguration);
  TaskChange change;
  change.uid = task.uid;
  change.version = task.version;
  change.release = "the task was not used for 3 days";
  change.state_message = "its slot was given back";
  change.note = TaskChange::Note{.reason = "LATE_START", .message = "2h late"};
  ASSERT_THAT(plans_->Apply(change), IsOk());
  const Task after = Get(task);
  EXPECT_EQ(after.state, TaskState::kConfiguration);
  EXPECT_EQ(after.state_time, task.state_time);
  EXPECT_EQ(after.state_message, "its slot was given back");
  EXPECT_FALSE(after.assignment.assigned());
  const std::vector<TaskEvent> events = Events(task, 2);
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].reason, "LATE_START");
  EXPECT_EQ(events[1].message, "worker w1: the task was not used for 3 days");
}

TEST_F(PlanStoreTest, AStartThatWasNotTakenIsNotWantedAnyMore) {
  Task task = Place(Create("orders"), TaskState::kConfiguration);
  MakeReady();
  task = *tasks_->Apply(task.key, {.action = UserAction::kStart});
  ASSERT_EQ(task.desired_state, DesiredState::kRunning);
  TaskChange change;
  change.uid = task.uid;
  change.version = task.version;
  change.state = TaskChange::StateChange{.state = TaskState::kConfiguration,
                                         .message = "run the precheck"};
  ASSERT_THAT(plans_->Apply(change), IsOk());
  EXPECT_EQ(Get(task).desired_state, DesiredState::kConfigured);
  EXPECT_EQ(Get(task).state_message, "run the precheck");
}

}  // namespace
}  // namespace binferry::controller
