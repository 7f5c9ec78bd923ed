// binferry.v1.TaskService over gRPC.
#ifndef BINFERRY_CONTROLLER_API_TASK_ENDPOINT_H_
#define BINFERRY_CONTROLLER_API_TASK_ENDPOINT_H_

#include <atomic>
#include <string>

#include "binferry/v1/task_service.grpc.pb.h"
#include "common/clock.h"
#include "controller/api/action_log.h"
#include "controller/api/task_history.h"
#include "controller/api/task_service.h"
#include "controller/rpc/call_runner.h"
#include "controller/store/change_feed.h"
#include "controller/store/history_store.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

// Hands each call to TaskService on the runner's threads. Thread-safe.
class TaskEndpoint final : public v1::TaskService::CallbackService {
 public:
  // All must outlive the endpoint and its calls.
  struct Services {
    TaskService* tasks = nullptr;
    TaskHistory* history = nullptr;
    ActionLog* actions = nullptr;
    // For watches.
    TaskStore* store = nullptr;
    HistoryStore* changes = nullptr;
    ChangeFeed* feed = nullptr;
    const CallRunner* runner = nullptr;
    const Clock* clock = nullptr;
  };
  explicit TaskEndpoint(const Services& services) : services_(services) {}

  grpc::ServerUnaryReactor* CreateTask(grpc::CallbackServerContext* context,
                                       const v1::CreateTaskRequest* request,
                                       v1::Task* response) override;
  grpc::ServerUnaryReactor* GetTask(grpc::CallbackServerContext* context,
                                    const v1::GetTaskRequest* request,
                                    v1::Task* response) override;
  grpc::ServerUnaryReactor* ListTasks(grpc::CallbackServerContext* context,
                                      const v1::ListTasksRequest* request,
                                      v1::ListTasksResponse* response) override;
  grpc::ServerUnaryReactor* UpdateTask(grpc::CallbackServerContext* context,
                                       const v1::UpdateTaskRequest* request,
                                       v1::Task* response) override;
  grpc::ServerUnaryReactor* DeleteTask(
      grpc::CallbackServerContext* context,
      const v1::DeleteTaskRequest* request,
      google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* CloneTask(grpc::CallbackServerContext* context,
                                      const v1::CloneTaskRequest* request,
                                      v1::Task* response) override;
  grpc::ServerUnaryReactor* StartTask(grpc::CallbackServerContext* context,
                                      const v1::StartTaskRequest* request,
                                      v1::Task* response) override;
  grpc::ServerUnaryReactor* PauseTask(grpc::CallbackServerContext* context,
                                      const v1::TaskActionRequest* request,
                                      v1::Task* response) override;
  grpc::ServerUnaryReactor* ResumeTask(grpc::CallbackServerContext* context,
                                       const v1::TaskActionRequest* request,
                                       v1::Task* response) override;
  grpc::ServerUnaryReactor* StopTask(grpc::CallbackServerContext* context,
                                     const v1::StopTaskRequest* request,
                                     v1::Task* response) override;
  grpc::ServerUnaryReactor* ResetTask(grpc::CallbackServerContext* context,
                                      const v1::ResetTaskRequest* request,
                                      v1::Task* response) override;
  grpc::ServerUnaryReactor* BatchTaskAction(
      grpc::CallbackServerContext* context,
      const v1::BatchTaskActionRequest* request,
      v1::BatchTaskActionResponse* response) override;
  grpc::ServerUnaryReactor* RetryTask(grpc::CallbackServerContext* context,
                                      const v1::TaskActionRequest* request,
                                      v1::Task* response) override;
  grpc::ServerUnaryReactor* ListTaskEvents(
      grpc::CallbackServerContext* context,
      const v1::ListTaskEventsRequest* request,
      v1::ListTaskEventsResponse* response) override;
  grpc::ServerUnaryReactor* ListTaskLogs(
      grpc::CallbackServerContext* context,
      const v1::ListTaskLogsRequest* request,
      v1::ListTaskLogsResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchTaskResponse>* WatchTask(
      grpc::CallbackServerContext* context,
      const v1::WatchTaskRequest* request) override;

 private:
  // Carries out `body` and writes down what came of it; `action` lacks the
  // caller.
  template <typename Request, typename Response, typename Body>
  grpc::ServerUnaryReactor* Recorded(grpc::CallbackServerContext* context,
                                     const Request* request, Response* response,
                                     ActionLog::Action action, Body body);
  void RecordBatch(const v1::BatchTaskActionRequest& request,
                   const v1::BatchTaskActionResponse& response,
                   const std::string& caller);
  grpc::ServerUnaryReactor* Act(UserAction action,
                                grpc::CallbackServerContext* context,
                                const v1::TaskActionRequest* request,
                                v1::Task* response);

  const Services services_;
  std::atomic<int> open_watches_ = 0;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_TASK_ENDPOINT_H_
