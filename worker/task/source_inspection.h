// Answers about a task's source.
#ifndef BINFERRY_WORKER_TASK_SOURCE_INSPECTION_H_
#define BINFERRY_WORKER_TASK_SOURCE_INSPECTION_H_

#include <vector>

#include "absl/status/statusor.h"
#include "binferry/v1/inspection_service.pb.h"
#include "worker/precheck/precheck_item.h"
#include "worker/task/inspection.h"

namespace binferry::worker {

v1::ConnectionTest TestSource(const Inspection& inspection);

// Answers fit into a ProbeResult: a page has fewer items than asked for where
// they would not. Errors as Connection::Connect, and of worker/mysql's lists;
// CANCELLED soon after the stop.
absl::StatusOr<v1::ListDatabasesResponse> ListDatabases(
    const Inspection& inspection, const v1::ListDatabasesRequest& request);
absl::StatusOr<v1::ListTablesResponse> ListTables(
    const Inspection& inspection, const v1::ListTablesRequest& request);
absl::StatusOr<v1::ListColumnsResponse> ListColumns(
    const Inspection& inspection, const v1::ListColumnsRequest& request);
absl::StatusOr<v1::SourcePosition> GetSourcePosition(
    const Inspection& inspection);

// The items about the source and the selected objects.
std::vector<PrecheckItem> CheckSourceAndObjects(const Inspection& inspection);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_TASK_SOURCE_INSPECTION_H_
