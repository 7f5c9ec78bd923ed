// A worker process, put together.
#ifndef BINFERRY_WORKER_WORKER_H_
#define BINFERRY_WORKER_WORKER_H_

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/agent/coordination_client.h"
#include "worker/agent/heartbeater.h"
#include "worker/agent/probe_runner.h"
#include "worker/agent/task_supervisor.h"
#include "worker/options.h"

namespace binferry::worker {

// Builds the parts, wires them, owns their threads and stops them in order.
// Works from its creation on. Thread-compatible.
class Worker {
 public:
  // All of Drain takes no longer.
  static constexpr absl::Duration kDrainTimeout = absl::Seconds(9);

  // FAILED_PRECONDITION and errors of files: the TLS files can't be used.
  static absl::StatusOr<std::unique_ptr<Worker>> Start(
      const WorkerOptions& options);

  // Interrupts whatever still runs.
  ~Worker();

  // True once a newer process of this worker's name has taken over: nothing
  // may go on, and there is nothing to give back.
  bool is_superseded() const { return superseded_; }

  // Lets all tasks leave at their next Kafka transaction, gives the leases
  // back and ends the conversation with the controllers. DEADLINE_EXCEEDED if
  // some task could not be ended in time: the process should then end without
  // waiting for it. Its epoch is fenced as if it had been killed.
  absl::Status Drain();

 private:
  Worker(const WorkerOptions& options,
         std::shared_ptr<grpc::ChannelCredentials> credentials);

  const SystemClock clock_;
  CoordinationClient client_;
  TaskSupervisor supervisor_;
  ProbeRunner probes_;
  Heartbeater heartbeater_;
  std::atomic<bool> superseded_ = false;

  std::vector<std::jthread> probe_threads_;
  std::jthread heartbeat_thread_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_WORKER_H_
