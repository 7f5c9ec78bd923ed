// Bounds of what goes through gRPC.
#ifndef BINFERRY_CONTROLLER_RPC_MESSAGE_LIMITS_H_
#define BINFERRY_CONTROLLER_RPC_MESSAGE_LIMITS_H_

#include <cstddef>

namespace binferry::controller {

// Of one message, sent or received, on both listeners.
inline constexpr int kMaxMessageBytes = 32 * 1024 * 1024;
// Of one task's definition, so that a task with its status and secrets always
// fits a message.
inline constexpr size_t kMaxTaskBytes = 16 * 1024 * 1024;
// A page of a listing ends before it grows beyond this.
inline constexpr size_t kMaxPageBytes = 8 * 1024 * 1024;

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_MESSAGE_LIMITS_H_
