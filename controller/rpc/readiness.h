// Whether the store may be used yet.
#ifndef BINFERRY_CONTROLLER_RPC_READINESS_H_
#define BINFERRY_CONTROLLER_RPC_READINESS_H_

#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace binferry::controller {

// A controller listens before it has seen PostgreSQL. Until the schema is
// brought up to date once, every call is answered UNAVAILABLE with the reason.
// Later the store itself says so when PostgreSQL is away.
//
// Thread-safe.
class Readiness {
 public:
  // OK, or UNAVAILABLE saying what is waited for.
  absl::Status Check() const ABSL_LOCKS_EXCLUDED(mu_);

  // Why it is not ready yet.
  void SetWaiting(const absl::Status& reason) ABSL_LOCKS_EXCLUDED(mu_);
  void SetReady() ABSL_LOCKS_EXCLUDED(mu_);

  // False if `stop` came first.
  bool Wait(std::stop_token stop) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  mutable absl::Mutex mu_;
  bool ready_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status reason_ ABSL_GUARDED_BY(mu_) =
      absl::UnavailableError("the controller has just started");
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_READINESS_H_
