// The calls about tasks: parse, validate, store, convert.
#ifndef BINFERRY_CONTROLLER_API_TASK_SERVICE_H_
#define BINFERRY_CONTROLLER_API_TASK_SERVICE_H_

#include <google/protobuf/empty.pb.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "binferry/v1/task_service.pb.h"
#include "common/clock.h"
#include "controller/api/task_proto.h"
#include "controller/model/task.h"
#include "controller/secrets/sealer.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

// What binferry.v1.TaskService promises, without gRPC; each call may wait for
// PostgreSQL. The verbs only record what the user wants: the store's
// notification wakes planner and workers.
//
// Thread-safe.
class TaskService {
 public:
  // The pointers must outlive this object.
  TaskService(TaskStore* store, const Sealer* sealer, const Clock* clock)
      : store_(store), sealer_(sealer), clock_(clock) {}

  absl::StatusOr<v1::Task> Create(const v1::CreateTaskRequest& request);
  // Without secrets, start position and start time.
  absl::StatusOr<v1::Task> Clone(const v1::CloneTaskRequest& request);
  absl::StatusOr<v1::Task> Get(const v1::GetTaskRequest& request);
  absl::StatusOr<v1::ListTasksResponse> List(
      const v1::ListTasksRequest& request);
  absl::StatusOr<v1::Task> Update(const v1::UpdateTaskRequest& request);
  absl::StatusOr<google::protobuf::Empty> Delete(
      const v1::DeleteTaskRequest& request);

  // The verbs are in task_verbs.cc.
  absl::StatusOr<v1::Task> Start(const v1::StartTaskRequest& request);
  absl::StatusOr<v1::Task> Stop(const v1::StopTaskRequest& request);
  absl::StatusOr<v1::Task> Reset(const v1::ResetTaskRequest& request);
  // kPause, kResume, kRetry.
  absl::StatusOr<v1::Task> Act(UserAction action,
                               const v1::TaskActionRequest& request);
  // Each task in a transaction of its own, in the order of the request.
  absl::StatusOr<v1::BatchTaskActionResponse> ActOnMany(
      const v1::BatchTaskActionRequest& request);

  // The task with its details if the view wants them. For answers and watches.
  absl::StatusOr<v1::Task> Show(const Task& task, TaskView view);

 private:
  absl::StatusOr<v1::Task> Apply(const std::string& name,
                                 const TaskStore::Verb& verb);
  // One attempt on the task as it was read.
  absl::StatusOr<Task> ResetFrom(const Task& before,
                                 const v1::ResetTaskRequest& request);
  // The task after the verb; unset if that removed it.
  absl::StatusOr<std::optional<Task>> ActOnOne(
      const std::string& name, const v1::BatchTaskActionRequest& request);
  // One attempt on the task as it was read.
  absl::StatusOr<Task> UpdateFrom(const Task& before,
                                  const v1::UpdateTaskRequest& request);

  TaskStore* const store_;
  const Sealer* const sealer_;
  const Clock* const clock_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_TASK_SERVICE_H_
