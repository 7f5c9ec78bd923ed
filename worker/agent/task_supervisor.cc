#include "worker/agent/task_supervisor.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "common/log.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

TaskPurpose ToPurpose(pb::Purpose purpose) {
  switch (purpose) {
    case pb::PURPOSE_RUN:
      return TaskPurpose::kRun;
    case pb::PURPOSE_DRAIN:
      return TaskPurpose::kDrain;
    case pb::PURPOSE_FINISH:
      return TaskPurpose::kFinish;
    case pb::PURPOSE_RESERVE:
    case pb::PURPOSE_UNSPECIFIED:
    case pb::Purpose_INT_MIN_SENTINEL_DO_NOT_USE_:
    case pb::Purpose_INT_MAX_SENTINEL_DO_NOT_USE_:
      return TaskPurpose::kReserve;
  }
  return TaskPurpose::kReserve;  // Of a newer controller: start nothing.
}

TaskRunner::Target TargetOf(const pb::Assignment& assignment) {
  return {.generation = Generation(assignment.generation()),
          .retry_count = assignment.retry_count()};
}

// `last` is the report of the run that ended, null if there was none.
pb::TaskReport IdleReport(const pb::Assignment& assignment,
                          const pb::TaskReport* last) {
  pb::TaskReport report;
  report.set_task_uid(assignment.task_uid());
  report.set_epoch(assignment.epoch());
  report.set_state(pb::RUN_STATE_IDLE);
  report.set_retry_count(assignment.retry_count());
  if (last == nullptr || last->epoch() != assignment.epoch()) return report;
  report.set_start_position_committed(last->start_position_committed());
  if (last->has_position()) *report.mutable_position() = last->position();
  if (last->has_counters()) *report.mutable_counters() = last->counters();
  *report.mutable_events() = last->events();
  *report.mutable_log_lines() = last->log_lines();
  return report;
}

}  // namespace

TaskSupervisor::TaskSupervisor(const Options& options) : options_(options) {}

TaskSupervisor::~TaskSupervisor() { InterruptAll(); }

void TaskSupervisor::RenewLease(Entry* entry, const Lease::Grant& grant) {
  if (entry->lease != nullptr && entry->lease->Renew(grant).ok()) return;
  // The first one, another epoch's, or one that was asked for after the last
  // one had expired: the controller, who alone knows, says that the epoch still
  // is ours. The expired lease stays expired for whoever checked it.
  entry->lease = std::make_shared<Lease>(options_.equipment.clock, grant);
  if (entry->run != nullptr &&
      entry->run->runner->identity().epoch == grant.epoch) {
    entry->run->runner->SetLease(entry->lease);
  }
}

void TaskSupervisor::Apply(const pb::HeartbeatResponse& response,
                           MonotonicTime requested_at) {
  const absl::Duration duration = absl::Seconds(response.lease().seconds()) +
                                  absl::Nanoseconds(response.lease().nanos());
  absl::MutexLock lock(&mu_);
  for (auto& [uid, entry] : entries_) entry.assigned.reset();
  for (const pb::Assignment& assignment : response.assignments()) {
    Entry& entry = entries_[assignment.task_uid()];
    entry.assigned = assignment;
    RenewLease(&entry, {.epoch = Epoch(assignment.epoch()),
                        .requested_at = requested_at,
                        .duration = duration});
    if (entry.run != nullptr &&
        entry.run->runner->identity().epoch == Epoch(assignment.epoch())) {
      entry.run->runner->SetTarget(TargetOf(assignment));
    }
  }
  ReconcileLocked();
}

void TaskSupervisor::Reconcile() {
  absl::MutexLock lock(&mu_);
  ReconcileLocked();
}

void TaskSupervisor::ReconcileLocked() {
  for (auto it = entries_.begin(); it != entries_.end();) {
    it = Settle(&it->second) ? entries_.erase(it) : std::next(it);
  }
}

TaskSituation TaskSupervisor::SituationOf(const Entry& entry) const {
  TaskSituation situation;
  situation.draining = draining_;
  situation.lease_live =
      entry.lease != nullptr && entry.lease->CheckLive().ok();
  if (entry.assigned.has_value()) {
    situation.assigned = {.epoch = Epoch(entry.assigned->epoch()),
                          .purpose = ToPurpose(entry.assigned->purpose())};
  }
  if (entry.run != nullptr) {
    const Run& run = *entry.run;
    const absl::Duration leaving_for =
        run.leaving_since.has_value()
            ? options_.equipment.clock->MonotonicNow() - *run.leaving_since
            : absl::ZeroDuration();
    situation.running = {.epoch = run.runner->identity().epoch,
                         .purpose = run.runner->identity().purpose,
                         .ended = run.runner->has_ended(),
                         .leaving = run.leaving_since.has_value(),
                         .slow = leaving_for > options_.patience,
                         .hurried = run.hurried,
                         .overdue = leaving_for > options_.leave_timeout};
  }
  return situation;
}

bool TaskSupervisor::Settle(Entry* entry) {
  while (true) {
    switch (NextTaskStep(SituationOf(*entry))) {
      case TaskStep::kKeep:
        return false;
      case TaskStep::kStart:
        Start(entry);
        return false;
      case TaskStep::kLeave:
        entry->run->leaving_since = options_.equipment.clock->MonotonicNow();
        entry->run->runner->Leave(LeaveAt::kTransactionBoundary);
        return false;
      case TaskStep::kHurry:
        entry->run->hurried = true;
        entry->run->runner->Leave(LeaveAt::kNextCommit);
        return false;
      case TaskStep::kInterrupt:
        entry->run->thread.request_stop();
        return false;
      case TaskStep::kReap:
        entry->last_report = entry->run->runner->Report();
        entry->last_numbers = entry->run->runner->last_numbers();
        entry->run.reset();
        break;
      case TaskStep::kForget:
        return true;
    }
  }
}

void TaskSupervisor::Start(Entry* entry) {
  const pb::Assignment& assignment = *entry->assigned;
  LogInfo("task starts", {{"task_uid", assignment.task_uid()},
                          {"epoch", assignment.epoch()},
                          {"generation", assignment.generation()},
                          {"purpose", pb::Purpose_Name(assignment.purpose())}});
  auto run = std::make_unique<Run>();
  run->runner = std::make_unique<TaskRunner>(
      options_.equipment,
      TaskRunner::Identity{.uid = TaskUid(assignment.task_uid()),
                           .epoch = Epoch(assignment.epoch()),
                           .purpose = ToPurpose(assignment.purpose()),
                           .last_numbers = entry->last_numbers},
      TargetOf(assignment), entry->lease);
  run->thread =
      std::jthread([runner = run->runner.get()](std::stop_token stop) {
        runner->Run(std::move(stop));
      });
  entry->run = std::move(run);
}

bool TaskSupervisor::is_settling() const {
  absl::MutexLock lock(&mu_);
  return std::any_of(entries_.begin(), entries_.end(), [](const auto& item) {
    const Run* run = item.second.run.get();
    return run != nullptr &&
           (run->leaving_since.has_value() ||
            run->runner->Report().state() == pb::RUN_STATE_STARTING);
  });
}

void TaskSupervisor::FillReport(pb::HeartbeatRequest* request) {
  absl::MutexLock lock(&mu_);
  ReconcileLocked();
  for (const auto& [uid, entry] : entries_) {
    if (entry.run != nullptr) {
      *request->add_tasks() = entry.run->runner->Report();
    } else if (entry.assigned.has_value()) {
      *request->add_tasks() = IdleReport(
          *entry.assigned,
          entry.last_report.has_value() ? &*entry.last_report : nullptr);
    }
  }
}

void TaskSupervisor::Acknowledge(const pb::HeartbeatRequest& request) {
  absl::MutexLock lock(&mu_);
  for (const pb::TaskReport& report : request.tasks()) {
    const auto found = entries_.find(report.task_uid());
    if (found == entries_.end()) continue;
    Entry& entry = found->second;
    if (entry.run == nullptr && entry.last_report.has_value() &&
        entry.last_report->epoch() == report.epoch()) {
      entry.last_report->clear_events();
      entry.last_report->clear_log_lines();
      continue;
    }
    if (entry.run == nullptr ||
        entry.run->runner->identity().epoch != Epoch(report.epoch())) {
      continue;
    }
    entry.run->runner->Acknowledge(
        {.event =
             report.events().empty() ? 0 : report.events().rbegin()->number(),
         .log_line = report.log_lines().empty()
                         ? 0
                         : report.log_lines().rbegin()->number()});
  }
}

void TaskSupervisor::Drain() {
  absl::MutexLock lock(&mu_);
  draining_ = true;
  ReconcileLocked();
}

void TaskSupervisor::InterruptAll() {
  absl::MutexLock lock(&mu_);
  draining_ = true;
  for (auto& [uid, entry] : entries_) {
    if (entry.run != nullptr) entry.run->thread.request_stop();
  }
}

bool TaskSupervisor::AwaitIdle(absl::Duration timeout) {
  constexpr absl::Duration kPollPeriod = absl::Milliseconds(20);
  const MonotonicTime deadline =
      options_.equipment.clock->MonotonicNow() + timeout;
  while (true) {
    {
      absl::MutexLock lock(&mu_);
      ReconcileLocked();
      const bool is_idle = std::none_of(
          entries_.begin(), entries_.end(),
          [](const auto& item) { return item.second.run != nullptr; });
      if (is_idle) return true;
    }
    if (options_.equipment.clock->MonotonicNow() >= deadline) return false;
    absl::SleepFor(kPollPeriod);
  }
}

}  // namespace binferry::worker
