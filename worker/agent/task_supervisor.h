// All tasks of this worker.
#ifndef BINFERRY_WORKER_AGENT_TASK_SUPERVISOR_H_
#define BINFERRY_WORKER_AGENT_TASK_SUPERVISOR_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/coordination_service.pb.h"
#include "common/clock.h"
#include "worker/agent/lease.h"
#include "worker/agent/task_runner.h"
#include "worker/agent/task_step.h"

namespace binferry::worker {

// Keeps what runs equal to what is assigned: compares the whole of both, and
// takes the steps that NextTaskStep says. Reports each task that is assigned or
// still runs.
//
// Owns a thread per running task, since tasks come and go with assignments; it
// is the worker's part of that duty (threads otherwise belong to Worker).
//
// Thread-safe. Steps take no I/O: they start threads and tell runs to end.
class TaskSupervisor {
 public:
  struct Options {
    TaskRunnerEquipment equipment;
    // A run that was told to leave ends at the end of a source transaction,
    // after `patience` inside of one (an edit that comes meanwhile can't be
    // adopted before that one's end), and is interrupted after `leave_timeout`.
    absl::Duration patience = absl::Seconds(2);
    absl::Duration leave_timeout = absl::Seconds(30);
  };

  explicit TaskSupervisor(const Options& options);
  // Interrupts all runs and waits for them.
  ~TaskSupervisor();

  // `response` is a controller's answer to a heartbeat that was sent at
  // `requested_at`.
  void Apply(const coordination::v1::HeartbeatResponse& response,
             MonotonicTime requested_at) ABSL_LOCKS_EXCLUDED(mu_);

  // Takes the steps that are due without news of the controller.
  void Reconcile() ABSL_LOCKS_EXCLUDED(mu_);

  // Adds a report of each task, behind the steps that are due.
  void FillReport(coordination::v1::HeartbeatRequest* request)
      ABSL_LOCKS_EXCLUDED(mu_);
  // True while a run starts or leaves: there will soon be more to report.
  bool is_settling() const ABSL_LOCKS_EXCLUDED(mu_);
  // The events and log lines of `request` have reached a controller.
  void Acknowledge(const coordination::v1::HeartbeatRequest& request)
      ABSL_LOCKS_EXCLUDED(mu_);

  // From now on nothing is started, and every run leaves.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);
  // Interrupts every run. Nothing is started any more.
  void InterruptAll() ABSL_LOCKS_EXCLUDED(mu_);
  // True once nothing runs; false if something still does after `timeout`.
  bool AwaitIdle(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Run {
    std::unique_ptr<TaskRunner> runner;
    std::optional<MonotonicTime> leaving_since;
    bool hurried = false;
    std::jthread thread;  // Last: ends before the runner does.
  };
  struct Entry {
    std::optional<coordination::v1::Assignment> assigned;
    std::shared_ptr<Lease> lease;
    std::unique_ptr<Run> run;
    // Of the run that ended: what it reached is told until another runs.
    std::optional<coordination::v1::TaskReport> last_report;
    JournalNumbers last_numbers;  // Of that run.
  };

  void RenewLease(Entry* entry, const Lease::Grant& grant);
  TaskSituation SituationOf(const Entry& entry) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Start(Entry* entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Takes steps until none is due. True if the entry is to be forgotten.
  bool Settle(Entry* entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReconcileLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Options options_;
  mutable absl::Mutex mu_;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mu_);  // By task uid.
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TASK_SUPERVISOR_H_
