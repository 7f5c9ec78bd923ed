// What happened to a task, for people.
#ifndef BINFERRY_CONTROLLER_MODEL_EVENT_H_
#define BINFERRY_CONTROLLER_MODEL_EVENT_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace binferry::controller {

struct TaskEvent {
  absl::Time time;
  std::string reason;  // One word: "STATE", "ASSIGNED", "FENCED", "START", ...
  std::string message;
  // Who did it: a user's name or address, "controller" or "worker NAME".
  std::string actor;
  // Of a user's action "OK" or the name of a status code; else "".
  std::string result;
};

// What a user did to a task, or tried to.
struct UserEvent {
  std::string reason;  // The verb: "START", "UPDATE", ...
  std::string message;
  std::string actor;
  std::string result;
};

// Numbered as binferry.v1.TaskLogLevel.
enum class TaskLogLevel { kInfo = 1, kWarning, kError };

struct TaskLogLine {
  absl::Time time;
  TaskLogLevel level = TaskLogLevel::kInfo;
  std::string message;
  std::string worker;
};

// So many of a task's events and log lines are kept, the newest.
inline constexpr size_t kMaxEventsPerTask = 1'000;
inline constexpr size_t kMaxLogLinesPerTask = 10'000;

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_EVENT_H_
