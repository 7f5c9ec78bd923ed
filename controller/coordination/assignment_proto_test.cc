#include "controller/coordination/assignment_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status_details.h"
#include "common/testing/status_matchers.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr char kUuid[] = "3f2b8a10-7c5d-4e21-9a0b-1c2d3e4f5a6b";

class AssignmentProtoTest : public testing::Test {
 protected:
  AssignmentProtoTest() {
    request_.mutable_worker()->set_name("w1");
    request_.mutable_worker()->set_incarnation(kUuid);
    request_.mutable_place()->set_region("eu-1");
    request_.set_sequence(5);
    request_.set_slots(2);
  }

  coordination_v1::HeartbeatRequest request_;
};

TEST_F(AssignmentProtoTest, ReadsAHeartbeat) {
  coordination_v1::TaskReport* report = request_.add_tasks();
  report->set_task_uid(kUuid);
  report->set_epoch(3);
  report->set_state(coordination_v1::RUN_STATE_RUNNING);
  report->set_lag_ms(0);
  report->mutable_position()->mutable_coordinates()->set_file("b.1");
  const auto heartbeat = HeartbeatFromProto(request_);
  ASSERT_THAT(heartbeat, IsOk());
  EXPECT_EQ(heartbeat->worker.name.value(), "w1");
  EXPECT_EQ(heartbeat->sequence, 5);
  ASSERT_EQ(heartbeat->reports.size(), 1u);
  EXPECT_EQ(heartbeat->reports[0].state, RunState::kRunning);
  EXPECT_EQ(heartbeat->reports[0].lag, absl::ZeroDuration());
  EXPECT_EQ(heartbeat->reports[0].position->file, "b.1");
  EXPECT_FALSE(heartbeat->reports[0].counters.has_value());
}

TEST_F(AssignmentProtoTest, ReadsEveryCounter) {
  coordination_v1::TaskReport* report = request_.add_tasks();
  report->set_task_uid(kUuid);
  binferry::v1::Counters* counters = report->mutable_counters();
  for (int i = 0; i < counters->GetDescriptor()->field_count(); ++i) {
    const auto* field = counters->GetDescriptor()->field(i);
    counters->GetReflection()->SetUInt64(
        counters, field, static_cast<uint64_t>(field->number()));
  }
  const auto heartbeat = HeartbeatFromProto(request_);
  ASSERT_THAT(heartbeat, IsOk());
  const Counters expected = {.inserts = 1,
                             .updates = 2,
                             .deletes = 3,
                             .records = 4,
                             .transactions = 5,
                             .binlog_bytes = 6,
                             .record_bytes = 7,
                             .ddl_omitted = 8,
                             .recoveries = 9,
                             .replaced_texts = 10,
                             .alerts = 11};
  EXPECT_EQ(heartbeat->reports[0].counters, expected);
}

TEST_F(AssignmentProtoTest, TellsEveryViolationOfAHeartbeat) {
  request_.mutable_place()->clear_region();
  request_.set_slots(10'001);
  request_.add_tasks()->set_task_uid("x");
  const auto heartbeat = HeartbeatFromProto(request_);
  ASSERT_THAT(heartbeat, StatusIs(kInvalid));
  EXPECT_EQ(DetailsOf(heartbeat.status()).field_violations.size(), 3u);
  request_.mutable_worker()->set_incarnation("me");
  EXPECT_THAT(HeartbeatFromProto(request_),
              StatusIs(kInvalid, testing::HasSubstr("worker.incarnation")));
}

TEST_F(AssignmentProtoTest, KeepsTheNewestEventsAndCutsLongTexts) {
  coordination_v1::TaskReport* report = request_.add_tasks();
  report->set_task_uid(kUuid);
  for (int i = 1; i <= 25; ++i) report->add_events()->set_number(i);
  report->mutable_last_error()->set_message(std::string(100'000, 'x'));
  const auto heartbeat = HeartbeatFromProto(request_);
  ASSERT_THAT(heartbeat, IsOk());
  EXPECT_EQ(heartbeat->reports[0].events.size(), kMaxReportedEvents);
  EXPECT_EQ(heartbeat->reports[0].events.front().number, 6);
  EXPECT_EQ(heartbeat->reports[0].fault->message.size(), kMaxReportedTextBytes);
}

TEST_F(AssignmentProtoTest, BoundsHowLongAnAnswerIsHeld) {
  request_.mutable_max_hold()->set_seconds(3600);
  EXPECT_EQ(HoldFromProto(request_), kMaxHold);
  request_.mutable_max_hold()->set_seconds(-5);
  EXPECT_EQ(HoldFromProto(request_), absl::ZeroDuration());
}

std::string QuestionBytes() {
  coordination_v1::Probe question;
  question.mutable_test_connection()->set_endpoint(v1::ENDPOINT_DESTINATION);
  return question.SerializeAsString();
}

TEST_F(AssignmentProtoTest, WritesOrdersWithTheLease) {
  WorkerOrders orders;
  orders.orders.push_back({.task_uid = TaskUid(kUuid),
                           .epoch = Epoch(2),
                           .generation = Generation(4),
                           .purpose = Purpose::kRun,
                           .retry_count = 1});
  orders.probes.push_back({.id = "p",
                           .task_uid = TaskUid(kUuid),
                           .epoch = Epoch(2),
                           .question = QuestionBytes(),
                           .time_left = absl::Seconds(30)});
  const auto response = ToProto(orders);
  ASSERT_EQ(response.assignments_size(), 1);
  EXPECT_EQ(response.assignments(0).purpose(), coordination_v1::PURPOSE_RUN);
  EXPECT_EQ(response.assignments(0).generation(), 4);
  EXPECT_EQ(response.probes(0).test_connection().endpoint(),
            v1::ENDPOINT_DESTINATION);
  EXPECT_EQ(response.probes(0).id(), "p");
  EXPECT_EQ(response.probes(0).epoch(), 2);
  EXPECT_EQ(response.lease().seconds(), 15);
  EXPECT_EQ(response.version(), orders.Version());
}

TEST_F(AssignmentProtoTest, GivesTheOwnerSecretsAndOneTransactionalId) {
  AssignedTask assigned;
  assigned.task.key = {.project = "p", .task_id = "orders"};
  assigned.task.uid = TaskUid(kUuid);
  assigned.task.generation = Generation(4);
  assigned.task.spec = ToStoredSpec(TaskSpec(), {});
  assigned.runtime.server_id = 77;
  const auto response =
      ToProto(assigned, {{SecretField::kSourcePassword, "hunter2"}}, "prefix");
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->task().source().password(), "hunter2");
  EXPECT_EQ(response->task().generation(), 4);
  EXPECT_EQ(response->runtime().transactional_id(),
            std::string("prefix-") + kUuid);
  EXPECT_FALSE(response->runtime().has_state_partition());
  assigned.runtime.state_partition = 0;
  EXPECT_TRUE(ToProto(assigned, {}, "prefix")->runtime().has_state_partition());
}

}  // namespace
}  // namespace binferry::controller
