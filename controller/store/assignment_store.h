// What workers say and are told. Every write made on a worker's behalf compares
// worker, incarnation and epoch.
#ifndef BINFERRY_CONTROLLER_STORE_ASSIGNMENT_STORE_H_
#define BINFERRY_CONTROLLER_STORE_ASSIGNMENT_STORE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/ids.h"
#include "controller/model/assignment.h"
#include "controller/model/task.h"
#include "controller/model/task_report.h"
#include "controller/model/task_secrets.h"
#include "controller/model/worker.h"
#include "controller/store/pg_pool.h"

namespace binferry::controller {

struct Heartbeat {
  WorkerIdentity worker;
  int64_t sequence = 0;
  WorkerPlace place;
  int32_t slots = 0;
  std::string version;
  bool draining = false;
  std::vector<TaskReport> reports;
};

// A worker's claim to a task.
struct AssignmentClaim {
  WorkerIdentity worker;
  TaskUid task_uid;
  Epoch epoch;
};

struct AssignedTask {
  Task task;  // With its document.
  SealedSecrets secrets;
  TaskRuntime runtime;
};

// Thread-safe.
class AssignmentStore {
 public:
  // `pool` must outlive this object.
  explicit AssignmentStore(PgPool* pool) : pool_(pool) {}

  // Stores what the worker says, in one statement, and answers what it should
  // run. A sequence number that is not above the last one changes nothing.
  // Reports of tasks that the worker does not have under that epoch are left
  // out. An incarnation that was not seen before takes the name over;
  // FAILED_PRECONDITION for one that was superseded: that process must exit.
  //
  // To hold the answer: if orders.Version() is what the worker has seen, wait
  // on the ChangeFeed for the worker's name, then ReadOrders (the second and
  // last statement).
  absl::StatusOr<WorkerOrders> Beat(const Heartbeat& heartbeat);

  absl::StatusOr<WorkerOrders> ReadOrders(const WorkerIdentity& worker);

  // FAILED_PRECONDITION unless the worker has the task under that epoch.
  absl::StatusOr<AssignedTask> GetAssignedTask(const AssignmentClaim& claim);

  // The partition number of the task in the state topics of a Kafka cluster:
  // the same for ever. FAILED_PRECONDITION as GetAssignedTask.
  absl::StatusOr<int32_t> ClaimStatePartition(
      const AssignmentClaim& claim, const std::string& kafka_cluster_id);

 private:
  PgPool* const pool_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_ASSIGNMENT_STORE_H_
