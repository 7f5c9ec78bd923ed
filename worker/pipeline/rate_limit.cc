#include "worker/pipeline/rate_limit.h"

#include <algorithm>

namespace binferry::worker {

RateLimit::RateLimit(uint64_t bytes_per_second, const Clock* clock)
    : bytes_per_second_(bytes_per_second),
      clock_(clock),
      paid_at_(clock->MonotonicNow()) {}

absl::Duration RateLimit::Charge(size_t bytes) {
  if (!is_set()) return absl::ZeroDuration();
  const MonotonicTime now = clock_->MonotonicNow();
  absl::MutexLock lock(&mu_);
  if (is_lifted_) return absl::ZeroDuration();
  paid_at_ = std::max(paid_at_, now + -kBurst) +
             absl::Seconds(static_cast<double>(bytes) /
                           static_cast<double>(bytes_per_second_));
  const absl::Duration wait = paid_at_ - now;
  return wait < kShortestWait ? absl::ZeroDuration()
                              : std::min(wait, kLongestWait);
}

void RateLimit::Wait(absl::Duration duration) {
  absl::MutexLock lock(&mu_);
  mu_.AwaitWithTimeout(absl::Condition(&is_lifted_), duration);
}

void RateLimit::Lift() {
  absl::MutexLock lock(&mu_);
  is_lifted_ = true;
}

}  // namespace binferry::worker
