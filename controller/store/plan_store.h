// What the planner reads, and how its decisions are written.
#ifndef BINFERRY_CONTROLLER_STORE_PLAN_STORE_H_
#define BINFERRY_CONTROLLER_STORE_PLAN_STORE_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/model/task.h"
#include "controller/model/task_change.h"
#include "controller/model/worker.h"
#include "controller/store/pg_pool.h"

namespace binferry::controller {

struct PlanInput {
  absl::Time now;  // PostgreSQL's, which all controllers share.
  // All but COMPLETED ones, without documents; with the precheck where it
  // decides: in PENDING_START once the start time has come.
  std::vector<Task> tasks;
  std::vector<Worker> workers;
};

// Thread-safe.
class PlanStore {
 public:
  // `pool` must outlive this object.
  explicit PlanStore(PgPool* pool) : pool_(pool) {}

  // Read in one transaction of isolation REPEATABLE READ.
  absl::StatusOr<PlanInput> Read();

  // One transaction. ABORTED, nothing changed, if the task was changed or
  // deleted since it was read.
  absl::Status Apply(const TaskChange& change);

  // Drops events beyond kMaxEventsPerTask and workers that are silent, without
  // tasks, for a day.
  absl::Status RemoveOld();

 private:
  PgPool* const pool_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_PLAN_STORE_H_
