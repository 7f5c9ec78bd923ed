#include "worker/agent/event_throttle.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace binferry::worker {
namespace {

std::string WithNumber(absl::string_view message, int64_t more) {
  if (more == 0) return std::string(message);
  return absl::StrCat(message, " (and ", more,
                      " more since the last event of this kind)");
}

}  // namespace

EventThrottle::EventThrottle(const Clock* clock, Tell tell)
    : clock_(clock), tell_(std::move(tell)) {}

void EventThrottle::Add(absl::string_view reason, absl::string_view message) {
  int64_t more = 0;
  {
    absl::MutexLock lock(&mu_);
    const MonotonicTime now = clock_->MonotonicNow();
    const auto [it, is_first] = reasons_.try_emplace(std::string(reason));
    Reason& state = it->second;
    if (!is_first && now - state.told_at < kPeriod) {
      ++state.held_back;
      state.last_message = std::string(message);
      return;
    }
    state.told_at = now;
    more = std::exchange(state.held_back, 0);
  }
  tell_(reason, WithNumber(message, more));
}

void EventThrottle::TellDue() {
  TellAll(Take(clock_->MonotonicNow() + -kPeriod));
}

void EventThrottle::TellRest() { TellAll(Take(clock_->MonotonicNow())); }

std::vector<EventThrottle::Event> EventThrottle::Take(MonotonicTime until) {
  std::vector<Event> events;
  absl::MutexLock lock(&mu_);
  for (auto& [reason, state] : reasons_) {
    if (state.held_back == 0 || state.told_at > until) continue;
    state.told_at = clock_->MonotonicNow();
    const int64_t more = std::exchange(state.held_back, 0) - 1;
    events.push_back({reason, WithNumber(state.last_message, more)});
  }
  return events;
}

void EventThrottle::TellAll(const std::vector<Event>& events) const {
  for (const Event& event : events) tell_(event.reason, event.message);
}

}  // namespace binferry::worker
