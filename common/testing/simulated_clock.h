// A clock that moves only when told to.
#ifndef BINFERRY_COMMON_TESTING_SIMULATED_CLOCK_H_
#define BINFERRY_COMMON_TESTING_SIMULATED_CLOCK_H_

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace binferry {

// Thread-safe.
class SimulatedClock : public Clock {
 public:
  absl::Time Now() const override ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return start_ + elapsed_;
  }
  MonotonicTime MonotonicNow() const override ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return MonotonicTime() + elapsed_;
  }
  void Advance(absl::Duration by) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    elapsed_ += by;
  }

 private:
  const absl::Time start_ = absl::FromUnixSeconds(1'700'000'000);
  mutable absl::Mutex mu_;
  absl::Duration elapsed_ ABSL_GUARDED_BY(mu_) = absl::Hours(1);
};

}  // namespace binferry

#endif  // BINFERRY_COMMON_TESTING_SIMULATED_CLOCK_H_
