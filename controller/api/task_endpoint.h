// binferry.v1.TaskService over gRPC.
#ifndef BINFERRY_CONTROLLER_API_TASK_ENDPOINT_H_
#define BINFERRY_CONTROLLER_API_TASK_ENDPOINT_H_

#include <atomic>

#include "binferry/v1/task_service.grpc.pb.h"
#include "common/clock.h"
#include "controller/api/task_service.h"
#include "controller/rpc/call_runner.h"
#include "controller/store/change_feed.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

// Hands each call to TaskService on the runner's threads. Thread-safe.
class TaskEndpoint final : public v1::TaskService::CallbackService {
 public:
  // The pointers must outlive this object and its calls.
  TaskEndpoint(TaskService* service, TaskStore* store, ChangeFeed* feed,
               const CallRunner* runner, const Clock* clock)
      : service_(service),
        store_(store),
        feed_(feed),
        runner_(runner),
        clock_(clock) {}

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
  grpc::ServerWriteReactor<v1::WatchTaskResponse>* WatchTask(
      grpc::CallbackServerContext* context,
      const v1::WatchTaskRequest* request) override;

 private:
  grpc::ServerUnaryReactor* Act(UserAction action,
                                grpc::CallbackServerContext* context,
                                const v1::TaskActionRequest* request,
                                v1::Task* response);

  TaskService* const service_;
  TaskStore* const store_;
  ChangeFeed* const feed_;
  const CallRunner* const runner_;
  const Clock* const clock_;
  std::atomic<int> open_watches_ = 0;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_TASK_ENDPOINT_H_
