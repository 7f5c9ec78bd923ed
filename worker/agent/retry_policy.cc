#include "worker/agent/retry_policy.h"

#include "worker/agent/fault_kind.h"

namespace binferry::worker {

RetryPolicy::RetryPolicy(const Options& options, absl::BitGenRef random)
    : passing_(options.passing, random), refused_(options.refused, random) {}

std::optional<absl::Duration> RetryPolicy::OnFault(const absl::Status& fault) {
  ++attempts_;
  switch (KindOfFault(fault)) {
    case FaultKind::kPassing:
      return passing_.Next();
    case FaultKind::kRefused:
      if (++refusals_ >= kMaxTries) return std::nullopt;
      return refused_.Next();
    case FaultKind::kLasting:
      return std::nullopt;
    case FaultKind::kDoubtful:
      if (++doubts_ >= kMaxTries) return std::nullopt;
      return passing_.Next();
  }
  return std::nullopt;
}

void RetryPolicy::Reset() {
  attempts_ = 0;
  refusals_ = 0;
  doubts_ = 0;
  passing_.Reset();
  refused_.Reset();
}

}  // namespace binferry::worker
