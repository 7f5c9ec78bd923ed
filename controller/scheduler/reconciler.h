// Takes the planner's steps.
#ifndef BINFERRY_CONTROLLER_SCHEDULER_RECONCILER_H_
#define BINFERRY_CONTROLLER_SCHEDULER_RECONCILER_H_

#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/ids.h"
#include "controller/store/plan_store.h"
#include "controller/store/planner_lock.h"

namespace binferry::controller {

// Reads, plans, applies: about once a second and when woken. Has no input and
// remembers only when it saw workers last, so that a restart and a failover are
// the ordinary case. While another controller holds the planner lock it does
// nothing.
//
// RunOnce and Run belong to one thread; Wake is thread-safe.
class Reconciler {
 public:
  struct Options {
    absl::Duration interval = absl::Milliseconds(750);
    // Told what went wrong in a round, and what changed; for logs.
    std::function<void(const absl::Status&)> on_error;
    std::function<void(const TaskChange&)> on_change;
  };

  // The pointers must outlive this object.
  Reconciler(const Clock* clock, PlanStore* store, PlannerLock* lock,
             Options options);

  // Until `stop`; then releases the lock.
  void Run(std::stop_token stop) ABSL_LOCKS_EXCLUDED(mu_);

  // The next round starts at once. Subscribe it to the ChangeFeed:
  // SubscribeAll([&](const Change&) { reconciler.Wake(); }).
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);

  // One round. How many steps were taken; nothing while another controller
  // plans.
  absl::StatusOr<int> RunOnce();

 private:
  // When the newest heartbeat of a worker was first seen.
  struct Sighting {
    Incarnation incarnation;
    int64_t sequence = 0;
    MonotonicTime time;
  };

  absl::StatusOr<int> Round();
  absl::Status Clean();
  void ObserveWorkers(std::vector<Worker>* workers);
  void Wait(std::stop_token stop) ABSL_LOCKS_EXCLUDED(mu_);

  const Clock* const clock_;
  PlanStore* const store_;
  PlannerLock* const lock_;
  const Options options_;
  std::map<WorkerName, Sighting> sightings_;
  MonotonicTime cleaned_at_;

  absl::Mutex mu_;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_SCHEDULER_RECONCILER_H_
