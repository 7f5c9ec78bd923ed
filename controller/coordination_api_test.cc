// What workers are told, through gRPC on real PostgreSQL.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <future>

#include "absl/time/clock.h"
#include "common/grpc_status.h"
#include "common/testing/status_matchers.h"
#include "controller/testing/controller_fixture.h"

namespace binferry::controller {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr char kOtherIncarnation[] = "aaaaaaaa-7c5d-4e21-9a0b-1c2d3e4f5a6b";

class CoordinationApiTest : public ControllerFixture {
 protected:
  // A task that worker "w1" has.
  coordination_v1::Assignment Assigned() {
    EXPECT_THAT(Create("orders"), IsOk());
    const auto assignment =
        AwaitAssignment("w1", [](const auto&) { return true; });
    EXPECT_THAT(assignment, IsOk());
    return assignment.value_or(coordination_v1::Assignment());
  }

  absl::StatusOr<coordination_v1::GetTaskSpecResponse> FetchSpec(
      const coordination_v1::WorkerIdentity& worker, const std::string& uid,
      int64_t epoch) {
    grpc::ClientContext context;
    coordination_v1::GetTaskSpecRequest request;
    *request.mutable_worker() = worker;
    request.set_task_uid(uid);
    request.set_epoch(epoch);
    coordination_v1::GetTaskSpecResponse response;
    const grpc::Status status =
        coordination_->GetTaskSpec(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  absl::StatusOr<int> ClaimPartition(const std::string& uid, int64_t epoch,
                                     const std::string& cluster) {
    grpc::ClientContext context;
    coordination_v1::ClaimStatePartitionRequest request;
    *request.mutable_worker() = Beat("w1").worker();
    request.set_task_uid(uid);
    request.set_epoch(epoch);
    request.set_kafka_cluster_id(cluster);
    coordination_v1::ClaimStatePartitionResponse response;
    const grpc::Status status =
        coordination_->ClaimStatePartition(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response.partition();
  }
};

TEST_F(CoordinationApiTest, GivesTheSpecWithSecretsToItsOwnerAlone) {
  const auto assignment = Assigned();
  const auto owner = Beat("w1").worker();
  const auto spec = FetchSpec(owner, assignment.task_uid(), assignment.epoch());
  ASSERT_THAT(spec, IsOk());
  EXPECT_EQ(spec->task().source().password(), kSourcePassword);
  EXPECT_EQ(spec->task().destination().password(), kDestinationPassword);
  EXPECT_EQ(spec->task().objects().databases_size(), 1);
  EXPECT_EQ(spec->task().generation(), assignment.generation());
  EXPECT_GT(spec->runtime().server_id(), 0u);
  EXPECT_EQ(spec->runtime().transactional_id(),
            "binferry-" + assignment.task_uid());

  EXPECT_THAT(FetchSpec(owner, assignment.task_uid(), assignment.epoch() + 1),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(FetchSpec(owner, assignment.task_uid(), assignment.epoch() - 1),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(
      FetchSpec(Beat("w2").worker(), assignment.task_uid(), assignment.epoch()),
      StatusIs(StatusCode::kFailedPrecondition));
  auto impostor = owner;
  impostor.set_incarnation(kOtherIncarnation);
  EXPECT_THAT(FetchSpec(impostor, assignment.task_uid(), assignment.epoch()),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(CoordinationApiTest, GivesATaskOnePartitionPerCluster) {
  const auto assignment = Assigned();
  const auto first =
      ClaimPartition(assignment.task_uid(), assignment.epoch(), "cluster-a");
  ASSERT_THAT(first, IsOk());
  EXPECT_THAT(
      ClaimPartition(assignment.task_uid(), assignment.epoch(), "cluster-a"),
      IsOkAndHolds(*first));
  EXPECT_THAT(ClaimPartition(assignment.task_uid(), assignment.epoch() + 1,
                             "cluster-a"),
              StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_THAT(ClaimPartition(assignment.task_uid(), assignment.epoch(), ""),
              StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(CoordinationApiTest, LeavesOutReportsUnderAnotherEpoch) {
  const auto assignment = Assigned();
  auto beat = Beat("w1");
  coordination_v1::TaskReport* report = beat.add_tasks();
  report->set_task_uid(assignment.task_uid());
  report->set_epoch(assignment.epoch() + 7);
  report->set_state(coordination_v1::RUN_STATE_RUNNING);
  report->mutable_counters()->set_records(666);
  ASSERT_THAT(Send(beat), IsOk());
  EXPECT_EQ(Get("orders")->status().counters().records(), 0u);
}

TEST_F(CoordinationApiTest, TellsASupersededProcessToExit) {
  ASSERT_THAT(Send(Beat("w1")), IsOk());
  auto newer = Beat("w1");
  newer.mutable_worker()->set_incarnation(kOtherIncarnation);
  newer.set_sequence(1);
  ASSERT_THAT(Send(newer), IsOk());
  EXPECT_THAT(Send(Beat("w1")), StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(CoordinationApiTest, HoldsAnAnswerUntilSomethingChanges) {
  const auto first = Send(Beat("w1"));
  ASSERT_THAT(first, IsOk());
  auto held = Beat("w1");
  held.set_seen_version(first->version());
  held.mutable_max_hold()->set_seconds(2);
  const absl::Time before = absl::Now();
  const auto same = Send(held);
  ASSERT_THAT(same, IsOk());
  EXPECT_EQ(same->version(), first->version());
  EXPECT_GE(absl::Now() - before, absl::Milliseconds(1900));

  auto woken = Beat("w1");
  woken.set_seen_version(first->version());
  woken.mutable_max_hold()->set_seconds(2);
  auto answer = std::async(std::launch::async, [&] { return Send(woken); });
  ASSERT_THAT(Create("orders"), IsOk());
  const auto changed = answer.get();
  ASSERT_THAT(changed, IsOk());
  EXPECT_NE(changed->version(), first->version());
  EXPECT_EQ(changed->assignments_size(), 1);
}

TEST_F(CoordinationApiTest, TellsWhatIsWrongWithAHeartbeat) {
  auto beat = Beat("w1");
  beat.mutable_worker()->set_name("bad name");
  EXPECT_THAT(Send(beat),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("worker.name")));
}

TEST_F(CoordinationApiTest, GoesOnAcrossARestartOfTheController) {
  const auto before = Assigned();
  StartController(Options());
  const auto after = AwaitAssignment("w1", [](const auto&) { return true; });
  ASSERT_THAT(after, IsOk());
  EXPECT_EQ(after->task_uid(), before.task_uid());
  EXPECT_EQ(after->epoch(), before.epoch());
}

}  // namespace
}  // namespace binferry::controller
