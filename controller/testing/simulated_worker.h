// A worker as its heartbeats show it: does what it is told, or what a test says
// it does instead.
#ifndef BINFERRY_CONTROLLER_TESTING_SIMULATED_WORKER_H_
#define BINFERRY_CONTROLLER_TESTING_SIMULATED_WORKER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "binferry/coordination/v1/coordination_service.pb.h"

namespace binferry::controller {

// How it goes with one task.
struct SimulatedRun {
  // What is reported of a task that is to run, and of one that is to drain or
  // finish.
  coordination::v1::RunState run = coordination::v1::RUN_STATE_RUNNING;
  coordination::v1::RunState end = coordination::v1::RUN_STATE_FINISHED;
  // Newer generations are not adopted; 0: all are.
  int64_t last_generation = 0;
};

// Thread-compatible.
class SimulatedWorker {
 public:
  using Send =
      std::function<absl::StatusOr<coordination::v1::HeartbeatResponse>(
          coordination::v1::HeartbeatRequest)>;

  // `beat` is what it announces of itself in each heartbeat.
  SimulatedWorker(Send send, coordination::v1::HeartbeatRequest beat)
      : send_(std::move(send)), beat_(std::move(beat)) {}

  // By uid of the task; all others go well.
  void Set(const std::string& task_uid, const SimulatedRun& run) {
    runs_[task_uid] = run;
  }

  // One heartbeat: tells of what the last answer assigned.
  absl::Status Beat();

  // A new process of the same name, which runs nothing yet.
  void Restart(const std::string& incarnation);

  const coordination::v1::HeartbeatResponse& orders() const { return orders_; }

 private:
  coordination::v1::TaskReport ReportOf(
      const coordination::v1::Assignment& assignment) const;

  const Send send_;
  coordination::v1::HeartbeatRequest beat_;
  std::map<std::string, SimulatedRun> runs_;
  coordination::v1::HeartbeatResponse orders_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_TESTING_SIMULATED_WORKER_H_
