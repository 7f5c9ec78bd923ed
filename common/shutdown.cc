#include "common/shutdown.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/time/clock.h"

namespace binferry {
namespace {

sigset_t ShutdownSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ShutdownSignal>> ShutdownSignal::Create() {
  const sigset_t signals = ShutdownSignals();
  const int error = pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  if (error != 0) return absl::ErrnoToStatus(error, "cannot block signals");
  signal(SIGPIPE, SIG_IGN);
  const int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) return absl::ErrnoToStatus(errno, "cannot create a signalfd");
  return absl::WrapUnique(new ShutdownSignal(fd));
}

ShutdownSignal::~ShutdownSignal() { close(fd_); }

bool ShutdownSignal::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!came_) {
    // In steps, so that an infinite or huge wait fits poll's milliseconds.
    const absl::Duration left =
        std::min(deadline - absl::Now(), absl::Minutes(1));
    if (left <= absl::ZeroDuration() && timeout != absl::ZeroDuration()) {
      return false;
    }
    pollfd poll_fd{.fd = fd_, .events = POLLIN, .revents = 0};
    const int ready = poll(
        &poll_fd, 1,
        static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(
            std::max(left, absl::ZeroDuration()), absl::Milliseconds(1)))));
    if (ready > 0) {
      signalfd_siginfo received;
      if (read(fd_, &received, sizeof(received)) == sizeof(received)) {
        came_ = true;
        const sigset_t signals = ShutdownSignals();
        pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
      }
    } else if (timeout == absl::ZeroDuration()) {
      return false;
    }
  }
  return true;
}

}  // namespace binferry
