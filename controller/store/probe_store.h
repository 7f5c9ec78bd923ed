// Answers of probes.
#ifndef BINFERRY_CONTROLLER_STORE_PROBE_STORE_H_
#define BINFERRY_CONTROLLER_STORE_PROBE_STORE_H_

#include <vector>

#include "absl/status/status.h"
#include "controller/model/probe.h"
#include "controller/model/worker.h"
#include "controller/store/pg_pool.h"

namespace binferry::controller {

// Probes are made by the planner's changes (plan_store.h) and go out with
// WorkerOrders; answers show as Task.source_check and destination_check.
//
// Thread-safe.
class ProbeStore {
 public:
  // `pool` must outlive this object.
  explicit ProbeStore(PgPool* pool) : pool_(pool) {}

  // Keeps the answers of probes that `worker` was asked and that are still
  // open; others are ignored.
  absl::Status Answer(const WorkerIdentity& worker,
                      const std::vector<ProbeResult>& results);

 private:
  PgPool* const pool_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_PROBE_STORE_H_
