// How fast a task reads at most.
#ifndef BINFERRY_WORKER_PIPELINE_RATE_LIMIT_H_
#define BINFERRY_WORKER_PIPELINE_RATE_LIMIT_H_

#include <cstddef>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace binferry::worker {

// What was read is paid for with time. Up to kBurst that was not used is kept,
// and a wait is at most kLongestWait, behind which the source has a sign of
// life; the rest is paid with the events to come.
//
// Thread-safe; one reader.
class RateLimit {
 public:
  static constexpr absl::Duration kBurst = absl::Seconds(1);
  static constexpr absl::Duration kShortestWait = absl::Milliseconds(10);
  static constexpr absl::Duration kLongestWait = absl::Seconds(5);

  // `bytes_per_second`: 0 = as fast as it goes. `clock` must outlive this
  // object.
  RateLimit(uint64_t bytes_per_second, const Clock* clock);

  bool is_set() const { return bytes_per_second_ > 0; }

  // Notes that `bytes` were read, and returns how long to wait before more is.
  absl::Duration Charge(size_t bytes) ABSL_LOCKS_EXCLUDED(mu_);
  // Waits so long, or until Lift.
  void Wait(absl::Duration duration) ABSL_LOCKS_EXCLUDED(mu_);
  // There is no limit any more, and who waits goes on.
  void Lift() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  const uint64_t bytes_per_second_;
  const Clock* const clock_;
  absl::Mutex mu_;
  bool is_lifted_ ABSL_GUARDED_BY(mu_) = false;
  // When all that was read is paid for.
  MonotonicTime paid_at_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_RATE_LIMIT_H_
