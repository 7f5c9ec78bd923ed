// What verbs do, and what comes by itself, on a whole controller with real
// PostgreSQL and a simulated worker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/status_details.h"
#include "common/testing/status_matchers.h"
#include "controller/testing/controller_fixture.h"

namespace binferry::controller {
namespace {

using absl::StatusCode;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Property;
using Stub = v1::TaskService::Stub;

class TaskVerbsTest : public ControllerFixture {
 protected:
  void SetUp() override {
    ControllerFixture::SetUp();
    if (IsSkipped()) return;
    worker_ = MakeWorker("w1", "eu-1");
    ASSERT_THAT(worker_->Beat(), IsOk());
  }

  bool AwaitState(const std::string& id, v1::TaskState state) {
    return Eventually([&] {
      EXPECT_THAT(worker_->Beat(), IsOk());
      return Get(id)->status().state() == state;
    });
  }

  absl::Status Act(grpc::Status (Stub::*rpc)(grpc::ClientContext*,
                                             const v1::TaskActionRequest&,
                                             v1::Task*),
                   const std::string& id) {
    v1::TaskActionRequest request;
    request.set_name(Name(id));
    return Call(rpc, tasks_.get(), request);
  }

  absl::Status Start(const std::string& id) {
    v1::StartTaskRequest request;
    request.set_name(Name(id));
    return Call(&Stub::StartTask, tasks_.get(), request);
  }

  absl::Status Stop(const std::string& id, v1::StopMode mode) {
    v1::StopTaskRequest request;
    request.set_name(Name(id));
    request.set_mode(mode);
    return Call(&Stub::StopTask, tasks_.get(), request);
  }

  absl::Status Reset(const v1::ResetTaskRequest& request) {
    return Call(&Stub::ResetTask, tasks_.get(), request);
  }

  // A task that runs.
  void Run(const std::string& id) {
    ASSERT_THAT(Create(id), IsOk());
    ASSERT_TRUE(AwaitState(id, v1::TASK_STATE_CONFIGURATION));
    MakeReady();
    ASSERT_THAT(Start(id), IsOk());
    ASSERT_TRUE(AwaitState(id, v1::TASK_STATE_INCREMENTAL_SYNC));
  }

  absl::StatusOr<v1::BatchTaskActionResponse> Batch(
      const v1::BatchTaskActionRequest& request) {
    grpc::ClientContext context;
    v1::BatchTaskActionResponse response;
    const grpc::Status status =
        tasks_->BatchTaskAction(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  std::unique_ptr<SimulatedWorker> worker_;
};

TEST_F(TaskVerbsTest, AFailureSaysWhyAndGoesOnAfterTheMendedPassword) {
  Run("orders");
  const v1::Task running = *Get("orders");
  worker_->Set(running.uid(), {.run = coordination_v1::RUN_STATE_FAILED});
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_INCREMENTAL_SYNC_FAILED));
  const v1::Fault fault = Get("orders")->status().last_error();
  EXPECT_EQ(fault.code(), "PERMISSION_DENIED");
  EXPECT_EQ(fault.message(), "the source refuses the password");
  EXPECT_EQ(fault.remedy(), "update the password, then retry");
  EXPECT_EQ(fault.attempts(), 3);
  EXPECT_EQ(fault.first_time().seconds(), 1'700'000'000);
  EXPECT_EQ(fault.time().seconds(), 1'700'000'060);
  worker_->Set(running.uid(), {});
  v1::UpdateTaskRequest update;
  update.mutable_task()->set_name(Name("orders"));
  update.mutable_task()->mutable_source()->set_password("mended");
  update.mutable_update_mask()->add_paths("source.password");
  ASSERT_THAT(Call(&Stub::UpdateTask, tasks_.get(), update), IsOk());
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_INCREMENTAL_SYNC_FAILED))
      << "not unasked";
  ASSERT_THAT(Act(&Stub::RetryTask, "orders"), IsOk());
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_INCREMENTAL_SYNC));
  const v1::TaskStatus mended = Get("orders")->status();
  EXPECT_FALSE(mended.has_last_error());
  EXPECT_EQ(mended.epoch(), running.status().epoch());
  EXPECT_EQ(mended.observed_generation(), 2);
}

TEST_F(TaskVerbsTest, ADrainThatHangsShowsItsFaultAndIsCutShort) {
  Run("orders");
  worker_->Set(Get("orders")->uid(),
               {.end = coordination_v1::RUN_STATE_RETRYING});
  ASSERT_THAT(Stop("orders", v1::STOP_MODE_UNSPECIFIED), IsOk());
  ASSERT_TRUE(Eventually([this] {
    EXPECT_THAT(worker_->Beat(), IsOk());
    return Get("orders")->status().has_last_error();
  }));
  const v1::TaskStatus status = Get("orders")->status();
  EXPECT_EQ(status.state(), v1::TASK_STATE_STOPPING);
  EXPECT_THAT(status.state_message(), HasSubstr("without draining"));
  EXPECT_EQ(worker_->orders().assignments(0).purpose(),
            coordination_v1::PURPOSE_DRAIN);
  ASSERT_THAT(Stop("orders", v1::STOP_MODE_NOW), IsOk());
  ASSERT_THAT(worker_->Beat(), IsOk());
  EXPECT_EQ(worker_->orders().assignments(0).purpose(),
            coordination_v1::PURPOSE_FINISH);
  worker_->Set(Get("orders")->uid(), {});
  EXPECT_TRUE(AwaitState("orders", v1::TASK_STATE_COMPLETED));
}

TEST_F(TaskVerbsTest, ResetGivesANewStartPositionAndSaysWhatIsWrongWithOne) {
  Run("orders");
  ASSERT_THAT(Act(&Stub::PauseTask, "orders"), IsOk());
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_PAUSED));
  v1::ResetTaskRequest reset;
  reset.set_name(Name("orders"));
  reset.mutable_start_position()->mutable_coordinates()->set_file("b.000001");
  reset.mutable_start_position()->mutable_coordinates()->set_position(1);
  EXPECT_THAT(Reset(reset), StatusIs(StatusCode::kInvalidArgument,
                                     HasSubstr("start_position.coordinates")));
  reset.mutable_start_position()->mutable_coordinates()->set_position(4);
  reset.set_etag("77");
  EXPECT_THAT(Reset(reset), StatusIs(StatusCode::kAborted, HasSubstr("etag")));
  reset.clear_etag();
  ASSERT_THAT(Reset(reset), IsOk());
  v1::Task task = *Get("orders");
  EXPECT_EQ(task.status().state(), v1::TASK_STATE_CONFIGURATION);
  EXPECT_EQ(task.start_position().coordinates().file(), "b.000001");
  EXPECT_EQ(task.generation(), 2);
  // Again, to the source's end.
  reset.clear_start_position();
  ASSERT_THAT(Reset(reset), IsOk());
  task = *Get("orders");
  EXPECT_FALSE(task.has_start_position());
  EXPECT_TRUE(task.source().password_set());
}

TEST_F(TaskVerbsTest, AStartNeedsAPrecheckThatStillHoldsWhenItsTimeComes) {
  ASSERT_THAT(Create("orders"), IsOk());
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_CONFIGURATION));
  MakeReady();
  v1::StartTaskRequest start;
  start.set_name(Name("orders"));
  start.mutable_start_time()->set_seconds(
      absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
  ASSERT_THAT(Call(&Stub::StartTask, tasks_.get(), start), IsOk());
  ExecuteSql("UPDATE precheck_items SET result = 'VOID'");
  EXPECT_THAT(Start("orders"), StatusIs(StatusCode::kFailedPrecondition,
                                        HasSubstr("source_version")));
  Age("start_time", "orders", absl::Hours(2));
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_CONFIGURATION));
  EXPECT_THAT(Get("orders")->status().state_message(),
              HasSubstr("run the precheck"));
}

TEST_F(TaskVerbsTest, OneVerbActsOnManyWithAResultEach) {
  Run("runs");
  ASSERT_THAT(Create("waits"), IsOk());
  ASSERT_TRUE(AwaitState("waits", v1::TASK_STATE_CONFIGURATION));
  v1::BatchTaskActionRequest request;
  request.set_action(v1::TASK_ACTION_PAUSE);
  for (const char* id : {"waits", "runs", "none"}) {
    request.add_names(Name(id));
  }
  request.add_names("no name");
  auto answer = Batch(request);
  ASSERT_THAT(answer, IsOk());
  ASSERT_EQ(answer->results_size(), 4);
  EXPECT_EQ(answer->results(0).name(), Name("waits"));
  EXPECT_EQ(answer->results(0).code(), "FAILED_PRECONDITION");
  EXPECT_THAT(answer->results(0).message(), HasSubstr("CONFIGURATION"));
  EXPECT_EQ(answer->results(0).state(), v1::TASK_STATE_UNSPECIFIED);
  EXPECT_EQ(answer->results(1).code(), "OK");
  EXPECT_THAT(answer->results(1).message(), IsEmpty());
  EXPECT_EQ(answer->results(1).state(), v1::TASK_STATE_INCREMENTAL_SYNC);
  EXPECT_EQ(answer->results(2).code(), "NOT_FOUND");
  EXPECT_EQ(answer->results(3).code(), "INVALID_ARGUMENT");
  EXPECT_TRUE(AwaitState("runs", v1::TASK_STATE_PAUSED));

  request.set_action(v1::TASK_ACTION_DELETE);
  request.set_force(true);
  answer = Batch(request);
  ASSERT_THAT(answer, IsOk());
  EXPECT_EQ(answer->results(0).code(), "OK");
  EXPECT_EQ(answer->results(1).code(), "OK");
  EXPECT_THAT(Get("runs"), StatusIs(StatusCode::kNotFound));
}

TEST_F(TaskVerbsTest, ABatchThatIsWrongAsAWholeTouchesNothing) {
  ASSERT_THAT(Create("orders"), IsOk());
  v1::BatchTaskActionRequest request;
  request.add_names(Name("orders"));
  request.add_names(Name("orders"));
  request.set_action(v1::TASK_ACTION_STOP);
  request.set_force(true);
  request.mutable_start_time();
  const auto answer = Batch(request);
  ASSERT_THAT(answer, StatusIs(StatusCode::kInvalidArgument));
  const auto violations = DetailsOf(answer.status()).field_violations;
  for (const char* field : {"names", "force", "start_time"}) {
    EXPECT_THAT(violations,
                Contains(testing::Field(&FieldViolation::field, field)));
  }
  request.clear_names();
  for (int i = 0; i <= 1'000; ++i) request.add_names(absl::StrCat(i));
  EXPECT_THAT(Batch(request),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("1000")));
  EXPECT_NE(Get("orders")->status().state(), v1::TASK_STATE_STOPPING);
}

TEST_F(TaskVerbsTest, AnUnusedTaskGivesItsSlotBackUntilItsNextUse) {
  ASSERT_THAT(Create("orders"), IsOk());
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_CONFIGURATION));
  Age("use_time", "orders", absl::Hours(73));
  ASSERT_TRUE(
      Eventually([this] { return Get("orders")->status().worker().empty(); }));
  const v1::TaskStatus status = Get("orders")->status();
  EXPECT_EQ(status.state(), v1::TASK_STATE_CONFIGURATION);
  EXPECT_THAT(status.state_message(), HasSubstr("slot was given back"));
  v1::UpdateTaskRequest update;
  update.mutable_task()->set_name(Name("orders"));
  update.mutable_task()->set_description("used");
  update.mutable_update_mask()->add_paths("description");
  ASSERT_THAT(Call(&Stub::UpdateTask, tasks_.get(), update), IsOk());
  EXPECT_TRUE(
      Eventually([this] { return !Get("orders")->status().worker().empty(); }));
  EXPECT_EQ(Get("orders")->status().state_message(), "");
}

TEST_F(TaskVerbsTest, AFailedCreationNamesWorkersAndEndsAfterThreeDays) {
  v1::Task task = SampleTask();
  task.mutable_placement()->set_region("nowhere");
  ASSERT_THAT(Create("orders", task), IsOk());
  Age("state_time", "orders", absl::Minutes(11));
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_CREATE_FAILED));
  EXPECT_THAT(Get("orders")->status().last_error().message(),
              HasSubstr("w1: its region is eu-1, not nowhere"));
  Age("state_time", "orders", absl::Hours(73));
  EXPECT_TRUE(AwaitState("orders", v1::TASK_STATE_COMPLETED));
}

TEST_F(TaskVerbsTest, AControllerThatWasDownStartsWhatIsDueAndSaysSo) {
  ASSERT_THAT(Create("orders"), IsOk());
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_CONFIGURATION));
  MakeReady();
  v1::StartTaskRequest start;
  start.set_name(Name("orders"));
  start.mutable_start_time()->set_seconds(
      absl::ToUnixSeconds(absl::Now() + absl::Hours(1)));
  ASSERT_THAT(Call(&Stub::StartTask, tasks_.get(), start), IsOk());
  controller_->Stop();
  for (const char* column : {"start_time", "desired_time", "update_time"}) {
    Age(column, "orders", absl::Hours(3));
  }
  StartController(Options());
  ASSERT_TRUE(AwaitState("orders", v1::TASK_STATE_INCREMENTAL_SYNC));
  const v1::Task task = *Get("orders");
  EXPECT_THAT(task.status().recent_events(),
              Contains(AllOf(
                  Property(&v1::TaskEvent::reason, "LATE_START"),
                  Property(&v1::TaskEvent::message, HasSubstr("started 2h")))));
}

TEST_F(TaskVerbsTest, ACloneHasTheDefinitionAndNoSecrets) {
  const auto original = Create("orders");
  ASSERT_THAT(original, IsOk());
  v1::CloneTaskRequest request;
  request.set_name(Name("orders"));
  request.set_task_id("copy");
  request.set_request_id("123e4567-e89b-12d3-a456-426614174000");
  const auto clone = [&]() -> absl::StatusOr<v1::Task> {
    grpc::ClientContext context;
    v1::Task task;
    const grpc::Status status = tasks_->CloneTask(&context, request, &task);
    if (!status.ok()) return FromGrpcStatus(status);
    return task;
  };
  const auto copy = clone();
  ASSERT_THAT(copy, IsOk());
  EXPECT_EQ(copy->name(), Name("copy"));
  EXPECT_NE(copy->uid(), original->uid());
  EXPECT_EQ(copy->generation(), 1);
  EXPECT_EQ(copy->source().host(), original->source().host());
  EXPECT_EQ(copy->objects().databases_size(),
            original->objects().databases_size());
  EXPECT_TRUE(original->source().password_set());
  EXPECT_FALSE(copy->source().password_set());
  EXPECT_FALSE(copy->destination().password_set());
  EXPECT_EQ(clone()->uid(), copy->uid()) << "the same request";
  request.clear_request_id();
  EXPECT_THAT(clone(), StatusIs(StatusCode::kAlreadyExists));
  request.set_task_id("x");
  request.set_name("orders");
  const auto bad = clone();
  ASSERT_THAT(bad, StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(DetailsOf(bad.status()).field_violations.size(), 2u);
}

}  // namespace
}  // namespace binferry::controller
