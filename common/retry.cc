#include "common/retry.h"

#include <algorithm>

#include "absl/random/uniform_real_distribution.h"

namespace binferry {

bool IsRetryable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsAborted(status);
}

Backoff::Backoff(const Options& options, absl::BitGenRef random)
    : options_(options), random_(random), bound_(options.initial) {}

absl::Duration Backoff::Next() {
  const double part = absl::uniform_real_distribution<double>(0.5, 1)(random_);
  const absl::Duration wait = bound_ * part;
  bound_ = std::min(bound_ * 2, options_.max);
  return wait;
}

}  // namespace binferry
