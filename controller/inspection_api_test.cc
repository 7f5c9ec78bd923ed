// Questions to workers, prechecks and history through the public API, with a
// simulated worker and a real PostgreSQL.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "binferry/v1/inspection_service.grpc.pb.h"
#include "common/grpc_status.h"
#include "common/status_details.h"
#include "common/testing/status_matchers.h"
#include "controller/testing/controller_fixture.h"

namespace binferry::controller {
namespace {

namespace pb = coordination::v1;
using absl::StatusCode;
using ::testing::AllOf;
using ::testing::HasSubstr;

class InspectionApiTest : public ControllerFixture {
 protected:
  using Answer = std::function<void(const pb::Probe&, pb::ProbeResult*)>;

  void SetUp() override {
    ControllerFixture::SetUp();
    if (controller_ == nullptr) return;
    auto channel =
        grpc::CreateChannel(ApiAddress(), grpc::InsecureChannelCredentials());
    stub_ = v1::InspectionService::NewStub(channel);
  }

  void TearDown() override {
    StopWorker();
    ControllerFixture::TearDown();
  }

  void StopWorker() {
    if (!worker_.joinable()) return;
    worker_.request_stop();
    worker_.join();
  }

  // A worker that answers every question by `answer`; an answer that is left
  // empty is not sent.
  void StartWorker(Answer answer) {
    StopWorker();
    worker_ = std::jthread([this, answer](std::stop_token stop) {
      while (!stop.stop_requested()) {
        pb::HeartbeatRequest beat = Beat("w1");
        beat.mutable_max_hold()->set_nanos(100'000'000);
        const auto orders = Send(beat);
        if (!orders.ok()) continue;
        pb::ReportProbeResultsRequest results;
        *results.mutable_worker() = beat.worker();
        for (const pb::Probe& probe : orders->probes()) {
          pb::ProbeResult result;
          answer(probe, &result);
          if (result.ByteSizeLong() == 0) continue;
          result.set_id(probe.id());
          *results.add_results() = result;
        }
        if (results.results().empty()) continue;
        grpc::ClientContext context;
        pb::ReportProbeResultsResponse response;
        EXPECT_TRUE(
            coordination_->ReportProbeResults(&context, results, &response)
                .ok());
      }
    });
  }

  void CreateConfigured(const std::string& id) {
    ASSERT_THAT(Create(id), IsOk());
    ASSERT_TRUE(Eventually([&] {
      const auto task = Get(id);
      return task.ok() &&
             task->status().state() == v1::TASK_STATE_CONFIGURATION;
    }));
  }

  template <typename Response, typename Request>
  absl::StatusOr<Response> Ask(
      grpc::Status (v1::InspectionService::Stub::*rpc)(grpc::ClientContext*,
                                                       const Request&,
                                                       Response*),
      const Request& request,
      std::chrono::milliseconds time = std::chrono::seconds(20)) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + time);
    Response response;
    const grpc::Status status = ((*stub_).*rpc)(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  absl::StatusOr<v1::Precheck> Check(const std::string& id) {
    v1::RunPrecheckRequest request;
    request.set_name(Name(id));
    return Ask(&v1::InspectionService::Stub::RunPrecheck, request);
  }

  absl::StatusOr<v1::Precheck> Confirm(const std::string& id,
                                       const std::string& item) {
    v1::ConfirmPrecheckRequest request;
    request.set_name(Name(id));
    request.add_item_ids(item);
    return Ask(&v1::InspectionService::Stub::ConfirmPrecheck, request);
  }

  absl::Status Start(const std::string& id) {
    v1::StartTaskRequest request;
    request.set_name(Name(id));
    return Call(&v1::TaskService::Stub::StartTask, tasks_.get(), request);
  }

  std::unique_ptr<v1::InspectionService::Stub> stub_;
  std::jthread worker_;
};

void Add(const std::string& id, v1::PrecheckResult result,
         const std::string& cause, pb::ProbeResult* out) {
  v1::PrecheckItem* const item = out->mutable_precheck()->add_items();
  item->set_id(id);
  item->set_result(result);
  item->set_cause(cause);
}

// One that passes but for an alarm.
void AnswerPrecheck(const pb::Probe& probe, pb::ProbeResult* result) {
  if (!probe.has_run_precheck()) return;
  result->set_generation(1);
  Add("source_version", v1::PRECHECK_RESULT_PASSED, "", result);
  Add("source_tls", v1::PRECHECK_RESULT_ALARM, "data go in clear", result);
  Add("topics_names", v1::PRECHECK_RESULT_PASSED, "", result);
}

TEST_F(InspectionApiTest, ATestIsAnsweredByTheTasksWorkerAndKept) {
  StartWorker([](const pb::Probe& probe, pb::ProbeResult* result) {
    if (!probe.has_test_connection()) return;
    result->set_generation(1);
    v1::ConnectionTest* const test = result->mutable_connection_test();
    test->set_endpoint(probe.test_connection().endpoint());
    test->set_passed(true);
    test->add_steps()->set_step("TCP");
  });
  CreateConfigured("orders");
  v1::TestConnectionRequest request;
  request.set_name(Name("orders"));
  request.set_endpoint(v1::ENDPOINT_DESTINATION);
  const auto test = Ask(&v1::InspectionService::Stub::TestConnection, request);
  ASSERT_THAT(test, IsOk());
  EXPECT_TRUE(test->passed());
  EXPECT_EQ(test->worker(), "w1");
  EXPECT_GT(test->time().seconds(), 0);
  const auto task = Get("orders");
  ASSERT_THAT(task, IsOk());
  EXPECT_TRUE(task->status().destination_test().passed());
  EXPECT_EQ(task->status().destination_test().steps(0).step(), "TCP");
  EXPECT_FALSE(task->status().has_source_test());
  EXPECT_FALSE(
      Get("orders", v1::TASK_VIEW_BASIC)->status().has_destination_test());

  request.clear_endpoint();
  request.set_name("orders");
  const auto bad = Ask(&v1::InspectionService::Stub::TestConnection, request);
  ASSERT_THAT(bad, StatusIs(StatusCode::kInvalidArgument));
  EXPECT_EQ(DetailsOf(bad.status()).field_violations.size(), 2u);
}

TEST_F(InspectionApiTest, AFaultOfTheWorkerIsTheCallsError) {
  StartWorker([](const pb::Probe&, pb::ProbeResult* result) {
    result->mutable_fault()->set_code("UNAUTHENTICATED");
    result->mutable_fault()->set_message("access denied for 'u'");
  });
  CreateConfigured("orders");
  v1::ListTablesRequest request;
  request.set_name(Name("orders"));
  request.set_database("shop");
  EXPECT_THAT(Ask(&v1::InspectionService::Stub::ListTables, request),
              StatusIs(StatusCode::kUnauthenticated,
                       HasSubstr("access denied for 'u'")));
}

TEST_F(InspectionApiTest, AWorkerThatIsSilentIsNamedAtTheDeadline) {
  StartWorker([](const pb::Probe&, pb::ProbeResult*) {});
  CreateConfigured("orders");
  v1::GetSourcePositionRequest request;
  request.set_name(Name("orders"));
  EXPECT_THAT(Ask(&v1::InspectionService::Stub::GetSourcePosition, request,
                  std::chrono::milliseconds(1'500)),
              StatusIs(StatusCode::kDeadlineExceeded,
                       AllOf(HasSubstr("w1"), HasSubstr("worker list"))));
}

TEST_F(InspectionApiTest, WithoutAWorkerNothingIsAsked) {
  ASSERT_THAT(Create("orders"), IsOk());
  v1::ListDatabasesRequest request;
  request.set_name(Name("orders"));
  EXPECT_THAT(
      Ask(&v1::InspectionService::Stub::ListDatabases, request),
      StatusIs(StatusCode::kFailedPrecondition, HasSubstr("CONFIGURATION")));
  request.set_name(Name("none"));
  EXPECT_THAT(Ask(&v1::InspectionService::Stub::ListDatabases, request),
              StatusIs(StatusCode::kNotFound));
}

TEST_F(InspectionApiTest, AStartNeedsAPrecheckWhoseAlarmsAreConfirmed) {
  StartWorker(AnswerPrecheck);
  CreateConfigured("orders");
  EXPECT_THAT(Start("orders"), StatusIs(StatusCode::kFailedPrecondition));
  const auto checked = Check("orders");
  ASSERT_THAT(checked, IsOk());
  EXPECT_FALSE(checked->ready());
  EXPECT_EQ(checked->items_size(), 3);
  EXPECT_THAT(Start("orders"), StatusIs(StatusCode::kFailedPrecondition,
                                        HasSubstr("source_tls")));
  EXPECT_THAT(Confirm("orders", "source_version"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("source_tls")));
  const auto confirmed = Confirm("orders", "source_tls");
  ASSERT_THAT(confirmed, IsOk());
  EXPECT_TRUE(confirmed->ready());
  EXPECT_EQ(confirmed->items(1).confirmed_by(), "127.0.0.1");
  // The same finding need not be confirmed again.
  EXPECT_TRUE(Check("orders")->ready());
  EXPECT_THAT(Start("orders"), IsOk());
}

TEST_F(InspectionApiTest, AChangeVoidsWhatItAffects) {
  StartWorker(AnswerPrecheck);
  CreateConfigured("orders");
  ASSERT_THAT(Check("orders"), IsOk());
  ASSERT_THAT(Confirm("orders", "source_tls"), IsOk());
  v1::UpdateTaskRequest update;
  update.mutable_task()->set_name(Name("orders"));
  update.mutable_task()->set_description("other");
  update.mutable_update_mask()->add_paths("description");
  ASSERT_THAT(Call(&v1::TaskService::Stub::UpdateTask, tasks_.get(), update),
              IsOk());
  v1::GetPrecheckRequest get;
  get.set_name(Name("orders"));
  const auto kept = Ask(&v1::InspectionService::Stub::GetPrecheck, get);
  ASSERT_THAT(kept, IsOk());
  EXPECT_TRUE(kept->ready());

  update.mutable_task()->mutable_source()->set_password("new");
  update.mutable_update_mask()->set_paths(0, "source.password");
  ASSERT_THAT(Call(&v1::TaskService::Stub::UpdateTask, tasks_.get(), update),
              IsOk());
  const auto voided = Ask(&v1::InspectionService::Stub::GetPrecheck, get);
  ASSERT_THAT(voided, IsOk());
  EXPECT_EQ(voided->items(0).result(), v1::PRECHECK_RESULT_VOID);
  EXPECT_EQ(voided->items(1).result(), v1::PRECHECK_RESULT_VOID);
  EXPECT_FALSE(voided->items(1).confirmed());
  EXPECT_EQ(voided->items(2).result(), v1::PRECHECK_RESULT_PASSED);
  EXPECT_FALSE(voided->ready());
}

TEST_F(InspectionApiTest, AnIncompleteDefinitionIsNotChecked) {
  StartWorker(AnswerPrecheck);
  v1::Task task = SampleTask();
  task.clear_objects();
  task.clear_topic_policy();
  ASSERT_THAT(Create("orders", task), IsOk());
  ASSERT_TRUE(Eventually([&] {
    return Get("orders")->status().state() == v1::TASK_STATE_CONFIGURATION;
  }));
  EXPECT_THAT(Check("orders"), StatusIs(StatusCode::kFailedPrecondition,
                                        AllOf(HasSubstr("task.objects"),
                                              HasSubstr("task.topic_policy"))));
}

TEST_F(InspectionApiTest, TheHistoryTellsWhoDidWhatAndWhatCameOfIt) {
  StartWorker(AnswerPrecheck);
  CreateConfigured("orders");
  EXPECT_THAT(Start("orders"), StatusIs(StatusCode::kFailedPrecondition));
  ASSERT_THAT(Check("orders"), IsOk());
  ASSERT_THAT(Confirm("orders", "source_tls"), IsOk());
  ASSERT_THAT(Start("orders"), IsOk());
  v1::ListTaskEventsRequest request;
  request.set_name(Name("orders"));
  request.set_only_actions(true);
  request.set_page_size(2);
  std::string told;
  do {
    grpc::ClientContext context;
    v1::ListTaskEventsResponse page;
    ASSERT_TRUE(tasks_->ListTaskEvents(&context, request, &page).ok());
    EXPECT_LE(page.events_size(), 2);
    for (const v1::TaskEvent& event : page.events()) {
      EXPECT_EQ(event.actor(), "127.0.0.1");
      told += event.reason() + " " + event.result() + "\n";
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(told,
            "START OK\nCONFIRM OK\nPRECHECK OK\nSTART FAILED_PRECONDITION\n"
            "CREATE OK\n");
}

TEST_F(InspectionApiTest, LogLinesOfWorkersAreKeptOnce) {
  ASSERT_THAT(Create("orders"), IsOk());
  const auto assignment = AwaitAssignment(
      "w1", [](const coordination_v1::Assignment&) { return true; });
  ASSERT_THAT(assignment, IsOk());
  pb::HeartbeatRequest beat = Beat("w1");
  pb::TaskReport* const report = beat.add_tasks();
  report->set_task_uid(assignment->task_uid());
  report->set_epoch(assignment->epoch());
  report->set_state(pb::RUN_STATE_IDLE);
  for (int number : {1, 2}) {
    pb::ReportedLogLine* const line = report->add_log_lines();
    line->set_number(number);
    line->set_level(number == 1 ? v1::LOG_LEVEL_INFO : v1::LOG_LEVEL_ERROR);
    line->set_message("line " + std::to_string(number));
    line->mutable_time()->set_seconds(1'700'000'000 + number);
  }
  ASSERT_THAT(Send(beat), IsOk());
  ASSERT_THAT(Send(beat), IsOk());  // Repeated.
  v1::ListTaskLogsRequest request;
  request.set_name(Name("orders"));
  {
    grpc::ClientContext context;
    v1::ListTaskLogsResponse lines;
    ASSERT_TRUE(tasks_->ListTaskLogs(&context, request, &lines).ok());
    ASSERT_EQ(lines.lines_size(), 2);
    EXPECT_EQ(lines.lines(0).message(), "line 2");
    EXPECT_EQ(lines.lines(0).worker(), "w1");
    EXPECT_EQ(lines.lines(1).time().seconds(), 1'700'000'001);
  }
  request.set_min_level(v1::LOG_LEVEL_WARNING);
  grpc::ClientContext context;
  v1::ListTaskLogsResponse lines;
  ASSERT_TRUE(tasks_->ListTaskLogs(&context, request, &lines).ok());
  EXPECT_EQ(lines.lines_size(), 1);
}

TEST_F(InspectionApiTest, AWatchThatResumesMissesNoChangeAndNoDeletion) {
  ASSERT_THAT(Create("first"), IsOk());
  ASSERT_THAT(Create("second"), IsOk());
  v1::WatchTaskRequest request;
  request.set_name("projects/shop");
  // Until `count` messages came; the last one's token.
  const auto read = [&](int count) {
    grpc::ClientContext context;
    auto watch = tasks_->WatchTask(&context, request);
    std::vector<v1::WatchTaskResponse> told(static_cast<size_t>(count));
    for (v1::WatchTaskResponse& response : told) {
      EXPECT_TRUE(watch->Read(&response));
    }
    context.TryCancel();
    watch->Finish();
    return told;
  };
  const auto all = read(2);
  // Only what ends a look stands for all of it.
  EXPECT_TRUE(all[0].resume_token().empty());
  ASSERT_FALSE(all[1].resume_token().empty());

  v1::DeleteTaskRequest remove;
  remove.set_name(Name("first"));
  remove.set_force(true);
  ASSERT_THAT(Call(&v1::TaskService::Stub::DeleteTask, tasks_.get(), remove),
              IsOk());
  request.set_resume_token(all[1].resume_token());
  EXPECT_EQ(read(1)[0].deleted_name(), Name("first"));

  request.set_resume_token("nonsense");
  grpc::ClientContext context;
  auto watch = tasks_->WatchTask(&context, request);
  v1::WatchTaskResponse response;
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace binferry::controller
