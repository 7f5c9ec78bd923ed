// One task of this worker, under one epoch, for one purpose.
#ifndef BINFERRY_WORKER_AGENT_TASK_RUNNER_H_
#define BINFERRY_WORKER_AGENT_TASK_RUNNER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/coordination_service.pb.h"
#include "common/clock.h"
#include "common/ids.h"
#include "worker/agent/event_throttle.h"
#include "worker/agent/lease.h"
#include "worker/agent/retry_policy.h"
#include "worker/agent/task_attempt.h"
#include "worker/agent/task_journal.h"
#include "worker/agent/task_log.h"
#include "worker/agent/task_progress.h"

namespace binferry::worker {

// What a runner needs of its worker.
struct TaskRunnerEquipment {
  const Clock* clock = nullptr;  // Outlives the runner.
  std::function<absl::StatusOr<coordination::v1::GetTaskSpecResponse>(
      const std::string& task_uid, int64_t epoch, std::stop_token stop)>
      fetch_spec;
  std::function<absl::StatusOr<int32_t>(
      const std::string& task_uid, int64_t epoch,
      const std::string& kafka_cluster_id, std::stop_token stop)>
      claim_partition;
  AttemptFactory make_attempt;
  RetryPolicy::Options retry;
};

// Makes attempts until one ends as asked: fetches the spec when its generation
// is new, keeps it, waits between attempts as RetryPolicy says, and gives up
// where it does. A request to retry, and a new generation while it waits, count
// as a new beginning: it is tried at once.
//
// No attempt begins without a live lease; one that runs doesn't end with it. A
// controller that is away stops neither an attempt nor, while the lease is
// live, a recovery, because the spec and the state partition are kept.
//
// A new generation is adopted at a source transaction boundary. If it turns out
// to be wrong before it carries anything, the one before goes on, if it was
// well, and the fault is shown.
//
// Thread-safe: one thread is in Run, others call the rest.
class TaskRunner {
 public:
  struct Identity {
    TaskUid uid;
    Epoch epoch;
    TaskPurpose purpose = TaskPurpose::kRun;
    // Of an earlier run under this epoch; see TaskJournal.
    JournalNumbers last_numbers = {};
  };
  // What the assignment asks for.
  struct Target {
    Generation generation;
    // Another value than before: forget the fault and start anew.
    int64_t retry_count = 0;

    friend bool operator==(const Target&, const Target&) = default;
  };

  TaskRunner(const TaskRunnerEquipment& equipment, const Identity& identity,
             const Target& target, std::shared_ptr<const Lease> lease);

  const Identity& identity() const { return identity_; }

  // Returns when the task has left as asked, or, soon, when `stop` was
  // requested.
  void Run(std::stop_token stop) ABSL_LOCKS_EXCLUDED(mu_);

  void SetTarget(const Target& target) ABSL_LOCKS_EXCLUDED(mu_);
  // A lease of the same epoch, in place of one that has expired.
  void SetLease(std::shared_ptr<const Lease> lease) ABSL_LOCKS_EXCLUDED(mu_);
  // Ends Run, an attempt that is under way at `at`. May be repeated with a
  // nearer place.
  void Leave(LeaveAt at) ABSL_LOCKS_EXCLUDED(mu_);
  bool has_ended() const ABSL_LOCKS_EXCLUDED(mu_);

  // Alerts that were held back and are due are in it as events.
  coordination::v1::TaskReport Report() ABSL_LOCKS_EXCLUDED(mu_);
  // Events and log lines up to `numbers` have reached a controller.
  void Acknowledge(const JournalNumbers& numbers) {
    journal_.Acknowledge(numbers);
  }
  JournalNumbers last_numbers() const { return journal_.last_numbers(); }

 private:
  using Spec = coordination::v1::GetTaskSpecResponse;

  // True once an attempt may begin; false if there is to be none.
  bool AwaitLease(const std::stop_token& stop);
  // Fetches the spec, makes an attempt of it and runs it.
  absl::Status Attempt(const std::stop_token& stop);
  absl::StatusOr<Spec> FetchSpec(const std::stop_token& stop);
  // Makes `spec_` the one to run under `target`.
  absl::Status TakeUp(const Target& target, const std::stop_token& stop);
  AttemptSurroundings Surroundings();
  void TellEvent(absl::string_view reason, absl::string_view message);
  // Sees to what follows: the next attempt, a wait before it, or the end.
  void AfterAttempt(const absl::Status& status, const std::stop_token& stop);
  // True if the fault came from a new generation and the one before is taken up
  // again.
  bool FallBack(const absl::Status& fault);
  // Shows that the task failed, until it is asked to try again.
  void GiveUp(const absl::Status& fault, const std::stop_token& stop);
  // Waits, but not on when something changes what to do.
  void Pause(absl::Duration at_most, const std::stop_token& stop);
  bool IsDone(const std::stop_token& stop) const;
  absl::Status CheckLease() const;
  void OnRunning();
  // The part of Report that an attempt fills.
  void ReportProgress(const TaskProgress& progress,
                      coordination::v1::TaskReport* report)
      ABSL_LOCKS_EXCLUDED(mu_);

  const TaskRunnerEquipment equipment_;
  const Identity identity_;

  // Of the thread in Run.
  absl::BitGen random_;
  RetryPolicy policy_;
  std::optional<Spec> spec_;       // The one to run.
  std::optional<Spec> last_good_;  // The last one that carried changes, if that
                                   // was not ended by a fault.
  std::optional<DrainEnd> drain_end_;

  TaskJournal journal_;
  TaskLog log_;
  EventThrottle alerts_;

  mutable absl::Mutex mu_;
  Target target_ ABSL_GUARDED_BY(mu_);
  // What the last attempt took up: the generation once its spec was there.
  Target taken_up_ ABSL_GUARDED_BY(mu_);
  // A spec that could not be fetched is asked for again then.
  MonotonicTime next_edit_at_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const Lease> lease_ ABSL_GUARDED_BY(mu_);
  bool leaving_ ABSL_GUARDED_BY(mu_) = false;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool woken_ ABSL_GUARDED_BY(mu_) = false;
  // Set by the attempt.
  bool was_running_ ABSL_GUARDED_BY(mu_) = false;
  int64_t running_generation_ ABSL_GUARDED_BY(mu_) = 0;
  std::shared_ptr<TaskAttempt> attempt_ ABSL_GUARDED_BY(mu_);
  TaskProgress progress_ ABSL_GUARDED_BY(mu_);  // Of the attempts before.
  uint64_t recoveries_ ABSL_GUARDED_BY(mu_) = 0;
  // When tables are reported again.
  MonotonicTime next_tables_at_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TASK_RUNNER_H_
