#include "worker/agent/fault_remedy.h"

#include "common/remedy.h"

namespace binferry::worker {
namespace {

std::string RemedyForCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return "check the server and the network between it and the worker; the "
             "task goes on by itself once the cause is gone";
    case absl::StatusCode::kAborted:
      return "nothing: the task goes on by itself; if this repeats, make sure "
             "that no other task or program uses this task's server id or "
             "transactional id";
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return "correct the user name, password or certificate of the task, or "
             "grant what is missing, then retry the task";
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kOutOfRange:
      return "remove the cause, or update the task, then retry it";
    case absl::StatusCode::kUnimplemented:
      return "update the task to do without it, or run it on a worker of a "
             "newer version, then retry it";
    case absl::StatusCode::kDataLoss:
      return "what is missing can't be had again: reset the task to a new "
             "start position, and synchronize anew what it missed";
    case absl::StatusCode::kResourceExhausted:
      return "raise the limit that the message names, then retry the task";
    case absl::StatusCode::kOk:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::
        kDoNotUseReservedForFutureExpansionUseDefaultInSwitchInstead_:
      break;
  }
  return "retry the task; if it fails again, report it with the worker's log "
         "of this time";
}

}  // namespace

std::string RemedyForFault(const absl::Status& fault) {
  const std::string own = RemedyOf(fault);
  return own.empty() ? RemedyForCode(fault.code()) : own;
}

}  // namespace binferry::worker
