#include "worker/agent/fault_kind.h"

#include "common/retry.h"

namespace binferry::worker {

FaultKind KindOfFault(const absl::Status& error) {
  if (IsRetryable(error)) return FaultKind::kPassing;
  switch (error.code()) {
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return FaultKind::kRefused;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kUnimplemented:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kOutOfRange:
      return FaultKind::kLasting;
    case absl::StatusCode::kOk:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::
        kDoNotUseReservedForFutureExpansionUseDefaultInSwitchInstead_:
      return FaultKind::kDoubtful;
  }
  return FaultKind::kDoubtful;  // A code of a newer library.
}

}  // namespace binferry::worker
