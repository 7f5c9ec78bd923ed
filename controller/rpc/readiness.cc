#include "controller/rpc/readiness.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace binferry::controller {
namespace {

constexpr absl::Duration kStopPoll = absl::Milliseconds(100);

}  // namespace

absl::Status Readiness::Check() const {
  absl::MutexLock lock(&mu_);
  if (ready_) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "the controller's database is not ready: ", reason_.message()));
}

void Readiness::SetWaiting(const absl::Status& reason) {
  absl::MutexLock lock(&mu_);
  reason_ = reason;
}

void Readiness::SetReady() {
  absl::MutexLock lock(&mu_);
  ready_ = true;
}

bool Readiness::Wait(std::stop_token stop) const {
  absl::MutexLock lock(&mu_);
  while (!stop.stop_requested()) {
    if (mu_.AwaitWithTimeout(absl::Condition(&ready_), kStopPoll)) return true;
  }
  return false;
}

}  // namespace binferry::controller
