#include "worker/agent/task_step.h"

#include <gtest/gtest.h>

namespace binferry::worker {
namespace {

constexpr Epoch kEpoch(3);

AssignedTask Assigned(TaskPurpose purpose, Epoch epoch = kEpoch) {
  return {.epoch = epoch, .purpose = purpose};
}

RunningTask Running(TaskPurpose purpose, Epoch epoch = kEpoch) {
  return {.epoch = epoch, .purpose = purpose};
}

TEST(TaskStepTest, StartsWhatIsAssignedWhileTheLeaseIsLive) {
  for (TaskPurpose purpose : {TaskPurpose::kRun, TaskPurpose::kFinish}) {
    EXPECT_EQ(NextTaskStep({.assigned = Assigned(purpose), .lease_live = true}),
              TaskStep::kStart);
  }
}

TEST(TaskStepTest, StartsNothingWithoutALiveLease) {
  EXPECT_EQ(NextTaskStep(
                {.assigned = Assigned(TaskPurpose::kRun), .lease_live = false}),
            TaskStep::kKeep);
}

TEST(TaskStepTest, RunsNothingForAReservation) {
  EXPECT_EQ(NextTaskStep({.assigned = Assigned(TaskPurpose::kReserve),
                          .lease_live = true}),
            TaskStep::kKeep);
}

TEST(TaskStepTest, ARunOutlivesItsLease) {
  EXPECT_EQ(NextTaskStep({.assigned = Assigned(TaskPurpose::kRun),
                          .running = Running(TaskPurpose::kRun),
                          .lease_live = false}),
            TaskStep::kKeep);
}

TEST(TaskStepTest, WhatIsNotAssignedAnyMoreLeavesInOrder) {
  EXPECT_EQ(NextTaskStep({.running = Running(TaskPurpose::kRun)}),
            TaskStep::kLeave);
}

TEST(TaskStepTest, APauseAndAStopLetTheRunLeaveFirst) {
  for (TaskPurpose purpose : {TaskPurpose::kReserve, TaskPurpose::kFinish}) {
    EXPECT_EQ(NextTaskStep({.assigned = Assigned(purpose),
                            .running = Running(TaskPurpose::kRun),
                            .lease_live = true}),
              TaskStep::kLeave);
  }
}

TEST(TaskStepTest, ARunThatDoesNotLeaveInTimeIsInterrupted) {
  RunningTask running = Running(TaskPurpose::kRun);
  running.leaving = true;
  EXPECT_EQ(NextTaskStep({.running = running}), TaskStep::kKeep);
  running.overdue = true;
  EXPECT_EQ(NextTaskStep({.running = running}), TaskStep::kInterrupt);
}

TEST(TaskStepTest, ARunInALongTransactionIsHurriedOnce) {
  RunningTask running = Running(TaskPurpose::kRun);
  running.leaving = true;
  running.slow = true;
  EXPECT_EQ(NextTaskStep({.running = running}), TaskStep::kHurry);
  running.hurried = true;
  EXPECT_EQ(NextTaskStep({.running = running}), TaskStep::kKeep);
}

TEST(TaskStepTest, ARunThatLeavesIsNotKeptWhenItIsWantedAgain) {
  RunningTask running = Running(TaskPurpose::kRun);
  running.leaving = true;
  EXPECT_EQ(NextTaskStep({.assigned = Assigned(TaskPurpose::kRun),
                          .running = running,
                          .lease_live = true}),
            TaskStep::kKeep);
  running.ended = true;
  EXPECT_EQ(NextTaskStep({.assigned = Assigned(TaskPurpose::kRun),
                          .running = running,
                          .lease_live = true}),
            TaskStep::kReap);
}

TEST(TaskStepTest, ANewEpochInterruptsTheRunOfTheOldOne) {
  EXPECT_EQ(
      NextTaskStep({.assigned = Assigned(TaskPurpose::kRun, kEpoch.Next()),
                    .running = Running(TaskPurpose::kRun),
                    .lease_live = true}),
      TaskStep::kInterrupt);
}

TEST(TaskStepTest, ADrainingWorkerStartsNothingAndLetsAllLeave) {
  EXPECT_EQ(NextTaskStep({.assigned = Assigned(TaskPurpose::kRun),
                          .lease_live = true,
                          .draining = true}),
            TaskStep::kForget);
  EXPECT_EQ(NextTaskStep({.assigned = Assigned(TaskPurpose::kRun),
                          .running = Running(TaskPurpose::kRun),
                          .lease_live = true,
                          .draining = true}),
            TaskStep::kLeave);
}

TEST(TaskStepTest, WhatNeitherIsAssignedNorRunsIsForgotten) {
  EXPECT_EQ(NextTaskStep({}), TaskStep::kForget);
}

}  // namespace
}  // namespace binferry::worker
