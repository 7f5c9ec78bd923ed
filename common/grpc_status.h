// absl::Status <-> grpc::Status, details included.
#ifndef BINFERRY_COMMON_GRPC_STATUS_H_
#define BINFERRY_COMMON_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binferry {

// The same code and message; StatusDetails become google.rpc.BadRequest,
// PreconditionFailure and ErrorInfo (domain "binferry") in the trailer
// `grpc-status-details-bin`.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The way back; details of unknown types are left out.
absl::Status FromGrpcStatus(const grpc::Status& status);

// The code that absl::StatusCodeToString calls `name`, e.g. "NOT_FOUND".
std::optional<absl::StatusCode> StatusCodeOf(absl::string_view name);

}  // namespace binferry

#endif  // BINFERRY_COMMON_GRPC_STATUS_H_
