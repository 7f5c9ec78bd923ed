// The next step of every task.
#ifndef BINFERRY_CONTROLLER_SCHEDULER_PLANNER_H_
#define BINFERRY_CONTROLLER_SCHEDULER_PLANNER_H_

#include <vector>

#include "absl/time/time.h"
#include "controller/model/task_change.h"
#include "controller/scheduler/cluster_snapshot.h"

namespace binferry::controller {

// A task that no worker matches fails to be created after this time.
inline constexpr absl::Duration kCreateTimeout = absl::Minutes(10);
// A task that never ran fails to start when network faults last this long.
inline constexpr absl::Duration kStartTimeout = absl::Minutes(5);
// A failed creation ends by itself after this time.
inline constexpr absl::Duration kCreateFailedKept = absl::Hours(72);
// A task that is only configured keeps its slot so long after its last use.
inline constexpr absl::Duration kUnusedSlotKept = absl::Hours(72);
// A start that comes so long after its time is told of as late.
inline constexpr absl::Duration kLateStart = absl::Minutes(1);
// So many workers are named where none takes a task.
inline constexpr int kMaxNamedRefusals = 20;

// Compares what users want with what workers report and returns the next step
// of each task that has one, at most one a task: the same input gives the same
// steps, and once they are applied, none.
//
// Assignments are sticky: a task leaves a worker only if that is silent for a
// lease, is another process by now, is draining and has stopped the task, or no
// longer suits the placement while another one does. Each grant is a new epoch.
// Among workers that suit, those of a preferred zone come first, then those
// with more free slots.
//
// A task in CONFIGURATION holds a slot for kUnusedSlotKept after its
// `use_time`; the next use gets one again. A task whose precheck is no longer
// ready when its start time comes goes back to CONFIGURATION.
std::vector<TaskChange> Plan(const ClusterSnapshot& snapshot);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_SCHEDULER_PLANNER_H_
