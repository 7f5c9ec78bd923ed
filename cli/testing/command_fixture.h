// The command over a server inside the test.
#ifndef BINFERRY_CLI_TESTING_COMMAND_FIXTURE_H_
#define BINFERRY_CLI_TESTING_COMMAND_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "binferry/v1/inspection_service.grpc.pb.h"
#include "binferry/v1/task_service.grpc.pb.h"

namespace binferry::cli {

// Remembers what it was asked, answers what the test says.
class FakeTaskService : public v1::TaskService::Service {
 public:
  grpc::Status CreateTask(grpc::ServerContext*,
                          const v1::CreateTaskRequest* request,
                          v1::Task* task) override;
  grpc::Status GetTask(grpc::ServerContext*, const v1::GetTaskRequest* request,
                       v1::Task* task) override;
  // Two pages of `answer`.
  grpc::Status ListTasks(grpc::ServerContext*,
                         const v1::ListTasksRequest* request,
                         v1::ListTasksResponse* response) override;
  grpc::Status UpdateTask(grpc::ServerContext*,
                          const v1::UpdateTaskRequest* request,
                          v1::Task* task) override;
  grpc::Status CloneTask(grpc::ServerContext*,
                         const v1::CloneTaskRequest* request,
                         v1::Task* task) override;
  grpc::Status StartTask(grpc::ServerContext*,
                         const v1::StartTaskRequest* request,
                         v1::Task* task) override;
  grpc::Status PauseTask(grpc::ServerContext*,
                         const v1::TaskActionRequest* request,
                         v1::Task* task) override;
  grpc::Status StopTask(grpc::ServerContext*,
                        const v1::StopTaskRequest* request,
                        v1::Task* task) override;
  grpc::Status ResetTask(grpc::ServerContext*,
                         const v1::ResetTaskRequest* request,
                         v1::Task* task) override;
  // "OK" for each name but those that hold "bad".
  grpc::Status BatchTaskAction(grpc::ServerContext*,
                               const v1::BatchTaskActionRequest* request,
                               v1::BatchTaskActionResponse* response) override;
  // Pages of one, of the newest first: "e3", "e2", "e1".
  grpc::Status ListTaskEvents(grpc::ServerContext*,
                              const v1::ListTaskEventsRequest* request,
                              v1::ListTaskEventsResponse* response) override;
  grpc::Status ListTaskLogs(grpc::ServerContext*,
                            const v1::ListTaskLogsRequest* request,
                            v1::ListTaskLogsResponse* response) override;
  // A change for each of the next element of `watches`, then its status.
  grpc::Status WatchTask(
      grpc::ServerContext*, const v1::WatchTaskRequest* request,
      grpc::ServerWriter<v1::WatchTaskResponse>* writer) override;

  struct Watch {
    std::vector<v1::TaskState> states = {};
    grpc::Status status = {};
  };

  v1::CreateTaskRequest created;
  v1::ListTasksRequest listed;
  v1::UpdateTaskRequest updated;
  v1::CloneTaskRequest cloned;
  v1::StartTaskRequest started;
  v1::StopTaskRequest stopped;
  v1::ResetTaskRequest reset;
  v1::BatchTaskActionRequest batch;
  v1::ListTaskLogsRequest logged;
  std::vector<v1::WatchTaskRequest> watched;
  v1::Task answer;
  absl::Status refusal;
  // The last one answers all later calls.
  std::vector<Watch> watches;
};

// The same for questions to a worker.
class FakeInspectionService : public v1::InspectionService::Service {
 public:
  grpc::Status TestConnection(grpc::ServerContext*,
                              const v1::TestConnectionRequest* request,
                              v1::ConnectionTest* response) override;
  // Two pages: "page1", "page2".
  grpc::Status ListTables(grpc::ServerContext*,
                          const v1::ListTablesRequest* request,
                          v1::ListTablesResponse* response) override;
  grpc::Status ListDatabases(grpc::ServerContext*,
                             const v1::ListDatabasesRequest* request,
                             v1::ListDatabasesResponse* response) override;
  grpc::Status ListColumns(grpc::ServerContext*,
                           const v1::ListColumnsRequest* request,
                           v1::ListColumnsResponse* response) override;
  grpc::Status ListTopics(grpc::ServerContext*,
                          const v1::ListTopicsRequest* request,
                          v1::ListTopicsResponse* response) override;
  grpc::Status GetSourcePosition(grpc::ServerContext*,
                                 const v1::GetSourcePositionRequest* request,
                                 v1::SourcePosition* response) override;
  grpc::Status RunPrecheck(grpc::ServerContext*,
                           const v1::RunPrecheckRequest* request,
                           v1::Precheck* response) override;
  grpc::Status GetPrecheck(grpc::ServerContext*,
                           const v1::GetPrecheckRequest* request,
                           v1::Precheck* response) override;
  // Confirms the items that it is told; ready when that was all.
  grpc::Status ConfirmPrecheck(grpc::ServerContext*,
                               const v1::ConfirmPrecheckRequest* request,
                               v1::Precheck* response) override;

  std::vector<v1::Endpoint> tested;
  std::map<v1::Endpoint, v1::ConnectionTest> tests;
  v1::ListTablesRequest listed_tables;
  v1::Precheck precheck;
  absl::Status no_precheck;  // What Get says in place of `precheck`.
  int prechecks_run = 0;
  absl::Status refusal;
};

class CommandFixture : public testing::Test {
 protected:
  CommandFixture();

  // Runs `binferry WORDS...`; its exit code. What it wrote is in out_ and err_.
  int Run(std::vector<std::string> words);

  // A file of `text` that no other case has.
  std::string Write(const std::string& text);

  FakeTaskService tasks_;
  FakeInspectionService inspections_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::ostringstream out_;
  std::ostringstream err_;
};

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_TESTING_COMMAND_FIXTURE_H_
