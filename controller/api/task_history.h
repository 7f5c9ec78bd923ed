// Events and log lines of tasks, page by page.
#ifndef BINFERRY_CONTROLLER_API_TASK_HISTORY_H_
#define BINFERRY_CONTROLLER_API_TASK_HISTORY_H_

#include "absl/status/statusor.h"
#include "binferry/v1/task_service.pb.h"
#include "controller/store/history_store.h"

namespace binferry::controller {

// The history part of binferry.v1.TaskService: reads a request, asks the store,
// converts. Thread-safe.
class TaskHistory {
 public:
  // `store` must outlive this object.
  explicit TaskHistory(HistoryStore* store) : store_(store) {}

  absl::StatusOr<v1::ListTaskEventsResponse> ListEvents(
      const v1::ListTaskEventsRequest& request);
  absl::StatusOr<v1::ListTaskLogsResponse> ListLogs(
      const v1::ListTaskLogsRequest& request);

 private:
  HistoryStore* const store_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_TASK_HISTORY_H_
