// What the planner decides on.
#ifndef BINFERRY_CONTROLLER_SCHEDULER_CLUSTER_SNAPSHOT_H_
#define BINFERRY_CONTROLLER_SCHEDULER_CLUSTER_SNAPSHOT_H_

#include <vector>

#include "absl/time/time.h"
#include "controller/model/task.h"
#include "controller/model/worker.h"

namespace binferry::controller {

struct ClusterSnapshot {
  // Wall time, for start times and deadlines of states.
  absl::Time now;
  std::vector<Task> tasks;
  // `silent_for` on this planner's monotonic clock, from when it first saw the
  // worker's newest heartbeat: a planner that has just gained the lock has seen
  // nobody be silent yet.
  std::vector<Worker> workers;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_SCHEDULER_CLUSTER_SNAPSHOT_H_
