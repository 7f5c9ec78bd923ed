// What a task does about an error.
#ifndef BINFERRY_WORKER_AGENT_FAULT_KIND_H_
#define BINFERRY_WORKER_AGENT_FAULT_KIND_H_

#include "absl/status/status.h"

namespace binferry::worker {

enum class FaultKind {
  // Passes by itself: tried again for ever, with growing waits. UNAVAILABLE,
  // ABORTED, DEADLINE_EXCEEDED.
  kPassing,
  // Stays until a person acts, and trying again may harm (an account gets
  // locked): the task fails at once. INVALID_ARGUMENT, FAILED_PRECONDITION,
  // NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, UNAUTHENTICATED,
  // UNIMPLEMENTED, DATA_LOSS, OUT_OF_RANGE.
  kLasting,
  // Could be either: a few attempts, then the task fails. INTERNAL, UNKNOWN,
  // RESOURCE_EXHAUSTED, and CANCELLED that nobody asked for.
  kDoubtful,
};

// Attempts in a row that a doubtful fault gets.
inline constexpr int kMaxDoubtfulAttempts = 3;

// `error` is not OK.
FaultKind KindOfFault(const absl::Status& error);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_FAULT_KIND_H_
