// What a task's run has to tell.
#ifndef BINFERRY_WORKER_AGENT_TASK_JOURNAL_H_
#define BINFERRY_WORKER_AGENT_TASK_JOURNAL_H_

#include <cstddef>
#include <cstdint>
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
#include "common/log.h"
#include "worker/agent/unreported_queue.h"

namespace binferry::worker {

// How far the messages of a task under one epoch are numbered.
struct JournalNumbers {
  int64_t event = 0;
  int64_t log_line = 0;
};

// State, faults, events and log lines of one task under one epoch, until a
// controller has them. Thread-safe.
class TaskJournal {
 public:
  // That no controller has taken yet; beyond it the oldest goes.
  static constexpr size_t kMaxPendingEvents = 100;
  static constexpr size_t kMaxPendingLogLines = 500;
  // In one report.
  static constexpr size_t kMaxReportedEvents = 20;
  static constexpr size_t kMaxReportedLogLines = 50;

  // `clock` must outlive this object. Messages are numbered behind `last`,
  // those of the run before it under the same epoch: the controller takes a
  // number that it has seen for a repeat.
  explicit TaskJournal(const Clock* clock, const JournalNumbers& last = {})
      : clock_(clock),
        events_({kMaxPendingEvents, kMaxReportedEvents}, last.event),
        log_lines_({kMaxPendingLogLines, kMaxReportedLogLines}, last.log_line) {
  }

  void SetState(coordination::v1::RunState state);
  // A fault after which the task tries again in `retry_in`, or, unset, gives
  // up. `attempts` in a row, since the one that was told with 1, ended so.
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
  void AddLogLine(LogLevel level, absl::string_view line);
  // A controller has what is numbered up to `numbers`.
  void Acknowledge(const JournalNumbers& numbers) ABSL_LOCKS_EXCLUDED(mu_);
  JournalNumbers last_numbers() const ABSL_LOCKS_EXCLUDED(mu_);

  // Sets state, last_error, found_epoch, events and log_lines.
  void FillReport(coordination::v1::TaskReport* report) const;

 private:
  v1::Fault MakeFault(const absl::Status& fault, int attempts) const;

  const Clock* const clock_;
  mutable absl::Mutex mu_;
  coordination::v1::RunState state_ ABSL_GUARDED_BY(mu_) =
      coordination::v1::RUN_STATE_STARTING;
  std::optional<v1::Fault> fault_ ABSL_GUARDED_BY(mu_);
  // Of the first of the faults in a row.
  absl::Time first_fault_time_ ABSL_GUARDED_BY(mu_);
  std::optional<v1::Fault> edit_fault_ ABSL_GUARDED_BY(mu_);
  Epoch found_epoch_ ABSL_GUARDED_BY(mu_);
  UnreportedQueue<coordination::v1::ReportedEvent> events_ ABSL_GUARDED_BY(mu_);
  UnreportedQueue<coordination::v1::ReportedLogLine> log_lines_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TASK_JOURNAL_H_
