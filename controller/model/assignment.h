// What a worker is told to do.
#ifndef BINFERRY_CONTROLLER_MODEL_ASSIGNMENT_H_
#define BINFERRY_CONTROLLER_MODEL_ASSIGNMENT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"
#include "controller/model/probe.h"
#include "controller/model/task_state.h"

namespace binferry::controller {

// Numbered as binferry.coordination.v1.Purpose.
enum class Purpose { kReserve = 1, kRun, kFinish, kDrain };

// What decides on the purpose of a task.
struct Wish {
  TaskState state = TaskState::kCreating;
  DesiredState desired = DesiredState::kConfigured;
  StopMode stop_mode = StopMode::kNow;
};

// What the worker that has a task should do with it. A pause withdraws kRun the
// moment it is asked for, a stop orders kFinish or kDrain; a failed task only
// holds its slot, so that a worker that starts anew does not run it again
// unasked.
Purpose PurposeOf(const Wish& wish);

struct Order {
  TaskUid task_uid;
  Epoch epoch;
  Generation generation;
  Purpose purpose = Purpose::kReserve;
  int64_t retry_count = 0;

  friend bool operator==(const Order&, const Order&) = default;
};

// Everything that one worker should run, and the questions it should answer.
struct WorkerOrders {
  std::vector<Order> orders;  // By uid.
  std::vector<Probe> probes;  // By id.

  // A short text that differs when orders or the set of probes differ; times
  // left don't count.
  std::string Version() const;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_ASSIGNMENT_H_
