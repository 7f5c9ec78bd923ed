// absl::Status <-> grpc::Status, details included.
#ifndef BINFERRY_COMMON_GRPC_STATUS_H_
#define BINFERRY_COMMON_GRPC_STATUS_H_

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace binferry {

// The same code and message; StatusDetails become google.rpc.BadRequest,
// PreconditionFailure and ErrorInfo (domain "binferry") in the trailer
// `grpc-status-details-bin`.
grpc::Status ToGrpcStatus(const absl::Status& status);

// The way back; details of unknown types are left out.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace binferry

#endif  // BINFERRY_COMMON_GRPC_STATUS_H_
