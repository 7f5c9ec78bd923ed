// Who makes a call.
#ifndef BINFERRY_CONTROLLER_RPC_CALLER_H_
#define BINFERRY_CONTROLLER_RPC_CALLER_H_

#include <grpcpp/grpcpp.h>

#include <string>

namespace binferry::controller {

// The common name in the caller's verified client certificate; of a caller
// without one its address without the port, e.g. "192.0.2.7". Never empty.
std::string CallerOf(const grpc::CallbackServerContext& context);

// What of `peer`, as gRPC writes it ("ipv4:192.0.2.7:3306", "ipv6:%5B::1%5D:1",
// "unix:"), people call the address.
std::string AddressOfPeer(const std::string& peer);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_CALLER_H_
