// Where calls are carried out that wait for PostgreSQL.
#ifndef BINFERRY_CONTROLLER_RPC_WORK_QUEUE_H_
#define BINFERRY_CONTROLLER_RPC_WORK_QUEUE_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace binferry::controller {

// gRPC's own threads must not block, or held calls would keep others waiting: a
// call is queued here and carried out by one of a fixed number of threads, each
// of which calls Run. A call that waits (a held heartbeat, a watch between two
// looks) is an entry with a time, not a thread.
//
// Thread-safe.
class WorkQueue {
 public:
  using Work = std::function<void()>;

  // More calls that wait for a thread are refused.
  static constexpr size_t kMaxQueuedCalls = 2'000;

  // `clock` must outlive this object.
  explicit WorkQueue(const Clock* clock) : clock_(clock) {}

  // Starts a call. UNAVAILABLE if too many wait already, or if the controller
  // is ending.
  absl::Status Post(Work work) ABSL_LOCKS_EXCLUDED(mu_);

  // Goes on with a call that was begun, not before `delay` is over; never
  // refused, because there is at most one for each open call. While draining
  // the delay is zero.
  void ContinueAfter(absl::Duration delay, Work work) ABSL_LOCKS_EXCLUDED(mu_);

  // Ends all waits: what was delayed runs now.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);
  bool draining() const ABSL_LOCKS_EXCLUDED(mu_);

  // Carries out work until `stop` is requested and nothing is left.
  void Run(std::stop_token stop) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // Empty once `stop` is requested and nothing is left.
  Work Take(const std::stop_token& stop) ABSL_LOCKS_EXCLUDED(mu_);

  const Clock* const clock_;

  mutable absl::Mutex mu_;
  absl::CondVar changed_;
  std::deque<Work> ready_ ABSL_GUARDED_BY(mu_);
  std::multimap<MonotonicTime, Work> delayed_ ABSL_GUARDED_BY(mu_);
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_WORK_QUEUE_H_
