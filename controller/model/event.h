// What happened to a task, for people.
#ifndef BINFERRY_CONTROLLER_MODEL_EVENT_H_
#define BINFERRY_CONTROLLER_MODEL_EVENT_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace binferry::controller {

struct TaskEvent {
  absl::Time time;
  std::string reason;  // One word: "STATE", "ASSIGNED", "FENCED", ...
  std::string message;
};

// So many of a task's events are kept, the newest.
inline constexpr size_t kMaxEventsPerTask = 200;

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_EVENT_H_
