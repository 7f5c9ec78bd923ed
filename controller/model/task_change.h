// One step of the planner for one task.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_CHANGE_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_CHANGE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "common/ids.h"
#include "controller/model/task_report.h"
#include "controller/model/task_state.h"
#include "controller/model/worker.h"

namespace binferry::controller {

// Applied as one compare-and-set: nothing happens if the task's version is no
// longer `version`.
struct TaskChange {
  struct StateChange {
    TaskState state = TaskState::kCreating;
    std::string message;
    std::optional<Fault> failure;  // Only with failed states.
  };
  // For the task's history.
  struct Note {
    std::string reason;  // E.g. "LATE_START".
    std::string message;
  };
  // A grant under a new epoch.
  struct Grant {
    WorkerIdentity worker;
    Epoch epoch;
    std::string reason;  // For the event.
  };

  TaskUid uid;
  int64_t version = 0;
  std::optional<StateChange> state;
  std::optional<Grant> grant;
  // The worker loses the task, and why; not with `grant`.
  std::optional<std::string> release;
  // What the present state waits for; not with `state`.
  std::optional<std::string> state_message;
  std::optional<Note> note;

  bool empty() const {
    return !state.has_value() && !grant.has_value() && !release.has_value() &&
           !state_message.has_value() && !note.has_value();
  }
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_CHANGE_H_
