// Time as a dependency.
#ifndef BINFERRY_COMMON_CLOCK_H_
#define BINFERRY_COMMON_CLOCK_H_

#include <compare>
#include <cstdint>

#include "absl/time/time.h"

namespace binferry {

// A point on a clock that never jumps and goes on while the machine sleeps
// (CLOCK_BOOTTIME). Only differences mean anything. Leases use it; wall time
// (absl::Time) is for people and records.
class MonotonicTime {
 public:
  constexpr MonotonicTime() = default;

  friend MonotonicTime operator+(MonotonicTime t, absl::Duration d) {
    return MonotonicTime(t.nanos_ + absl::ToInt64Nanoseconds(d));
  }
  friend absl::Duration operator-(MonotonicTime a, MonotonicTime b) {
    return absl::Nanoseconds(a.nanos_ - b.nanos_);
  }
  friend constexpr auto operator<=>(MonotonicTime, MonotonicTime) = default;

  static constexpr MonotonicTime FromNanoseconds(int64_t nanos) {
    return MonotonicTime(nanos);
  }

 private:
  constexpr explicit MonotonicTime(int64_t nanos) : nanos_(nanos) {}

  int64_t nanos_ = 0;
};

// Implementations: SystemClock, and SimulatedClock in tests. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
  virtual MonotonicTime MonotonicNow() const = 0;
};

class SystemClock : public Clock {
 public:
  absl::Time Now() const override;
  MonotonicTime MonotonicNow() const override;
};

}  // namespace binferry

#endif  // BINFERRY_COMMON_CLOCK_H_
