#include "cli/testing/command_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/commands/command.h"
#include "common/grpc_status.h"

namespace binferry::cli {

grpc::Status FakeTaskService::CreateTask(grpc::ServerContext*,
                                         const v1::CreateTaskRequest* request,
                                         v1::Task* task) {
  created = *request;
  *task = request->task();
  task->set_name(
      absl::StrCat(request->parent(), "/tasks/", request->task_id()));
  return ToGrpcStatus(refusal);
}

grpc::Status FakeTaskService::GetTask(grpc::ServerContext*,
                                      const v1::GetTaskRequest* request,
                                      v1::Task* task) {
  if (request->name() != answer.name()) {
    return {grpc::StatusCode::NOT_FOUND, "no task " + request->name()};
  }
  *task = answer;
  return grpc::Status::OK;
}

grpc::Status FakeTaskService::ListTasks(grpc::ServerContext*,
                                        const v1::ListTasksRequest* request,
                                        v1::ListTasksResponse* response) {
  listed = *request;
  *response->add_tasks() = answer;
  if (request->page_token().empty()) response->set_next_page_token("2");
  return grpc::Status::OK;
}

grpc::Status FakeTaskService::UpdateTask(grpc::ServerContext*,
                                         const v1::UpdateTaskRequest* request,
                                         v1::Task* task) {
  updated = *request;
  *task = request->task();
  return grpc::Status::OK;
}

grpc::Status FakeTaskService::CloneTask(grpc::ServerContext*,
                                        const v1::CloneTaskRequest* request,
                                        v1::Task* task) {
  cloned = *request;
  task->set_name("projects/default/tasks/" + request->task_id());
  return ToGrpcStatus(refusal);
}

grpc::Status FakeTaskService::StartTask(grpc::ServerContext*,
                                        const v1::StartTaskRequest* request,
                                        v1::Task* task) {
  started = *request;
  task->set_name(request->name());
  return ToGrpcStatus(refusal);
}

grpc::Status FakeTaskService::PauseTask(grpc::ServerContext*,
                                        const v1::TaskActionRequest* request,
                                        v1::Task* task) {
  task->set_name(request->name());
  return ToGrpcStatus(refusal);
}

grpc::Status FakeTaskService::StopTask(grpc::ServerContext*,
                                       const v1::StopTaskRequest* request,
                                       v1::Task* task) {
  stopped = *request;
  task->set_name(request->name());
  return ToGrpcStatus(refusal);
}

grpc::Status FakeTaskService::ResetTask(grpc::ServerContext*,
                                        const v1::ResetTaskRequest* request,
                                        v1::Task* task) {
  reset = *request;
  task->set_name(request->name());
  return ToGrpcStatus(refusal);
}

grpc::Status FakeTaskService::BatchTaskAction(
    grpc::ServerContext*, const v1::BatchTaskActionRequest* request,
    v1::BatchTaskActionResponse* response) {
  batch = *request;
  for (const std::string& name : request->names()) {
    v1::BatchTaskResult* const result = response->add_results();
    result->set_name(name);
    const bool is_bad = absl::StrContains(name, "bad");
    result->set_code(is_bad ? "FAILED_PRECONDITION" : "OK");
    if (is_bad) result->set_message("is in state CREATING");
  }
  return ToGrpcStatus(refusal);
}

grpc::Status FakeTaskService::ListTaskEvents(
    grpc::ServerContext*, const v1::ListTaskEventsRequest* request,
    v1::ListTaskEventsResponse* response) {
  int left = 3;
  if (!request->page_token().empty() &&
      !absl::SimpleAtoi(request->page_token(), &left)) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "page_token"};
  }
  v1::TaskEvent* const event = response->add_events();
  event->set_message(absl::StrCat("e", left));
  event->set_reason("START");
  event->set_actor("10.0.0.1");
  event->set_result("OK");
  if (left > 1) response->set_next_page_token(absl::StrCat(left - 1));
  return grpc::Status::OK;
}

grpc::Status FakeTaskService::ListTaskLogs(
    grpc::ServerContext*, const v1::ListTaskLogsRequest* request,
    v1::ListTaskLogsResponse* response) {
  logged = *request;
  v1::TaskLogLine* const line = response->add_lines();
  line->set_level(v1::LOG_LEVEL_WARNING);
  line->set_message("lost connection");
  line->set_worker("w1");
  return grpc::Status::OK;
}

grpc::Status FakeTaskService::WatchTask(
    grpc::ServerContext*, const v1::WatchTaskRequest* request,
    grpc::ServerWriter<v1::WatchTaskResponse>* writer) {
  watched.push_back(*request);
  if (watches.empty()) return grpc::Status::OK;
  const Watch& watch = watches[std::min(watched.size(), watches.size()) - 1];
  for (const v1::TaskState state : watch.states) {
    v1::WatchTaskResponse change;
    *change.mutable_task() = answer;
    change.mutable_task()->mutable_status()->set_state(state);
    change.set_resume_token(absl::StrCat("after ", v1::TaskState_Name(state)));
    writer->Write(change);
  }
  return watch.status;
}

grpc::Status FakeInspectionService::TestConnection(
    grpc::ServerContext*, const v1::TestConnectionRequest* request,
    v1::ConnectionTest* response) {
  tested.push_back(request->endpoint());
  *response = tests[request->endpoint()];
  response->set_endpoint(request->endpoint());
  return ToGrpcStatus(refusal);
}

grpc::Status FakeInspectionService::ListTables(
    grpc::ServerContext*, const v1::ListTablesRequest* request,
    v1::ListTablesResponse* response) {
  listed_tables = *request;
  v1::SourceTable* const table = response->add_tables();
  table->set_engine("InnoDB");
  table->set_name(request->page_token().empty() ? "page1" : "page2");
  if (request->page_token().empty()) response->set_next_page_token("2");
  return ToGrpcStatus(refusal);
}

grpc::Status FakeInspectionService::ListDatabases(
    grpc::ServerContext*, const v1::ListDatabasesRequest*,
    v1::ListDatabasesResponse* response) {
  v1::SourceDatabase* const database = response->add_databases();
  database->set_name("mysql");
  database->set_not_selectable_reason("it is a system schema");
  return ToGrpcStatus(refusal);
}

grpc::Status FakeInspectionService::ListColumns(
    grpc::ServerContext*, const v1::ListColumnsRequest* request,
    v1::ListColumnsResponse* response) {
  v1::SourceColumn* const column = response->add_columns();
  column->set_name(absl::StrCat(request->database(), ".", request->table()));
  column->set_type("int unsigned");
  column->set_key_ordinal(1);
  return ToGrpcStatus(refusal);
}

grpc::Status FakeInspectionService::ListTopics(
    grpc::ServerContext*, const v1::ListTopicsRequest*,
    v1::ListTopicsResponse* response) {
  v1::DestinationTopic* const topic = response->add_topics();
  topic->set_name("changes");
  topic->set_partitions(12);
  return ToGrpcStatus(refusal);
}

grpc::Status FakeInspectionService::GetSourcePosition(
    grpc::ServerContext*, const v1::GetSourcePositionRequest*,
    v1::SourcePosition* response) {
  response->mutable_position()->mutable_coordinates()->set_file("binlog.7");
  response->mutable_position()->mutable_coordinates()->set_position(157);
  response->set_oldest_file("binlog.3");
  return ToGrpcStatus(refusal);
}

grpc::Status FakeInspectionService::RunPrecheck(grpc::ServerContext*,
                                                const v1::RunPrecheckRequest*,
                                                v1::Precheck* response) {
  ++prechecks_run;
  *response = precheck;
  return ToGrpcStatus(refusal);
}

grpc::Status FakeInspectionService::GetPrecheck(grpc::ServerContext*,
                                                const v1::GetPrecheckRequest*,
                                                v1::Precheck* response) {
  *response = precheck;
  return ToGrpcStatus(no_precheck);
}

grpc::Status FakeInspectionService::ConfirmPrecheck(
    grpc::ServerContext*, const v1::ConfirmPrecheckRequest* request,
    v1::Precheck* response) {
  bool ready = true;
  for (v1::PrecheckItem& item : *precheck.mutable_items()) {
    if (std::find(request->item_ids().begin(), request->item_ids().end(),
                  item.id()) != request->item_ids().end()) {
      item.set_confirmed(true);
      item.set_confirmed_by("alice");
    }
    ready = ready &&
            (item.result() == v1::PRECHECK_RESULT_PASSED || item.confirmed());
  }
  precheck.set_ready(ready);
  *response = precheck;
  return ToGrpcStatus(refusal);
}

CommandFixture::CommandFixture() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                           &port_);
  builder.RegisterService(&tasks_);
  builder.RegisterService(&inspections_);
  server_ = builder.BuildAndStart();
  tasks_.answer.set_name("projects/default/tasks/orders");
  tasks_.answer.mutable_status()->set_state(v1::TASK_STATE_INCREMENTAL_SYNC);
}

int CommandFixture::Run(std::vector<std::string> words) {
  out_.str("");
  err_.str("");
  words.insert(words.begin(), {"binferry", "--insecure-dev", "--server",
                               absl::StrCat("127.0.0.1:", port_)});
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  Session session(&out_, &err_, RealSecretSources());
  return RunCommandLine(static_cast<int>(argv.size()), argv.data(), &session);
}

std::string CommandFixture::Write(const std::string& text) {
  const std::string path = absl::StrCat(
      testing::TempDir(), "/",
      testing::UnitTest::GetInstance()->current_test_info()->name(), getpid(),
      ".task.yaml");
  std::ofstream(path) << text;
  return path;
}

}  // namespace binferry::cli
