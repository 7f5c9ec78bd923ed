#include "controller/model/worker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/model/assignment.h"

namespace binferry::controller {
namespace {

using ::testing::HasSubstr;

WorkerPlace Place() {
  return {.region = "eu-1",
          .availability_zone = "b",
          .network_types = {NetworkType::kVpc},
          .vpc = "v",
          .subnet = "s",
          .labels = {{"security_group", "g"}}};
}

Placement Wanted() {
  return {.region = "eu-1",
          .availability_zones = {"a", "b"},
          .network_type = NetworkType::kVpc,
          .vpc = "v",
          .subnet = "s",
          .security_group = "g"};
}

TEST(WorkerTest, MatchesWhenAllThatIsSetIsEqual) {
  EXPECT_EQ(MismatchOf(Wanted(), Place()), "");
  EXPECT_EQ(MismatchOf({.region = "eu-1",
                        .availability_zones = {},
                        .network_type = NetworkType::kVpc,
                        .vpc = "",
                        .subnet = "",
                        .security_group = ""},
                       Place()),
            "");
}

TEST(WorkerTest, SaysWhatDoesNotMatch) {
  Placement wanted = Wanted();
  wanted.region = "us-1";
  EXPECT_EQ(MismatchOf(wanted, Place()), "its region is eu-1, not us-1");
  wanted = Wanted();
  wanted.availability_zones = {"c"};
  EXPECT_THAT(MismatchOf(wanted, Place()), HasSubstr("zone is b, not c"));
  wanted = Wanted();
  wanted.network_type = NetworkType::kPublic;
  EXPECT_THAT(MismatchOf(wanted, Place()), HasSubstr("PUBLIC"));
  wanted = Wanted();
  wanted.subnet = "t";
  EXPECT_THAT(MismatchOf(wanted, Place()), HasSubstr("subnet is s, not t"));
  wanted = Wanted();
  wanted.security_group = "h";
  EXPECT_THAT(MismatchOf(wanted, Place()), HasSubstr("security_group is g"));
}

TEST(WorkerOrdersTest, VersionChangesWithWhatIsOrdered) {
  WorkerOrders orders;
  orders.orders.push_back({.task_uid = TaskUid("a"),
                           .epoch = Epoch(1),
                           .generation = Generation(1)});
  const std::string version = orders.Version();
  EXPECT_EQ(orders.Version(), version);
  orders.orders[0].epoch = Epoch(2);
  EXPECT_NE(orders.Version(), version);
  orders.orders[0].epoch = Epoch(1);
  orders.probes.push_back({.id = "p", .task_uid = {}, .epoch = {}});
  EXPECT_NE(orders.Version(), version);
  const std::string with_probe = orders.Version();
  orders.probes[0].time_left = absl::Seconds(3);
  EXPECT_EQ(orders.Version(), with_probe);
}

TEST(AssignmentTest, AFailedTaskOnlyHoldsItsSlot) {
  using enum TaskState;
  EXPECT_EQ(PurposeOf({kStartFailed, DesiredState::kRunning}),
            Purpose::kReserve);
  EXPECT_EQ(PurposeOf({kIncrementalSync, DesiredState::kRunning}),
            Purpose::kRun);
  EXPECT_EQ(PurposeOf({kIncrementalSync, DesiredState::kPaused}),
            Purpose::kReserve);
}

TEST(AssignmentTest, AStopDrainsOnlyWhileItLasts) {
  using enum TaskState;
  EXPECT_EQ(PurposeOf({kStopping, DesiredState::kStopped, StopMode::kNow}),
            Purpose::kFinish);
  EXPECT_EQ(PurposeOf({kStopping, DesiredState::kStopped, StopMode::kDrain}),
            Purpose::kDrain);
  EXPECT_EQ(PurposeOf({kStopFailed, DesiredState::kStopped, StopMode::kDrain}),
            Purpose::kReserve);
}

}  // namespace
}  // namespace binferry::controller
