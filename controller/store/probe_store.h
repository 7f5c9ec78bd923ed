// Questions to workers, while somebody waits for the answer.
#ifndef BINFERRY_CONTROLLER_STORE_PROBE_STORE_H_
#define BINFERRY_CONTROLLER_STORE_PROBE_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/model/probe.h"
#include "controller/model/task.h"
#include "controller/model/worker.h"
#include "controller/store/pg_pool.h"

namespace binferry::controller {

// A question is a row that any controller writes, that goes out with the orders
// of the task's worker (assignment_store.h), and whose answer any controller
// keeps; who asked hears of it through the ChangeFeed (kTask).
//
// Thread-safe.
class ProbeStore {
 public:
  // `pool` must outlive this object.
  explicit ProbeStore(PgPool* pool) : pool_(pool) {}

  enum class Purpose { kLook, kPrecheck };
  struct Question {
    TaskKey task;
    std::string bytes;  // Probe::question.
    Purpose purpose = Purpose::kLook;
    absl::Duration time = kMaxProbeTime;
  };
  struct Asked {
    std::string id;
    WorkerName worker;  // "" if the task has none at the moment.
  };

  // Counts as a use of the task: one that gave its slot back gets one again,
  // and is asked then. NOT_FOUND; FAILED_PRECONDITION in states without a
  // worker, or where the task's state allows no precheck; RESOURCE_EXHAUSTED
  // while kMaxOpenProbesPerTask are open.
  absl::StatusOr<Asked> Ask(const Question& question);

  // The answer, nothing while there is none. NOT_FOUND once the question is
  // gone, with its task or by Forget.
  absl::StatusOr<std::optional<std::string>> ReadAnswer(const std::string& id);

  // Nobody waits any more.
  absl::Status Forget(const std::string& id);

  // Keeps the answers of open questions about tasks that `worker` has; others
  // are ignored. A precheck of another generation than the present one is kept
  // as void: what changed since is not known.
  absl::Status Answer(const WorkerIdentity& worker,
                      const std::vector<ProbeAnswer>& answers);

  // Questions whose time is over.
  absl::Status RemoveOld();

 private:
  PgPool* const pool_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_PROBE_STORE_H_
