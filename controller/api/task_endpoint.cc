#include "controller/api/task_endpoint.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/resource_name.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/api/request_fields.h"
#include "controller/api/task_watch.h"

namespace binferry::controller {
namespace {

absl::StatusOr<TaskWatch::Target> TargetOf(
    const v1::WatchTaskRequest& request) {
  TaskWatch::Target target;
  BINFERRY_ASSIGN_OR_RETURN(target.view,
                            ViewFromProto(request.view(), TaskView::kBasic));
  if (absl::StrContains(request.name(), "/tasks")) {
    BINFERRY_ASSIGN_OR_RETURN(const TaskKey key,
                              TaskKeyOf(request.name(), "name"));
    target.project = key.project;
    target.task_id = key.task_id;
    return target;
  }
  const absl::StatusOr<ProjectName> project = ParseProjectName(request.name());
  if (!project.ok()) {
    return InvalidFieldError(
        "name", absl::StrCat(project.status().message(),
                             " or projects/{project}/tasks/{task}"));
  }
  target.project = project->project;
  return target;
}

// A watch that ends before it began.
class RefusedWatch : public grpc::ServerWriteReactor<v1::WatchTaskResponse> {
 public:
  explicit RefusedWatch(const absl::Status& status) {
    Finish(ToGrpcStatus(status));
  }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerUnaryReactor* TaskEndpoint::CreateTask(
    grpc::CallbackServerContext* context, const v1::CreateTaskRequest* request,
    v1::Task* response) {
  return runner_->Unary(
      context, request, response,
      [this](const v1::CreateTaskRequest& r) { return service_->Create(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::GetTask(
    grpc::CallbackServerContext* context, const v1::GetTaskRequest* request,
    v1::Task* response) {
  return runner_->Unary(
      context, request, response,
      [this](const v1::GetTaskRequest& r) { return service_->Get(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::ListTasks(
    grpc::CallbackServerContext* context, const v1::ListTasksRequest* request,
    v1::ListTasksResponse* response) {
  return runner_->Unary(
      context, request, response,
      [this](const v1::ListTasksRequest& r) { return service_->List(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::UpdateTask(
    grpc::CallbackServerContext* context, const v1::UpdateTaskRequest* request,
    v1::Task* response) {
  return runner_->Unary(
      context, request, response,
      [this](const v1::UpdateTaskRequest& r) { return service_->Update(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::DeleteTask(
    grpc::CallbackServerContext* context, const v1::DeleteTaskRequest* request,
    google::protobuf::Empty* response) {
  return runner_->Unary(
      context, request, response,
      [this](const v1::DeleteTaskRequest& r) { return service_->Delete(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::StartTask(
    grpc::CallbackServerContext* context, const v1::StartTaskRequest* request,
    v1::Task* response) {
  return runner_->Unary(
      context, request, response,
      [this](const v1::StartTaskRequest& r) { return service_->Start(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::Act(
    UserAction action, grpc::CallbackServerContext* context,
    const v1::TaskActionRequest* request, v1::Task* response) {
  return runner_->Unary(context, request, response,
                        [this, action](const v1::TaskActionRequest& r) {
                          return service_->Act(action, r);
                        });
}

grpc::ServerUnaryReactor* TaskEndpoint::PauseTask(
    grpc::CallbackServerContext* context, const v1::TaskActionRequest* request,
    v1::Task* response) {
  return Act(UserAction::kPause, context, request, response);
}

grpc::ServerUnaryReactor* TaskEndpoint::ResumeTask(
    grpc::CallbackServerContext* context, const v1::TaskActionRequest* request,
    v1::Task* response) {
  return Act(UserAction::kResume, context, request, response);
}

grpc::ServerUnaryReactor* TaskEndpoint::StopTask(
    grpc::CallbackServerContext* context, const v1::StopTaskRequest* request,
    v1::Task* response) {
  return runner_->Unary(
      context, request, response,
      [this](const v1::StopTaskRequest& r) { return service_->Stop(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::ResetTask(
    grpc::CallbackServerContext* context, const v1::ResetTaskRequest* request,
    v1::Task* response) {
  return runner_->Unary(
      context, request, response,
      [this](const v1::ResetTaskRequest& r) { return service_->Reset(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::BatchTaskAction(
    grpc::CallbackServerContext* context,
    const v1::BatchTaskActionRequest* request,
    v1::BatchTaskActionResponse* response) {
  return runner_->Unary(context, request, response,
                        [this](const v1::BatchTaskActionRequest& r) {
                          return service_->ActOnMany(r);
                        });
}

grpc::ServerUnaryReactor* TaskEndpoint::RetryTask(
    grpc::CallbackServerContext* context, const v1::TaskActionRequest* request,
    v1::Task* response) {
  return Act(UserAction::kRetry, context, request, response);
}

grpc::ServerWriteReactor<v1::WatchTaskResponse>* TaskEndpoint::WatchTask(
    grpc::CallbackServerContext* /*context*/,
    const v1::WatchTaskRequest* request) {
  absl::Status refused = runner_->readiness()->Check();
  const absl::StatusOr<TaskWatch::Target> target = TargetOf(*request);
  if (refused.ok()) refused = target.status();
  if (!refused.ok()) return new RefusedWatch(refused);
  return TaskWatch::Start({.service = service_,
                           .store = store_,
                           .feed = feed_,
                           .queue = runner_->queue(),
                           .clock = clock_,
                           .open_watches = &open_watches_},
                          *target);
}

}  // namespace binferry::controller
