#include "controller/rpc/work_queue.h"

#include <utility>

namespace binferry::controller {

absl::Status WorkQueue::Post(Work work) {
  absl::MutexLock lock(&mu_);
  if (draining_) {
    return absl::UnavailableError("the controller is ending: try again");
  }
  if (ready_.size() >= kMaxQueuedCalls) {
    return absl::UnavailableError(
        "the controller is busy: too many calls wait already; try again");
  }
  ready_.push_back(std::move(work));
  changed_.Signal();
  return absl::OkStatus();
}

void WorkQueue::ContinueAfter(absl::Duration delay, Work work) {
  absl::MutexLock lock(&mu_);
  if (draining_ || delay <= absl::ZeroDuration()) {
    ready_.push_back(std::move(work));
  } else {
    delayed_.emplace(clock_->MonotonicNow() + delay, std::move(work));
  }
  changed_.Signal();
}

void WorkQueue::Drain() {
  absl::MutexLock lock(&mu_);
  draining_ = true;
  for (auto& [time, work] : delayed_) ready_.push_back(std::move(work));
  delayed_.clear();
  changed_.SignalAll();
}

bool WorkQueue::draining() const {
  absl::MutexLock lock(&mu_);
  return draining_;
}

WorkQueue::Work WorkQueue::Take(const std::stop_token& stop) {
  absl::MutexLock lock(&mu_);
  while (true) {
    const MonotonicTime now = clock_->MonotonicNow();
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
      ready_.push_back(std::move(delayed_.begin()->second));
      delayed_.erase(delayed_.begin());
    }
    if (!ready_.empty()) {
      Work work = std::move(ready_.front());
      ready_.pop_front();
      if (!ready_.empty()) changed_.Signal();
      return work;
    }
    if (!delayed_.empty()) {
      changed_.WaitWithTimeout(&mu_, delayed_.begin()->first - now);
    } else if (stop.stop_requested()) {
      return nullptr;
    } else {
      changed_.Wait(&mu_);
    }
  }
}

void WorkQueue::Run(std::stop_token stop) {
  const std::stop_callback wake(stop, [this] {
    absl::MutexLock lock(&mu_);
    changed_.SignalAll();
  });
  while (const Work work = Take(stop)) work();
}

}  // namespace binferry::controller
