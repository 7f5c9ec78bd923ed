// What a task does about an error.
#ifndef BINFERRY_WORKER_AGENT_FAULT_KIND_H_
#define BINFERRY_WORKER_AGENT_FAULT_KIND_H_

#include "absl/status/status.h"

namespace binferry::worker {

enum class FaultKind {
  // Passes by itself: tried again for ever, with growing waits. UNAVAILABLE,
  // ABORTED, DEADLINE_EXCEEDED.
  kPassing,
  // The source or the destination turned us away. May be the moment of a
  // password's change, but many tries get an account locked: a few, then the
  // task fails. UNAUTHENTICATED, PERMISSION_DENIED.
  kRefused,
  // Stays until a person acts: the task fails at once. INVALID_ARGUMENT,
  // FAILED_PRECONDITION, NOT_FOUND, ALREADY_EXISTS, UNIMPLEMENTED, DATA_LOSS,
  // OUT_OF_RANGE.
  kLasting,
  // Could be either: a few attempts, then the task fails. INTERNAL, UNKNOWN,
  // RESOURCE_EXHAUSTED, and CANCELLED that nobody asked for.
  kDoubtful,
};

// `error` is not OK.
FaultKind KindOfFault(const absl::Status& error);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_FAULT_KIND_H_
