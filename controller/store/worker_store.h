// Workers in PostgreSQL, as the public API sees them.
#ifndef BINFERRY_CONTROLLER_STORE_WORKER_STORE_H_
#define BINFERRY_CONTROLLER_STORE_WORKER_STORE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/ids.h"
#include "controller/model/task.h"
#include "controller/model/worker.h"
#include "controller/store/pg_pool.h"

namespace binferry::controller {

// Thread-safe.
class WorkerStore {
 public:
  // `pool` must outlive this object.
  explicit WorkerStore(PgPool* pool) : pool_(pool) {}

  // At most `limit` workers by name, behind `after` ("" = from the start). A
  // worker is lost when it is silent for kLease.
  absl::StatusOr<std::vector<Worker>> List(const WorkerName& after, int limit);

  // NOT_FOUND if it never registered, or was silent without tasks for a day.
  absl::StatusOr<Worker> Get(const WorkerName& name);

  // The tasks that are assigned to it, by project and id, at most 10,000.
  absl::StatusOr<std::vector<TaskKey>> ListTasks(const WorkerName& name);

 private:
  PgPool* const pool_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_WORKER_STORE_H_
