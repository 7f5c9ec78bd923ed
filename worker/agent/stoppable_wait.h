// Waiting that ends when it is no longer wanted.
#ifndef BINFERRY_WORKER_AGENT_STOPPABLE_WAIT_H_
#define BINFERRY_WORKER_AGENT_STOPPABLE_WAIT_H_

#include <stop_token>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace binferry::worker {

// Returns after `duration`, or as soon as `stop` is requested.
inline void WaitUnlessStopped(const std::stop_token& stop,
                              absl::Duration duration) {
  absl::Notification stopped;
  const std::stop_callback notify(stop, [&stopped] { stopped.Notify(); });
  stopped.WaitForNotificationWithTimeout(duration);
}

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_STOPPABLE_WAIT_H_
