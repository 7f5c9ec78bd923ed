#include "worker/agent/probe_runner.h"

#include <utility>

#include "absl/random/random.h"
#include "common/log.h"
#include "common/retry.h"
#include "worker/agent/stoppable_wait.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

// Answers are at most 1 MiB a call; one is a few sentences.
constexpr size_t kMaxMessageBytes = 16'000;

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

void ProbeRunner::Answer(const Waiting& waiting, const std::stop_token& stop) {
  const pb::Probe& probe = waiting.probe;
  const auto time_left = [&] {
    return waiting.deadline - clock_->MonotonicNow();
  };
  absl::BitGen random;
  Backoff backoff({}, random);
  absl::StatusOr<std::string> found = absl::UnavailableError("not asked");
  while (!stop.stop_requested() && time_left() > absl::ZeroDuration()) {
    const absl::StatusOr<pb::GetTaskSpecResponse> spec =
        client_->GetTaskSpec(probe.task_uid(), probe.epoch(), stop);
    if (spec.ok()) {
      found = execute_(probe.kind(), *spec, time_left(), stop);
      break;
    }
    if (!IsRetryable(spec.status())) return;  // Not ours any more.
    WaitUnlessStopped(stop, backoff.Next());
  }
  if (stop.stop_requested()) return;
  pb::ProbeResult result;
  result.set_id(probe.id());
  result.set_passed(found.ok());
  result.set_message(std::string(found.ok() ? absl::string_view(*found)
                                            : found.status().message())
                         .substr(0, kMaxMessageBytes));
  LogInfo("probe answered", {{"task_uid", probe.task_uid()},
                             {"kind", pb::ProbeKind_Name(probe.kind())},
                             {"passed", found.ok()}});
  while (time_left() > absl::ZeroDuration()) {
    const absl::Status status = client_->ReportProbeResult(result, stop);
    if (!IsRetryable(status) || stop.stop_requested()) return;
    WaitUnlessStopped(stop, backoff.Next());
  }
}

}  // namespace binferry::worker
