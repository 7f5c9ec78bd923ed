// One step of the planner for one task.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_CHANGE_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_CHANGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "controller/model/probe.h"
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
  bool release = false;  // The worker loses the task; not with `grant`.
  std::vector<ProbeKind> probes;  // To be asked of the task's worker.

  bool empty() const {
    return !state.has_value() && !grant.has_value() && !release &&
           probes.empty();
  }
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_CHANGE_H_
