#include "controller/api/task_endpoint.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/resource_name.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/api/request_fields.h"
#include "controller/api/task_watch.h"
#include "controller/rpc/caller.h"

namespace binferry::controller {
namespace {

absl::StatusOr<TaskWatch::Target> TargetOf(
    const v1::WatchTaskRequest& request) {
  TaskWatch::Target target;
  BINFERRY_ASSIGN_OR_RETURN(target.view,
                            ViewFromProto(request.view(), TaskView::kBasic));
  target.resume_token = request.resume_token();
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

absl::Status ResultOf(const v1::BatchTaskResult& result) {
  const std::optional<absl::StatusCode> code = StatusCodeOf(result.code());
  return absl::Status(code.value_or(absl::StatusCode::kUnknown),
                      result.message());
}

}  // namespace

template <typename Request, typename Response, typename Body>
grpc::ServerUnaryReactor* TaskEndpoint::Recorded(
    grpc::CallbackServerContext* context, const Request* request,
    Response* response, ActionLog::Action action, Body body) {
  action.caller = CallerOf(*context);
  return services_.runner->Unary(
      context, request, response,
      [this, action = std::move(action), body](const Request& r) {
        absl::StatusOr<Response> answer = body(r);
        services_.actions->Record(action, answer.status());
        return answer;
      });
}

grpc::ServerUnaryReactor* TaskEndpoint::CreateTask(
    grpc::CallbackServerContext* context, const v1::CreateTaskRequest* request,
    v1::Task* response) {
  return Recorded(
      context, request, response,
      {.task = absl::StrCat(request->parent(), "/tasks/", request->task_id()),
       .verb = "CREATE",
       .caller = "",
       .detail = ""},
      [this](const v1::CreateTaskRequest& r) {
        return services_.tasks->Create(r);
      });
}

grpc::ServerUnaryReactor* TaskEndpoint::GetTask(
    grpc::CallbackServerContext* context, const v1::GetTaskRequest* request,
    v1::Task* response) {
  return services_.runner->Unary(
      context, request, response,
      [this](const v1::GetTaskRequest& r) { return services_.tasks->Get(r); });
}

grpc::ServerUnaryReactor* TaskEndpoint::ListTasks(
    grpc::CallbackServerContext* context, const v1::ListTasksRequest* request,
    v1::ListTasksResponse* response) {
  return services_.runner->Unary(context, request, response,
                                 [this](const v1::ListTasksRequest& r) {
                                   return services_.tasks->List(r);
                                 });
}

grpc::ServerUnaryReactor* TaskEndpoint::UpdateTask(
    grpc::CallbackServerContext* context, const v1::UpdateTaskRequest* request,
    v1::Task* response) {
  return Recorded(
      context, request, response,
      {.task = request->task().name(),
       .verb = "UPDATE",
       .caller = "",
       .detail = absl::StrJoin(request->update_mask().paths(), ", ")},
      [this](const v1::UpdateTaskRequest& r) {
        return services_.tasks->Update(r);
      });
}

grpc::ServerUnaryReactor* TaskEndpoint::DeleteTask(
    grpc::CallbackServerContext* context, const v1::DeleteTaskRequest* request,
    google::protobuf::Empty* response) {
  return Recorded(
      context, request, response,
      {.task = request->name(), .verb = "DELETE", .caller = "", .detail = ""},
      [this](const v1::DeleteTaskRequest& r) {
        return services_.tasks->Delete(r);
      });
}

grpc::ServerUnaryReactor* TaskEndpoint::CloneTask(
    grpc::CallbackServerContext* context, const v1::CloneTaskRequest* request,
    v1::Task* response) {
  return Recorded(context, request, response,
                  {.task = request->name(),
                   .verb = "CLONE",
                   .caller = "",
                   .detail = absl::StrCat("as ", request->task_id())},
                  [this](const v1::CloneTaskRequest& r) {
                    return services_.tasks->Clone(r);
                  });
}

grpc::ServerUnaryReactor* TaskEndpoint::StartTask(
    grpc::CallbackServerContext* context, const v1::StartTaskRequest* request,
    v1::Task* response) {
  return Recorded(
      context, request, response,
      {.task = request->name(), .verb = "START", .caller = "", .detail = ""},
      [this](const v1::StartTaskRequest& r) {
        return services_.tasks->Start(r);
      });
}

grpc::ServerUnaryReactor* TaskEndpoint::Act(
    UserAction action, grpc::CallbackServerContext* context,
    const v1::TaskActionRequest* request, v1::Task* response) {
  return Recorded(context, request, response,
                  {.task = request->name(),
                   .verb = absl::AsciiStrToUpper(UserActionName(action)),
                   .caller = "",
                   .detail = ""},
                  [this, action](const v1::TaskActionRequest& r) {
                    return services_.tasks->Act(action, r);
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
  return Recorded(
      context, request, response,
      {.task = request->name(), .verb = "STOP", .caller = "", .detail = ""},
      [this](const v1::StopTaskRequest& r) {
        return services_.tasks->Stop(r);
      });
}

grpc::ServerUnaryReactor* TaskEndpoint::ResetTask(
    grpc::CallbackServerContext* context, const v1::ResetTaskRequest* request,
    v1::Task* response) {
  return Recorded(
      context, request, response,
      {.task = request->name(), .verb = "RESET", .caller = "", .detail = ""},
      [this](const v1::ResetTaskRequest& r) {
        return services_.tasks->Reset(r);
      });
}

grpc::ServerUnaryReactor* TaskEndpoint::BatchTaskAction(
    grpc::CallbackServerContext* context,
    const v1::BatchTaskActionRequest* request,
    v1::BatchTaskActionResponse* response) {
  return services_.runner->Unary(
      context, request, response,
      [this, caller = CallerOf(*context)](const v1::BatchTaskActionRequest& r) {
        absl::StatusOr<v1::BatchTaskActionResponse> answer =
            services_.tasks->ActOnMany(r);
        if (answer.ok()) RecordBatch(r, *answer, caller);
        return answer;
      });
}

void TaskEndpoint::RecordBatch(const v1::BatchTaskActionRequest& request,
                               const v1::BatchTaskActionResponse& response,
                               const std::string& caller) {
  const std::string verb(
      absl::StripPrefix(v1::TaskAction_Name(request.action()), "TASK_ACTION_"));
  for (const v1::BatchTaskResult& result : response.results()) {
    services_.actions->Record({.task = result.name(),
                               .verb = verb,
                               .caller = caller,
                               .detail = "one of many"},
                              ResultOf(result));
  }
}

grpc::ServerUnaryReactor* TaskEndpoint::ListTaskEvents(
    grpc::CallbackServerContext* context,
    const v1::ListTaskEventsRequest* request,
    v1::ListTaskEventsResponse* response) {
  return services_.runner->Unary(context, request, response,
                                 [this](const v1::ListTaskEventsRequest& r) {
                                   return services_.history->ListEvents(r);
                                 });
}

grpc::ServerUnaryReactor* TaskEndpoint::ListTaskLogs(
    grpc::CallbackServerContext* context,
    const v1::ListTaskLogsRequest* request,
    v1::ListTaskLogsResponse* response) {
  return services_.runner->Unary(context, request, response,
                                 [this](const v1::ListTaskLogsRequest& r) {
                                   return services_.history->ListLogs(r);
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
  absl::Status refused = services_.runner->readiness()->Check();
  const absl::StatusOr<TaskWatch::Target> target = TargetOf(*request);
  if (refused.ok()) refused = target.status();
  if (!refused.ok()) return new RefusedWatch(refused);
  return TaskWatch::Start({.service = services_.tasks,
                           .store = services_.store,
                           .history = services_.changes,
                           .feed = services_.feed,
                           .queue = services_.runner->queue(),
                           .clock = services_.clock,
                           .open_watches = &open_watches_},
                          *target);
}

}  // namespace binferry::controller
