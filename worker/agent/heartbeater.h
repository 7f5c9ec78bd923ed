// The worker's conversation with the controllers.
#ifndef BINFERRY_WORKER_AGENT_HEARTBEATER_H_
#define BINFERRY_WORKER_AGENT_HEARTBEATER_H_

#include <cstdint>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/coordination_service.pb.h"
#include "common/clock.h"
#include "worker/agent/coordination_client.h"
#include "worker/agent/probe_runner.h"
#include "worker/agent/task_supervisor.h"

namespace binferry::worker {

// One call in flight, numbered, with everything that the worker runs; the
// answer, everything that it should run, goes to the supervisor and the probe
// runner. While no controller answers it goes on trying, one address after the
// other; leases run out on their own clock meanwhile.
//
// Thread-safe: one thread is in Run.
class Heartbeater {
 public:
  struct Options {
    coordination::v1::WorkerPlace place;
    int slots = 0;
    std::string version;
    // How long a controller may hold its answer while nothing changes: about
    // the period of calls.
    absl::Duration max_hold = absl::Seconds(1);
    // The same while a task starts or leaves, so that its progress is felt.
    absl::Duration settling_hold = absl::Milliseconds(200);
    absl::Duration call_timeout = absl::Seconds(5);
    // Between the beginnings of calls.
    absl::Duration min_period = absl::Milliseconds(100);
  };

  // All outlive this object.
  Heartbeater(const Options& options, const Clock* clock,
              CoordinationClient* client, TaskSupervisor* supervisor,
              ProbeRunner* probes);

  // Until `stop` (OK), or until a controller knows a newer process of this
  // worker's name: FAILED_PRECONDITION, nothing may go on.
  absl::Status Run(std::stop_token stop);

  // Says with every further call that the worker takes no new tasks.
  void SetDraining() ABSL_LOCKS_EXCLUDED(mu_);

  // One last call, after Run has returned: gives back the leases of all that
  // doesn't run any more. May take `timeout`.
  absl::Status Farewell(absl::Duration timeout);

 private:
  coordination::v1::HeartbeatRequest MakeRequest(absl::Duration max_hold);
  // One call and what follows from it.
  absl::Status Beat(absl::Duration timeout, absl::Duration max_hold,
                    std::stop_token stop);
  // Logs when the connection to the controllers is lost or found again.
  void Note(const absl::Status& status);

  const Options options_;
  const Clock* const clock_;
  CoordinationClient* const client_;
  TaskSupervisor* const supervisor_;
  ProbeRunner* const probes_;

  // Of the thread in Run, then of Farewell's.
  absl::BitGen random_;
  int64_t sequence_ = 0;
  std::string seen_version_;
  bool is_connected_ = false;
  bool was_noted_ = false;

  absl::Mutex mu_;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_HEARTBEATER_H_
