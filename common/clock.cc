#include "common/clock.h"

#include <time.h>

#include "absl/time/clock.h"

namespace binferry {

absl::Time SystemClock::Now() const { return absl::Now(); }

MonotonicTime SystemClock::MonotonicNow() const {
  timespec ts{};
  clock_gettime(CLOCK_BOOTTIME, &ts);
  return MonotonicTime::FromNanoseconds(
      static_cast<int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec);
}

}  // namespace binferry
