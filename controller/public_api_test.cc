// The public API through gRPC on real PostgreSQL.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/grpc_status.h"
#include "common/status_details.h"
#include "common/testing/status_matchers.h"
#include "controller/testing/controller_fixture.h"

namespace binferry::controller {
namespace {

using absl::StatusCode;
using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

class PublicApiTest : public ControllerFixture {
 protected:
  absl::StatusOr<v1::Task> Update(const v1::Task& task,
                                  std::initializer_list<const char*> paths) {
    grpc::ClientContext context;
    v1::UpdateTaskRequest request;
    *request.mutable_task() = task;
    for (const char* path : paths)
      request.mutable_update_mask()->add_paths(path);
    v1::Task response;
    const grpc::Status status =
        tasks_->UpdateTask(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  absl::Status Delete(const std::string& id, bool force,
                      const std::string& etag = "") {
    grpc::ClientContext context;
    v1::DeleteTaskRequest request;
    request.set_name(Name(id));
    request.set_force(force);
    request.set_etag(etag);
    google::protobuf::Empty response;
    return FromGrpcStatus(tasks_->DeleteTask(&context, request, &response));
  }

  using Verb = grpc::Status (v1::TaskService::Stub::*)(
      grpc::ClientContext*, const v1::TaskActionRequest&, v1::Task*);
  absl::StatusOr<v1::Task> Act(Verb verb, const std::string& id,
                               const std::string& etag = "") {
    grpc::ClientContext context;
    v1::TaskActionRequest request;
    request.set_name(Name(id));
    request.set_etag(etag);
    v1::Task response;
    const grpc::Status status =
        (tasks_.get()->*verb)(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  absl::StatusOr<v1::Task> Stop(const std::string& id,
                                const std::string& etag = "") {
    grpc::ClientContext context;
    v1::StopTaskRequest request;
    request.set_name(Name(id));
    request.set_etag(etag);
    v1::Task response;
    const grpc::Status status = tasks_->StopTask(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  absl::StatusOr<v1::Task> Start(const std::string& id) {
    grpc::ClientContext context;
    v1::StartTaskRequest request;
    request.set_name(Name(id));
    v1::Task response;
    const grpc::Status status = tasks_->StartTask(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }

  absl::StatusOr<v1::ListTasksResponse> List(v1::ListTasksRequest request) {
    grpc::ClientContext context;
    if (request.parent().empty()) request.set_parent("projects/shop");
    v1::ListTasksResponse response;
    const grpc::Status status = tasks_->ListTasks(&context, request, &response);
    if (!status.ok()) return FromGrpcStatus(status);
    return response;
  }
};

TEST_F(PublicApiTest, CreatesATaskWithDefaultsAndWithoutSecrets) {
  const auto task = Create("orders");
  ASSERT_THAT(task, IsOk());
  EXPECT_EQ(task->name(), Name("orders"));
  EXPECT_EQ(task->generation(), 1);
  EXPECT_EQ(task->record_format(), v1::RECORD_FORMAT_JSON);
  EXPECT_EQ(task->delivery_mode(), v1::DELIVERY_MODE_EXACTLY_ONCE);
  EXPECT_EQ(task->invalid_text_policy(), v1::INVALID_TEXT_POLICY_STOP);
  EXPECT_EQ(task->unreadable_change_policy(),
            v1::UNREADABLE_CHANGE_POLICY_STOP);
  EXPECT_EQ(task->destination().max_record_bytes(), 1'000'000u);
  EXPECT_EQ(task->status().state(), v1::TASK_STATE_CREATING);
  EXPECT_TRUE(task->source().password_set());
  EXPECT_TRUE(task->destination().password_set());
  const auto read = Get("orders");
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->uid(), task->uid());
  for (const v1::Task& shown : {*task, *read}) {
    EXPECT_THAT(shown.SerializeAsString(), Not(HasSubstr("hunter2")));
  }
  EXPECT_THAT(Create("orders"),
              StatusIs(StatusCode::kAlreadyExists, HasSubstr("orders")));
  EXPECT_THAT(Get("unknown"),
              StatusIs(StatusCode::kNotFound, HasSubstr("unknown")));
}

TEST_F(PublicApiTest, KeepsNoSecretReadableInTheDatabase) {
  ASSERT_THAT(Create("orders"), IsOk());
  v1::Task changed;
  changed.set_name(Name("orders"));
  changed.mutable_source()->set_password("newsecret-hunter2");
  ASSERT_THAT(Update(changed, {"source.password"}), IsOk());
  const auto dump = database_->Dump();
  ASSERT_THAT(dump, IsOk());
  EXPECT_THAT(*dump, HasSubstr("orders"));
  for (const std::string secret : {"hunter2"}) {
    EXPECT_THAT(*dump, Not(HasSubstr(secret)));
    EXPECT_THAT(*dump, Not(HasSubstr(absl::BytesToHexString(secret))));
    EXPECT_THAT(*dump, Not(HasSubstr(absl::Base64Escape(secret))));
  }
}

TEST_F(PublicApiTest, TellsAllViolationsAtOnce) {
  v1::Task task = SampleTask();
  task.mutable_source()->set_port(0);
  task.mutable_source()->clear_host();
  task.mutable_topic_policy()->mutable_specified_topic()->set_name("a/b");
  task.set_description("a<b");
  const auto created = Create("x", task);
  ASSERT_THAT(created, StatusIs(StatusCode::kInvalidArgument));
  const auto violations = DetailsOf(created.status()).field_violations;
  for (const char* field :
       {"task_id", "task.source.port", "task.source.host",
        "task.topic_policy.specified_topic.name", "task.description"}) {
    EXPECT_THAT(violations, Contains(Field(&FieldViolation::field, field)));
  }
}

TEST_F(PublicApiTest, RefusesWhatItDoesNotCarryOut) {
  v1::Task task = SampleTask();
  task.set_delivery_mode(v1::DELIVERY_MODE_AT_LEAST_ONCE);
  task.set_ddl_policy(v1::DDL_POLICY_CARRY);
  const auto created = Create("orders", task);
  ASSERT_THAT(created, StatusIs(StatusCode::kUnimplemented));
  EXPECT_EQ(DetailsOf(created.status()).field_violations.size(), 2u);
  EXPECT_THAT(Get("orders"), StatusIs(StatusCode::kNotFound));
}

TEST_F(PublicApiTest, RepeatsACreateByItsRequestId) {
  v1::CreateTaskRequest request;
  request.set_parent("projects/shop");
  request.set_task_id("orders");
  *request.mutable_task() = SampleTask();
  request.set_request_id("11111111-2222-4333-8444-555555555555");
  std::string uid;
  for (int i = 0; i < 2; ++i) {
    grpc::ClientContext context;
    v1::Task task;
    ASSERT_TRUE(tasks_->CreateTask(&context, request, &task).ok());
    if (i == 0) uid = task.uid();
    EXPECT_EQ(task.uid(), uid);
  }
}

TEST_F(PublicApiTest, OnlyValidatesWhenAskedTo) {
  v1::CreateTaskRequest request;
  request.set_parent("projects/shop");
  request.set_task_id("orders");
  *request.mutable_task() = SampleTask();
  request.set_validate_only(true);
  grpc::ClientContext context;
  v1::Task task;
  ASSERT_TRUE(tasks_->CreateTask(&context, request, &task).ok());
  EXPECT_THAT(task.SerializeAsString(), Not(HasSubstr("hunter2")));
  EXPECT_EQ(task.record_format(), v1::RECORD_FORMAT_JSON);
  EXPECT_THAT(Get("orders"), StatusIs(StatusCode::kNotFound));
}

TEST_F(PublicApiTest, UpdatesWhatTheMaskNamesAndKeepsPasswords) {
  ASSERT_THAT(Create("orders"), IsOk());
  v1::Task change;
  change.set_name(Name("orders"));
  change.set_description("new");
  change.mutable_source()->set_host("ignored");
  const auto updated = Update(change, {"description"});
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->description(), "new");
  EXPECT_EQ(updated->source().host(), "db.example");
  EXPECT_TRUE(updated->source().password_set());
  EXPECT_EQ(updated->generation(), 2);
}

TEST_F(PublicApiTest, ChangesPoliciesWithANewGeneration) {
  v1::Task change = *Create("orders");
  change.set_invalid_text_policy(v1::INVALID_TEXT_POLICY_REPLACE);
  change.set_unreadable_change_policy(v1::UNREADABLE_CHANGE_POLICY_ALERT);
  const auto updated = Update(change, {"unreadable_change_policy"});
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->generation(), 2);
  EXPECT_EQ(updated->invalid_text_policy(), v1::INVALID_TEXT_POLICY_STOP);
  EXPECT_EQ(updated->unreadable_change_policy(),
            v1::UNREADABLE_CHANGE_POLICY_ALERT);
}

TEST_F(PublicApiTest, RefusesToChangeWhatIsImmutable) {
  ASSERT_THAT(Create("orders"), IsOk());
  v1::Task change;
  change.set_name(Name("orders"));
  change.set_synchronization_mode(
      v1::SYNCHRONIZATION_MODE_FULL_AND_INCREMENTAL);
  EXPECT_THAT(Update(change, {"synchronization_mode"}),
              StatusIs(StatusCode::kInvalidArgument,
                       HasSubstr("task.synchronization_mode")));
  EXPECT_THAT(Update(change, {"uid"}), StatusIs(StatusCode::kInvalidArgument));
  EXPECT_THAT(Update(change, {}), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(PublicApiTest, ComparesEtags) {
  const auto task = Create("orders");
  ASSERT_THAT(task, IsOk());
  v1::Task change;
  change.set_name(Name("orders"));
  change.set_etag(task->etag());
  change.set_description("first");
  ASSERT_THAT(Update(change, {"description"}), IsOk());
  const auto second = Update(change, {"description"});
  ASSERT_THAT(second, StatusIs(StatusCode::kAborted));
  EXPECT_EQ(DetailsOf(second.status()).reason, "ETAG_MISMATCH");
  EXPECT_THAT(Stop("orders", task->etag()), StatusIs(StatusCode::kAborted));
  EXPECT_THAT(Delete("orders", true, task->etag()),
              StatusIs(StatusCode::kAborted));
}

TEST_F(PublicApiTest, SaysWhichActionsAreAllowed) {
  const auto task = Create("orders");
  ASSERT_THAT(task, IsOk());
  const auto resumed = Act(&v1::TaskService::Stub::ResumeTask, "orders");
  ASSERT_THAT(resumed,
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("CREATING")));
  const StatusDetails details = DetailsOf(resumed.status());
  EXPECT_EQ(details.reason, "ACTION_NOT_ALLOWED");
  ASSERT_EQ(details.precondition_violations.size(), 1u);
  EXPECT_EQ(details.precondition_violations[0].subject, Name("orders"));
  EXPECT_THAT(Delete("orders", false),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(PublicApiTest, DeletesByForceAndStartsFreshUnderTheSameName) {
  const auto first = Create("orders");
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(Delete("orders", true), IsOk());
  EXPECT_THAT(Get("orders"), StatusIs(StatusCode::kNotFound));
  const auto second = Create("orders");
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(first->uid(), second->uid());
}

TEST_F(PublicApiTest, ListsByPagesAndFilters) {
  for (int i = 0; i < 5; ++i) {
    v1::Task task = SampleTask();
    (*task.mutable_tags())["n"] = absl::StrCat(i % 2);
    ASSERT_THAT(Create(absl::StrCat("task", i), task), IsOk());
  }
  v1::ListTasksRequest request;
  request.set_page_size(2);
  std::vector<std::string> names;
  int pages = 0;
  while (true) {
    const auto page = List(request);
    ASSERT_THAT(page, IsOk());
    ++pages;
    for (const v1::Task& task : page->tasks()) {
      names.push_back(task.name());
      EXPECT_FALSE(task.has_objects());
    }
    if (page->next_page_token().empty()) break;
    request.set_page_token(page->next_page_token());
  }
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(names, ElementsAre(Name("task0"), Name("task1"), Name("task2"),
                                 Name("task3"), Name("task4")));
  request.set_id_contains("task");
  EXPECT_THAT(List(request),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("page_token")));

  v1::ListTasksRequest by_tag;
  (*by_tag.mutable_tags())["n"] = "1";
  EXPECT_EQ(List(by_tag)->tasks_size(), 2);
  v1::ListTasksRequest by_id;
  by_id.set_id_contains("k3");
  by_id.set_view(v1::TASK_VIEW_FULL);
  ASSERT_EQ(List(by_id)->tasks_size(), 1);
  EXPECT_EQ(List(by_id)->tasks(0).objects().databases_size(), 1);
  v1::ListTasksRequest by_state;
  by_state.add_states(v1::TASK_STATE_PAUSED);
  EXPECT_EQ(List(by_state)->tasks_size(), 0);
  v1::ListTasksRequest all;
  all.set_parent("projects/-");
  EXPECT_EQ(List(all)->tasks_size(), 5);
  v1::ListTasksRequest bad;
  bad.set_page_size(1001);
  EXPECT_THAT(List(bad), StatusIs(StatusCode::kInvalidArgument));
}

TEST_F(PublicApiTest, WatchesATaskUntilItIsGone) {
  ASSERT_THAT(Create("orders"), IsOk());
  grpc::ClientContext context;
  v1::WatchTaskRequest request;
  request.set_name(Name("orders"));
  const auto reader = tasks_->WatchTask(&context, request);
  v1::WatchTaskResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.task().name(), Name("orders"));
  v1::Task change;
  change.set_name(Name("orders"));
  change.set_description("seen");
  ASSERT_THAT(Update(change, {"description"}), IsOk());
  do {
    ASSERT_TRUE(reader->Read(&response));
  } while (response.task().description() != "seen");
  ASSERT_THAT(Delete("orders", true), IsOk());
  do {
    ASSERT_TRUE(reader->Read(&response));
  } while (response.has_task());
  EXPECT_EQ(response.deleted_name(), Name("orders"));
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(PublicApiTest, WatchesAProject) {
  ASSERT_THAT(Create("task1"), IsOk());
  grpc::ClientContext context;
  v1::WatchTaskRequest request;
  request.set_name("projects/shop");
  const auto reader = tasks_->WatchTask(&context, request);
  v1::WatchTaskResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.task().name(), Name("task1"));
  ASSERT_THAT(Create("task2"), IsOk());
  do {
    ASSERT_TRUE(reader->Read(&response));
  } while (response.task().name() != Name("task2"));
  ASSERT_THAT(Delete("task1", true), IsOk());
  do {
    ASSERT_TRUE(reader->Read(&response));
  } while (response.deleted_name() != Name("task1"));
  context.TryCancel();
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(PublicApiTest, EndsWatchesWithTheController) {
  ASSERT_THAT(Create("orders"), IsOk());
  grpc::ClientContext context;
  v1::WatchTaskRequest request;
  request.set_name(Name("orders"));
  const auto reader = tasks_->WatchTask(&context, request);
  v1::WatchTaskResponse response;
  ASSERT_TRUE(reader->Read(&response));
  const absl::Time before = absl::Now();
  controller_->Stop();
  EXPECT_LT(absl::Now() - before, absl::Seconds(4));
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(PublicApiTest, RefusesToWatchWhatIsNotThere) {
  grpc::ClientContext context;
  v1::WatchTaskRequest request;
  request.set_name(Name("unknown"));
  const auto reader = tasks_->WatchTask(&context, request);
  v1::WatchTaskResponse response;
  EXPECT_FALSE(reader->Read(&response));
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(PublicApiTest, AnswersUnavailableAtOnceWhilePostgresqlIsAway) {
  ASSERT_THAT(Create("orders"), IsOk());
  ASSERT_THAT(database_->TakeAway(), IsOk());
  const absl::Time before = absl::Now();
  EXPECT_THAT(Get("orders"), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(Send(Beat("w1")), StatusIs(StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - before, absl::Seconds(5));
  ASSERT_THAT(database_->BringBack(), IsOk());
  EXPECT_TRUE(Eventually([this] { return Get("orders").ok(); }));
}

TEST_F(PublicApiTest, RunsATaskThroughItsLife) {
  ASSERT_THAT(Create("orders"), IsOk());
  const auto reserved = AwaitAssignment("w1", [](const auto& assignment) {
    return assignment.purpose() == coordination_v1::PURPOSE_RESERVE;
  });
  ASSERT_THAT(reserved, IsOk());
  ASSERT_TRUE(Eventually([this] {
    return Get("orders")->status().state() == v1::TASK_STATE_CONFIGURATION;
  }));
  const auto refused = Start("orders");
  EXPECT_THAT(refused, StatusIs(StatusCode::kFailedPrecondition,
                                HasSubstr("no precheck was made")));
  EXPECT_EQ(DetailsOf(refused.status()).reason, "PRECHECK_NOT_READY");
  MakeReady();
  const auto started = Start("orders");
  ASSERT_THAT(started, IsOk());
  const auto running = AwaitAssignment("w1", [](const auto& assignment) {
    return assignment.purpose() == coordination_v1::PURPOSE_RUN;
  });
  ASSERT_THAT(running, IsOk());
  const auto report = [&](coordination_v1::RunState state) {
    coordination_v1::HeartbeatRequest beat = Beat("w1");
    coordination_v1::TaskReport* task = beat.add_tasks();
    task->set_task_uid(started->uid());
    task->set_epoch(running->epoch());
    task->set_generation(running->generation());
    task->set_state(state);
    task->set_lag_ms(250);
    task->set_start_position_committed(true);
    task->mutable_position()->mutable_coordinates()->set_file("binlog.000007");
    task->mutable_position()->mutable_coordinates()->set_position(4);
    task->mutable_counters()->set_records(12);
    return Send(beat);
  };
  const auto await_state = [&](v1::TaskState state,
                               coordination_v1::RunState reported) {
    return Eventually([&] {
      EXPECT_THAT(report(reported), IsOk());
      return Get("orders")->status().state() == state;
    });
  };
  ASSERT_TRUE(await_state(v1::TASK_STATE_INCREMENTAL_SYNC,
                          coordination_v1::RUN_STATE_RUNNING));
  const v1::Task task = *Get("orders");
  EXPECT_EQ(task.status().worker(), "workers/w1");
  EXPECT_EQ(task.status().lag().nanos(), 250'000'000);
  EXPECT_EQ(task.status().position().coordinates().file(), "binlog.000007");
  EXPECT_EQ(task.status().counters().records(), 12u);
  EXPECT_GT(task.status().recent_events_size(), 0);

  ASSERT_THAT(Act(&v1::TaskService::Stub::PauseTask, "orders"), IsOk());
  ASSERT_TRUE(
      await_state(v1::TASK_STATE_PAUSED, coordination_v1::RUN_STATE_IDLE));
  EXPECT_FALSE(Get("orders")->status().has_lag());
  ASSERT_THAT(Act(&v1::TaskService::Stub::ResumeTask, "orders"), IsOk());
  ASSERT_TRUE(await_state(v1::TASK_STATE_INCREMENTAL_SYNC,
                          coordination_v1::RUN_STATE_RUNNING));
  ASSERT_THAT(Stop("orders"), IsOk());
  ASSERT_TRUE(await_state(v1::TASK_STATE_COMPLETED,
                          coordination_v1::RUN_STATE_FINISHED));
  EXPECT_THAT(Delete("orders", false), IsOk());
}

TEST_F(PublicApiTest, ShowsWorkers) {
  ASSERT_THAT(Send(Beat("w1")), IsOk());
  ASSERT_THAT(Send(Beat("w2")), IsOk());
  grpc::ClientContext list_context;
  v1::ListWorkersRequest list;
  list.set_page_size(1);
  v1::ListWorkersResponse page;
  ASSERT_TRUE(workers_->ListWorkers(&list_context, list, &page).ok());
  ASSERT_EQ(page.workers_size(), 1);
  EXPECT_EQ(page.workers(0).name(), "workers/w1");
  EXPECT_EQ(page.workers(0).state(), v1::WORKER_STATE_READY);
  EXPECT_FALSE(page.next_page_token().empty());
  grpc::ClientContext get_context;
  v1::GetWorkerRequest get;
  get.set_name("workers/none");
  v1::Worker worker;
  EXPECT_EQ(workers_->GetWorker(&get_context, get, &worker).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace binferry::controller
