#include "worker/agent/lease.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace binferry::worker {

Lease::Lease(const Clock* clock, const Grant& grant)
    : clock_(clock),
      epoch_(grant.epoch),
      expires_at_(grant.requested_at + grant.duration) {}

absl::Status Lease::Renew(const Grant& grant) {
  if (grant.epoch != epoch_) {
    return absl::FailedPreconditionError(
        absl::StrCat("a grant for epoch ", grant.epoch.value(),
                     " can't renew the lease of epoch ", epoch_.value()));
  }
  absl::MutexLock lock(&mu_);
  BINFERRY_RETURN_IF_ERROR(CheckLiveLocked());
  expires_at_ = std::max(expires_at_, grant.requested_at + grant.duration);
  return absl::OkStatus();
}

absl::Status Lease::CheckLive() const {
  absl::MutexLock lock(&mu_);
  return CheckLiveLocked();
}

absl::Status Lease::CheckLiveLocked() const {
  if (!expired_ && clock_->MonotonicNow() >= expires_at_) expired_ = true;
  if (!expired_) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the lease of epoch ", epoch_.value(),
      " is over: no controller has renewed it, and another worker may have "
      "the task; nothing is started until a controller grants it again"));
}

}  // namespace binferry::worker
