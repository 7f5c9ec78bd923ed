// When a task that failed is tried again, and when no more.
#ifndef BINFERRY_WORKER_AGENT_RETRY_POLICY_H_
#define BINFERRY_WORKER_AGENT_RETRY_POLICY_H_

#include <optional>

#include "absl/random/bit_gen_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/retry.h"

namespace binferry::worker {

// Counts the faults of one task since it last got on. Faults that pass are
// tried again for ever; refused and doubtful ones get kMaxTries each, whatever
// passes in between; lasting ones none. Thread-compatible.
class RetryPolicy {
 public:
  // The tries that a refused or doubtful fault gets in all.
  static constexpr int kMaxTries = 3;

  struct Options {
    Backoff::Options passing{.initial = absl::Milliseconds(100),
                             .max = absl::Seconds(30)};
    // Longer: whoever changes a password does so at two places.
    Backoff::Options refused{.initial = absl::Seconds(2),
                             .max = absl::Seconds(30)};
  };

  // `random` must outlive this object.
  RetryPolicy(const Options& options, absl::BitGenRef random);

  // The wait before the next attempt; nothing: give up.
  std::optional<absl::Duration> OnFault(const absl::Status& fault);

  // The task got on, or begins anew.
  void Reset();

  // Faults since then.
  int attempts() const { return attempts_; }

 private:
  Backoff passing_;
  Backoff refused_;
  int attempts_ = 0;
  int refusals_ = 0;
  int doubts_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_RETRY_POLICY_H_
