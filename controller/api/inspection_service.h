// Questions about tasks' sources and destinations: requests are checked, and
// become what a worker is asked.
#ifndef BINFERRY_CONTROLLER_API_INSPECTION_SERVICE_H_
#define BINFERRY_CONTROLLER_API_INSPECTION_SERVICE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "binferry/coordination/v1/probe.pb.h"
#include "binferry/v1/inspection_service.pb.h"
#include "controller/model/precheck.h"
#include "controller/model/task.h"
#include "controller/store/precheck_store.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

// INVALID_ARGUMENT with every violation of a request; else the question.
absl::StatusOr<coordination::v1::Probe> QuestionOf(
    const v1::TestConnectionRequest& request);
absl::StatusOr<coordination::v1::Probe> QuestionOf(
    const v1::ListDatabasesRequest& request);
absl::StatusOr<coordination::v1::Probe> QuestionOf(
    const v1::ListTablesRequest& request);
absl::StatusOr<coordination::v1::Probe> QuestionOf(
    const v1::ListColumnsRequest& request);
absl::StatusOr<coordination::v1::Probe> QuestionOf(
    const v1::ListTopicsRequest& request);
absl::StatusOr<coordination::v1::Probe> QuestionOf(
    const v1::GetSourcePositionRequest& request);
absl::StatusOr<coordination::v1::Probe> QuestionOf(
    const v1::RunPrecheckRequest& request);

// `task` as in "projects/p/tasks/t".
v1::Precheck ToProto(const std::string& task, const Precheck& precheck);

// What needs no worker. Thread-safe.
class InspectionService {
 public:
  // Both must outlive this object.
  InspectionService(TaskStore* tasks, PrecheckStore* prechecks)
      : tasks_(tasks), prechecks_(prechecks) {}

  // FAILED_PRECONDITION, naming the fields, unless the definition has all that
  // a start needs.
  absl::Status CheckComplete(const TaskKey& task);

  absl::StatusOr<v1::Precheck> GetPrecheck(
      const v1::GetPrecheckRequest& request);
  // In the name of `caller`.
  absl::StatusOr<v1::Precheck> ConfirmPrecheck(
      const v1::ConfirmPrecheckRequest& request, const std::string& caller);

 private:
  TaskStore* const tasks_;
  PrecheckStore* const prechecks_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_INSPECTION_SERVICE_H_
