// Events of a task that may come in floods.
#ifndef BINFERRY_WORKER_AGENT_EVENT_THROTTLE_H_
#define BINFERRY_WORKER_AGENT_EVENT_THROTTLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"

namespace binferry::worker {

// Tells of at most one event per reason and minute. Of those that come in
// between the last one is told when the minute is over, and with it how many
// more were held back. Nothing is told by itself: somebody calls TellDue.
// Thread-safe.
class EventThrottle {
 public:
  using Tell =
      std::function<void(absl::string_view reason, absl::string_view message)>;

  static constexpr absl::Duration kPeriod = absl::Minutes(1);

  // `clock` must outlive this object. `tell` is called from the thread that
  // calls this object, by several at a time if several do.
  EventThrottle(const Clock* clock, Tell tell);

  // `reason` is one of a fixed set of words.
  void Add(absl::string_view reason, absl::string_view message)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Tells what was held back of each reason whose minute is over.
  void TellDue() ABSL_LOCKS_EXCLUDED(mu_);

  // Tells what was held back at all, before nobody asks any more.
  void TellRest() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Reason {
    MonotonicTime told_at;
    int64_t held_back = 0;     // Since then,
    std::string last_message;  // of which this is the last.
  };
  struct Event {
    std::string reason;
    std::string message;
  };

  // Takes the events that were held back, of reasons told of at `until` or
  // before.
  std::vector<Event> Take(MonotonicTime until) ABSL_LOCKS_EXCLUDED(mu_);
  void TellAll(const std::vector<Event>& events) const;

  const Clock* const clock_;
  const Tell tell_;
  absl::Mutex mu_;
  std::map<std::string, Reason, std::less<>> reasons_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_EVENT_THROTTLE_H_
