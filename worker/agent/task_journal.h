// What a task's run has to tell.
#ifndef BINFERRY_WORKER_AGENT_TASK_JOURNAL_H_
#define BINFERRY_WORKER_AGENT_TASK_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/assignment.pb.h"
#include "binferry/v1/task.pb.h"
#include "common/clock.h"
#include "common/ids.h"

namespace binferry::worker {

// State, faults and events of one task under one epoch, until a controller has
// them. Thread-safe.
class TaskJournal {
 public:
  // Events that no controller has taken yet; beyond it the oldest goes.
  static constexpr size_t kMaxPendingEvents = 100;
  // In one report.
  static constexpr size_t kMaxReportedEvents = 20;
  static constexpr size_t kMaxMessageBytes = 2000;

  // `clock` must outlive this object. Events are numbered behind
  // `last_event_number`, that of the run before it under the same epoch: the
  // controller takes a number that it has seen for a repeat.
  explicit TaskJournal(const Clock* clock, int64_t last_event_number = 0)
      : clock_(clock), last_event_number_(last_event_number) {}

  void SetState(coordination::v1::RunState state);
  // A fault after which the task tries again in `retry_in`, or, unset, gives
  // up. `attempts` in a row ended so.
  void SetFault(const absl::Status& fault, int attempts,
                std::optional<absl::Duration> retry_in);
  // The task is well, but for a generation that it could not adopt.
  void ClearFault();
  bool has_fault() const;
  // A new generation could not be adopted; shown until ClearEditFault.
  void SetEditFault(const absl::Status& fault);
  void ClearEditFault();
  void SetFoundEpoch(Epoch found);

  void AddEvent(absl::string_view reason, absl::string_view message);
  void AcknowledgeEvents(int64_t number);
  int64_t last_event_number() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return last_event_number_;
  }

  // Sets state, last_error, found_epoch and events.
  void FillReport(coordination::v1::TaskReport* report) const;

 private:
  v1::Fault MakeFault(const absl::Status& fault, int attempts) const;

  const Clock* const clock_;
  mutable absl::Mutex mu_;
  coordination::v1::RunState state_ ABSL_GUARDED_BY(mu_) =
      coordination::v1::RUN_STATE_STARTING;
  std::optional<v1::Fault> fault_ ABSL_GUARDED_BY(mu_);
  std::optional<v1::Fault> edit_fault_ ABSL_GUARDED_BY(mu_);
  Epoch found_epoch_ ABSL_GUARDED_BY(mu_);
  int64_t last_event_number_ ABSL_GUARDED_BY(mu_);
  std::deque<coordination::v1::ReportedEvent> events_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TASK_JOURNAL_H_
