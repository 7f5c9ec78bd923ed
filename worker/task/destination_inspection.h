// Answers about a task's destination.
#ifndef BINFERRY_WORKER_TASK_DESTINATION_INSPECTION_H_
#define BINFERRY_WORKER_TASK_DESTINATION_INSPECTION_H_

#include <vector>

#include "absl/status/statusor.h"
#include "binferry/v1/inspection_service.pb.h"
#include "worker/precheck/precheck_item.h"
#include "worker/task/inspection.h"

namespace binferry::worker {

v1::ConnectionTest TestDestination(const Inspection& inspection);

// Fits into a ProbeResult. Errors of KafkaAdmin, and INVALID_ARGUMENT for a
// page token that is none.
absl::StatusOr<v1::ListTopicsResponse> ListTopics(
    const Inspection& inspection, const v1::ListTopicsRequest& request);

// The items about the destination and the task's topics.
std::vector<PrecheckItem> CheckDestinationAndTopics(
    const Inspection& inspection);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_DESTINATION_INSPECTION_H_
