#include "worker/agent/task_runner.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/agent/fault_kind.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

// An attempt that ran so long counts as a success whatever it carried: the
// faults of a quiet source don't add up.
constexpr absl::Duration kLongRun = absl::Minutes(1);

// How often a new generation's spec is asked for while it can't be had.
constexpr absl::Duration kEditRetryPeriod = absl::Seconds(5);

// Tables change slowly, and twenty of them are more than all else.
constexpr absl::Duration kTablesPeriod = absl::Seconds(10);

// A controller that refuses us the task knows better who has it; its next
// answer to a heartbeat tells. No fault of the user's spec.
absl::Status AsPassing(const absl::Status& refusal) {
  if (refusal.ok() || KindOfFault(refusal) == FaultKind::kPassing) {
    return refusal;
  }
  return absl::AbortedError(refusal.message());
}

}  // namespace

TaskRunner::TaskRunner(const TaskRunnerEquipment& equipment,
                       const Identity& identity, const Target& target,
                       std::shared_ptr<const Lease> lease)
    : equipment_(equipment),
      identity_(identity),
      policy_(equipment.retry, random_),
      journal_(equipment.clock, identity.last_numbers),
      log_(identity.uid, identity.epoch, &journal_),
      alerts_(equipment.clock,
              [this](absl::string_view reason, absl::string_view message) {
                TellEvent(reason, message);
              }),
      target_(target),
      taken_up_{.generation = Generation(), .retry_count = target.retry_count},
      lease_(std::move(lease)) {}

void TaskRunner::Run(std::stop_token stop) {
  const std::stop_callback wake(stop, [this] {
    absl::MutexLock lock(&mu_);
    woken_ = true;
  });
  while (AwaitLease(stop)) {
    const TaskProgress before = [this] {
      absl::MutexLock lock(&mu_);
      return progress_;
    }();
    const MonotonicTime began = equipment_.clock->MonotonicNow();
    const absl::Status status = Attempt(stop);
    {
      absl::MutexLock lock(&mu_);
      if (Advanced(before, progress_) ||
          (was_running_ &&
           equipment_.clock->MonotonicNow() - began > kLongRun)) {
        policy_.Reset();
      }
    }
    AfterAttempt(status, stop);
  }
  alerts_.TellRest();
  absl::MutexLock lock(&mu_);
  ended_ = true;
}

bool TaskRunner::IsDone(const std::stop_token& stop) const {
  absl::MutexLock lock(&mu_);
  return leaving_ || stop.stop_requested();
}

absl::Status TaskRunner::CheckLease() const {
  std::shared_ptr<const Lease> lease;
  {
    absl::MutexLock lock(&mu_);
    lease = lease_;
  }
  return lease->CheckLive();
}

bool TaskRunner::AwaitLease(const std::stop_token& stop) {
  while (!IsDone(stop)) {
    const absl::Status live = CheckLease();
    if (live.ok()) return true;
    if (!journal_.has_fault()) {
      journal_.SetFault(absl::UnavailableError(live.message()), 1,
                        absl::ZeroDuration());
    }
    Pause(absl::Seconds(1), stop);
  }
  return false;
}

absl::StatusOr<TaskRunner::Spec> TaskRunner::FetchSpec(
    const std::stop_token& stop) {
  absl::StatusOr<Spec> spec = equipment_.fetch_spec(
      identity_.uid.value(), identity_.epoch.value(), stop);
  if (!spec.ok()) return AsPassing(spec.status());
  // What was claimed in this process may not have been stored in the answer.
  if (spec_.has_value() && !spec->runtime().has_state_partition() &&
      spec_->runtime().has_state_partition()) {
    spec->mutable_runtime()->set_state_partition(
        spec_->runtime().state_partition());
    spec->mutable_runtime()->set_kafka_cluster_id(
        spec_->runtime().kafka_cluster_id());
  }
  return spec;
}

absl::Status TaskRunner::TakeUp(const Target& target,
                                const std::stop_token& stop) {
  absl::StatusOr<Spec> fetched = FetchSpec(stop);
  if (fetched.ok()) {
    journal_.ClearEditFault();
    spec_ = *std::move(fetched);
    absl::MutexLock lock(&mu_);
    // It may have the password that the one before lacked.
    if (taken_up_.generation != target.generation) policy_.Reset();
    taken_up_.generation = target.generation;
    return absl::OkStatus();
  }
  if (!spec_.has_value()) return fetched.status();
  // The one that ran before goes on; SetTarget sees to the next try.
  journal_.SetEditFault(fetched.status());
  if (last_good_.has_value()) spec_ = last_good_;
  absl::MutexLock lock(&mu_);
  next_edit_at_ = equipment_.clock->MonotonicNow() + kEditRetryPeriod;
  return absl::OkStatus();
}

absl::Status TaskRunner::Attempt(const std::stop_token& stop) {
  Target target;
  bool is_new_target = false;
  {
    absl::MutexLock lock(&mu_);
    was_running_ = false;
    woken_ = false;
    target = target_;
    if (target.retry_count != taken_up_.retry_count) policy_.Reset();
    is_new_target = !(target == taken_up_);
    taken_up_.retry_count = target.retry_count;
  }
  if (!spec_.has_value() || is_new_target) {
    BINFERRY_RETURN_IF_ERROR(TakeUp(target, stop));
  }
  {
    // What this process has seen counts, whatever the spec said when it came.
    absl::MutexLock lock(&mu_);
    if (progress_.start_position_committed) {
      spec_->mutable_runtime()->set_start_position_committed(true);
    }
  }
  BINFERRY_ASSIGN_OR_RETURN(std::shared_ptr<TaskAttempt> attempt,
                            equipment_.make_attempt(*spec_, Surroundings()));
  {
    absl::MutexLock lock(&mu_);
    if (leaving_ || stop.stop_requested()) return absl::OkStatus();
    attempt_ = attempt;
  }
  const absl::Status status = attempt->Run(stop);
  absl::MutexLock lock(&mu_);
  progress_ = Together(progress_, attempt->Progress());
  attempt_ = nullptr;
  return status;
}

AttemptSurroundings TaskRunner::Surroundings() {
  return {
      .task_uid = identity_.uid,
      .epoch = identity_.epoch,
      .purpose = identity_.purpose,
      // Whoever asks fails with it, and waits for the next lease.
      .check_lease = [this] { return AsPassing(CheckLease()); },
      .claim_partition = [this](
                             const std::string& cluster_id,
                             std::stop_token stop) -> absl::StatusOr<int32_t> {
        const pb::TaskRuntime& runtime = spec_->runtime();
        if (runtime.has_state_partition() &&
            runtime.kafka_cluster_id() == cluster_id) {
          return runtime.state_partition();
        }
        absl::StatusOr<int32_t> claimed = equipment_.claim_partition(
            identity_.uid.value(), identity_.epoch.value(), cluster_id,
            std::move(stop));
        if (!claimed.ok()) return AsPassing(claimed.status());
        spec_->mutable_runtime()->set_state_partition(*claimed);
        spec_->mutable_runtime()->set_kafka_cluster_id(cluster_id);
        return claimed;
      },
      .on_running = [this] { OnRunning(); },
      .on_newer_epoch = [this](Epoch found) { journal_.SetFoundEpoch(found); },
      .drain_end = &drain_end_,
      .log = &log_,
      .on_event =
          [this](absl::string_view reason, absl::string_view message) {
            TellEvent(reason, message);
          },
      .on_alert =
          [this](absl::string_view reason, absl::string_view message) {
            alerts_.Add(reason, message);
          },
  };
}

void TaskRunner::TellEvent(absl::string_view reason,
                           absl::string_view message) {
  log_.Info("task event", {{"reason", reason}, {"detail", message}});
  journal_.AddEvent(reason, message);
}

void TaskRunner::OnRunning() {
  const bool is_recovery = journal_.has_fault();
  if (is_recovery) {
    TellEvent("RECOVERED", "row changes are carried again");
  }
  journal_.ClearFault();
  journal_.SetState(pb::RUN_STATE_RUNNING);
  log_.Info("task runs", {{"generation", spec_->task().generation()}});
  absl::MutexLock lock(&mu_);
  was_running_ = true;
  if (is_recovery) ++recoveries_;
  running_generation_ = spec_->task().generation();
  last_good_ = spec_;
}

bool TaskRunner::FallBack(const absl::Status& fault) {
  if (!last_good_.has_value()) return false;
  if (last_good_->task().generation() == spec_->task().generation()) {
    last_good_.reset();
    return false;
  }
  const FaultKind kind = KindOfFault(fault);
  if (kind != FaultKind::kLasting && kind != FaultKind::kRefused) return false;
  {
    absl::MutexLock lock(&mu_);
    if (was_running_) return false;
  }
  journal_.SetEditFault(fault);
  TellEvent("EDIT_FAILED",
            absl::StrCat("generation ", spec_->task().generation(),
                         " can't be run, generation ",
                         last_good_->task().generation(),
                         " goes on: ", fault.message()));
  spec_ = last_good_;
  return true;
}

void TaskRunner::AfterAttempt(const absl::Status& status,
                              const std::stop_token& stop) {
  if (IsDone(stop)) {
    if (!status.ok()) log_.Info("task left with an error", {{"error", status}});
    return;
  }
  if (status.ok()) {
    {
      absl::MutexLock lock(&mu_);
      if (!progress_.is_finished) return;  // A new generation.
    }
    journal_.ClearFault();
    journal_.SetState(pb::RUN_STATE_FINISHED);
    log_.Info("task finished");
    while (!IsDone(stop)) Pause(absl::Minutes(1), stop);
    return;
  }
  if (FallBack(status)) return;
  const std::optional<absl::Duration> wait = policy_.OnFault(status);
  if (!wait.has_value()) {
    GiveUp(status, stop);
    return;
  }
  log_.Warning(
      "task is tried again",
      {{"attempts", policy_.attempts()}, {"wait", *wait}, {"error", status}});
  journal_.SetFault(status, policy_.attempts(), *wait);
  Pause(*wait, stop);
}

void TaskRunner::GiveUp(const absl::Status& fault,
                        const std::stop_token& stop) {
  log_.Error("task failed",
             {{"attempts", policy_.attempts()}, {"error", fault}});
  journal_.SetFault(fault, policy_.attempts(), std::nullopt);
  const auto was_asked_again = [this] {
    absl::MutexLock lock(&mu_);
    return target_.retry_count != taken_up_.retry_count;
  };
  while (!IsDone(stop) && !was_asked_again()) Pause(absl::Minutes(1), stop);
  if (IsDone(stop)) return;
  journal_.ClearFault();
  journal_.SetState(pb::RUN_STATE_STARTING);
}

void TaskRunner::Pause(absl::Duration at_most, const std::stop_token& stop) {
  absl::MutexLock lock(&mu_);
  if (leaving_ || stop.stop_requested()) return;
  mu_.AwaitWithTimeout(absl::Condition(&woken_), at_most);
  woken_ = false;
}

void TaskRunner::SetTarget(const Target& target) {
  std::shared_ptr<TaskAttempt> attempt;
  {
    absl::MutexLock lock(&mu_);
    if (!(target == target_)) {
      woken_ = true;
      next_edit_at_ = MonotonicTime();
    }
    target_ = target;
    if (target.generation == taken_up_.generation &&
        target.retry_count == taken_up_.retry_count) {
      return;
    }
    if (equipment_.clock->MonotonicNow() < next_edit_at_) return;
    attempt = attempt_;
  }
  if (attempt != nullptr) attempt->Leave(LeaveAt::kTransactionBoundary);
}

void TaskRunner::SetLease(std::shared_ptr<const Lease> lease) {
  absl::MutexLock lock(&mu_);
  lease_ = std::move(lease);
  woken_ = true;
}

void TaskRunner::Leave(LeaveAt at) {
  std::shared_ptr<TaskAttempt> attempt;
  {
    absl::MutexLock lock(&mu_);
    leaving_ = true;
    woken_ = true;
    attempt = attempt_;
  }
  if (attempt != nullptr) attempt->Leave(at);
}

bool TaskRunner::has_ended() const {
  absl::MutexLock lock(&mu_);
  return ended_;
}

pb::TaskReport TaskRunner::Report() {
  alerts_.TellDue();
  pb::TaskReport report;
  report.set_task_uid(identity_.uid.value());
  report.set_epoch(identity_.epoch.value());
  journal_.FillReport(&report);
  std::shared_ptr<TaskAttempt> attempt;
  TaskProgress progress;
  uint64_t recoveries = 0;
  {
    absl::MutexLock lock(&mu_);
    recoveries = recoveries_;
    report.set_generation(running_generation_);
    report.set_retry_count(taken_up_.retry_count);
    attempt = attempt_;
    progress = progress_;
  }
  if (attempt != nullptr) progress = Together(progress, attempt->Progress());
  ReportProgress(progress, &report);
  // Until the checkpoint is read nothing is known of it, and the controller
  // keeps what it knows.
  if (report.has_counters()) {
    report.mutable_counters()->set_recoveries(recoveries);
  }
  return report;
}

void TaskRunner::ReportProgress(const TaskProgress& progress,
                                pb::TaskReport* report) {
  report->set_start_position_committed(progress.start_position_committed);
  if (progress.position.has_value()) {
    *report->mutable_position() = *progress.position;
    *report->mutable_counters() = progress.counters;
  }
  if (progress.source_position.has_value()) {
    *report->mutable_source_position() = *progress.source_position;
  }
  if (report->state() == pb::RUN_STATE_RUNNING) {
    if (progress.lag_ms.has_value()) report->set_lag_ms(*progress.lag_ms);
    if (progress.load.has_value()) *report->mutable_load() = *progress.load;
  }
  if (progress.top_tables.empty()) return;
  absl::MutexLock lock(&mu_);
  const MonotonicTime now = equipment_.clock->MonotonicNow();
  if (now < next_tables_at_) return;
  next_tables_at_ = now + kTablesPeriod;
  for (const v1::TableCounters& table : progress.top_tables) {
    *report->add_top_tables() = table;
  }
}

}  // namespace binferry::worker
