// How long this worker may start things for a task.
#ifndef BINFERRY_WORKER_AGENT_LEASE_H_
#define BINFERRY_WORKER_AGENT_LEASE_H_

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/ids.h"

namespace binferry::worker {

// The worker's own view of its right to run one task.
//
// While the lease is live, the worker may initialize producers and recover
// under its epoch. Once it expires it must start nothing: the controller may
// already have granted the next epoch, and it cannot tell a dead worker from an
// unreachable one. What already runs goes on until Kafka fences it.
//
// Time is counted from the moment the heartbeat was sent, so a slow network can
// shorten a lease but never lengthen it.
//
// Thread-safe: the heartbeater renews while the pipeline checks.
class Lease {
 public:
  struct Grant {
    Epoch epoch;
    MonotonicTime requested_at;
    absl::Duration duration;
  };

  // `clock` must outlive this object.
  Lease(const Clock* clock, const Grant& grant);

  // The fencing token to stamp on every write made under this lease.
  Epoch epoch() const { return epoch_; }

  // Extends the lease; a grant that ends earlier than it does changes nothing.
  // FAILED_PRECONDITION, and no change, if `grant` is for another epoch or the
  // lease has expired: an expired lease is never revived. Whoever gets a grant
  // that was asked for after the expiry makes a new lease of it.
  absl::Status Renew(const Grant& grant) ABSL_LOCKS_EXCLUDED(mu_);

  // OK while the lease is live, FAILED_PRECONDITION afterwards.
  absl::Status CheckLive() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  absl::Status CheckLiveLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Clock* const clock_;
  const Epoch epoch_;
  mutable absl::Mutex mu_;
  MonotonicTime expires_at_ ABSL_GUARDED_BY(mu_);
  // Remembered, so that no grant that was under way can make it live again.
  mutable bool expired_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_LEASE_H_
