// Ending on SIGTERM and SIGINT.
#ifndef BINFERRY_COMMON_SHUTDOWN_H_
#define BINFERRY_COMMON_SHUTDOWN_H_

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace binferry {

// The process's wish to end. Created first thing in main, before any thread
// starts, because threads inherit the blocked signals; main then starts its
// work, calls Wait and stops the work in order.
//
// Thread-compatible.
class ShutdownSignal {
 public:
  // Blocks SIGTERM and SIGINT in the calling thread and ignores SIGPIPE.
  static absl::StatusOr<std::unique_ptr<ShutdownSignal>> Create();
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  // True once a signal has come; false if none came for `timeout`. After the
  // first signal the default action is back: a second one ends the process at
  // once.
  bool Wait(absl::Duration timeout = absl::InfiniteDuration());

 private:
  explicit ShutdownSignal(int fd) : fd_(fd) {}

  const int fd_;
  bool came_ = false;
};

}  // namespace binferry

#endif  // BINFERRY_COMMON_SHUTDOWN_H_
