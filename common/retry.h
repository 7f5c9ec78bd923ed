// Whether and when to try again.
#ifndef BINFERRY_COMMON_RETRY_H_
#define BINFERRY_COMMON_RETRY_H_

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace binferry {

// The one reading of a status as a policy: true for UNAVAILABLE and
// DEADLINE_EXCEEDED (try the same again) and for ABORTED (read anew, then try
// again). False for everything else, OK included.
bool IsRetryable(const absl::Status& status);

// The growing waits between attempts: the bound doubles from `initial` to
// `max`; each wait is drawn between half of the bound and the bound, so that
// many who failed together do not come back together. Thread-compatible.
class Backoff {
 public:
  struct Options {
    absl::Duration initial = absl::Milliseconds(100);
    absl::Duration max = absl::Seconds(10);
  };

  // `random` must outlive this object.
  Backoff(const Options& options, absl::BitGenRef random);

  // The wait before the next attempt.
  absl::Duration Next();

  // After a success.
  void Reset() { bound_ = options_.initial; }

 private:
  const Options options_;
  absl::BitGenRef random_;
  absl::Duration bound_;
};

}  // namespace binferry

#endif  // BINFERRY_COMMON_RETRY_H_
