#include "worker/agent/probe_runner.h"

#include <utility>

#include "absl/random/random.h"
#include "common/log.h"
#include "common/retry.h"
#include "worker/agent/report_text.h"
#include "worker/agent/stoppable_wait.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

pb::ProbeResult FaultResult(const absl::Status& fault) {
  pb::ProbeResult result;
  result.mutable_fault()->set_code(absl::StatusCodeToString(fault.code()));
  result.mutable_fault()->set_message(ReportText(fault.message()));
  return result;
}

}  // namespace

ProbeRunner::ProbeRunner(const Clock* clock, CoordinationClient* client,
                         Execute execute)
    : clock_(clock), client_(client), execute_(std::move(execute)) {}

void ProbeRunner::Submit(const pb::Probe& probe) {
  const absl::Duration time_left = absl::Seconds(probe.time_left().seconds()) +
                                   absl::Nanoseconds(probe.time_left().nanos());
  if (time_left <= absl::ZeroDuration()) return;
  absl::MutexLock lock(&mu_);
  if (waiting_.size() >= kMaxWaiting) return;
  if (!seen_.insert(probe.id()).second) return;
  seen_in_order_.push_back(probe.id());
  if (seen_in_order_.size() > kMaxSeen) {
    seen_.erase(seen_in_order_.front());
    seen_in_order_.pop_front();
  }
  waiting_.push_back(
      {.probe = probe, .deadline = clock_->MonotonicNow() + time_left});
}

void ProbeRunner::Run(std::stop_token stop) {
  const std::stop_callback wake(stop, [this] { absl::MutexLock lock(&mu_); });
  while (true) {
    Waiting next;
    {
      absl::MutexLock lock(&mu_);
      const auto is_due = [this, &stop]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
        return stop.stop_requested() || !waiting_.empty();
      };
      mu_.Await(absl::Condition(&is_due));
      if (stop.stop_requested()) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    Answer(next, stop);
  }
}

void ProbeRunner::InterruptOverdue() {
  absl::MutexLock lock(&mu_);
  const MonotonicTime now = clock_->MonotonicNow();
  for (Execution* execution : executed_) {
    if (execution->deadline <= now) execution->interrupt.request_stop();
  }
}

absl::Duration ProbeRunner::TimeLeft(const Waiting& waiting) const {
  return waiting.deadline - clock_->MonotonicNow();
}

std::optional<pb::ProbeResult> ProbeRunner::Ask(const Waiting& waiting,
                                                const std::stop_token& stop) {
  const pb::Probe& probe = waiting.probe;
  absl::BitGen random;
  Backoff backoff({}, random);
  while (!stop.stop_requested() && TimeLeft(waiting) > absl::ZeroDuration()) {
    const absl::StatusOr<pb::GetTaskSpecResponse> spec =
        client_->GetTaskSpec(probe.task_uid(), probe.epoch(), stop);
    if (spec.ok()) {
      absl::StatusOr<pb::ProbeResult> answer =
          execute_(probe, *spec, TimeLeft(waiting), stop);
      if (answer.ok() && answer->ByteSizeLong() > kMaxResultBytes) {
        answer = absl::InternalError("the answer is too large");
      }
      pb::ProbeResult result =
          answer.ok() ? *std::move(answer) : FaultResult(answer.status());
      result.set_id(probe.id());
      result.set_generation(spec->task().generation());
      return result;
    }
    if (!IsRetryable(spec.status())) return std::nullopt;
    WaitUnlessStopped(stop, backoff.Next());
  }
  return std::nullopt;
}

void ProbeRunner::Answer(const Waiting& waiting, const std::stop_token& stop) {
  Execution execution{.deadline = waiting.deadline, .interrupt = {}};
  {
    absl::MutexLock lock(&mu_);
    executed_.insert(&execution);
  }
  std::optional<pb::ProbeResult> result;
  {
    const std::stop_callback interrupt(
        stop, [&execution] { execution.interrupt.request_stop(); });
    result = Ask(waiting, execution.interrupt.get_token());
  }
  {
    absl::MutexLock lock(&mu_);
    executed_.erase(&execution);
  }
  if (!result.has_value()) return;
  LogInfo("probe answered", {{"task_uid", waiting.probe.task_uid()},
                             {"probe", result->id()},
                             {"fault", result->fault().code()}});
  absl::BitGen random;
  Backoff backoff({}, random);
  while (!stop.stop_requested() && TimeLeft(waiting) > absl::ZeroDuration()) {
    const absl::Status status = client_->ReportProbeResult(*result, stop);
    if (!IsRetryable(status)) return;
    WaitUnlessStopped(stop, backoff.Next());
  }
}

}  // namespace binferry::worker
