#include "worker/agent/heartbeater.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "common/retry.h"
#include "common/status_macros.h"
#include "worker/agent/stoppable_wait.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

void SetDuration(absl::Duration value, google::protobuf::Duration* out) {
  absl::Duration rest;
  out->set_seconds(absl::IDivDuration(value, absl::Seconds(1), &rest));
  out->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
}

}  // namespace

Heartbeater::Heartbeater(const Options& options, const Clock* clock,
                         CoordinationClient* client, TaskSupervisor* supervisor,
                         ProbeRunner* probes)
    : options_(options),
      clock_(clock),
      client_(client),
      supervisor_(supervisor),
      probes_(probes) {}

pb::HeartbeatRequest Heartbeater::MakeRequest(absl::Duration max_hold) {
  pb::HeartbeatRequest request;
  *request.mutable_worker() = client_->identity();
  request.set_sequence(++sequence_);
  *request.mutable_place() = options_.place;
  request.set_slots(options_.slots);
  request.set_version(options_.version);
  {
    absl::MutexLock lock(&mu_);
    request.set_draining(draining_);
  }
  supervisor_->FillReport(&request);
  SetDuration(max_hold, request.mutable_max_hold());
  request.set_seen_version(seen_version_);
  return request;
}

absl::Status Heartbeater::Beat(absl::Duration timeout, absl::Duration max_hold,
                               std::stop_token stop) {
  probes_->InterruptOverdue();
  const pb::HeartbeatRequest request = MakeRequest(max_hold);
  const MonotonicTime sent_at = clock_->MonotonicNow();
  absl::StatusOr<pb::HeartbeatResponse> response =
      client_->Heartbeat(request, timeout, stop);
  if (!response.ok()) {
    supervisor_->Reconcile();
    return response.status();
  }
  seen_version_ = response->version();
  supervisor_->Acknowledge(request);
  supervisor_->Apply(*response, sent_at);
  for (const pb::Probe& probe : response->probes()) probes_->Submit(probe);
  return absl::OkStatus();
}

absl::Status Heartbeater::Run(std::stop_token stop) {
  Backoff backoff({.initial = absl::Milliseconds(200), .max = absl::Seconds(1)},
                  random_);
  while (!stop.stop_requested()) {
    const MonotonicTime began = clock_->MonotonicNow();
    const std::string seen = seen_version_;
    const absl::Duration hold =
        supervisor_->is_settling() ? options_.settling_hold : options_.max_hold;
    const absl::Status status = Beat(options_.call_timeout, hold, stop);
    if (stop.stop_requested()) break;
    if (absl::IsFailedPrecondition(status)) return status;
    Note(status);
    absl::Duration wait;
    if (status.ok()) {
      backoff.Reset();
      // A controller that holds no answer is not asked without a pause; news
      // may be followed by more.
      const absl::Duration period =
          seen == seen_version_ ? hold : options_.min_period;
      wait = period - (clock_->MonotonicNow() - began);
    } else {
      wait = backoff.Next();
    }
    WaitUnlessStopped(stop, wait);
  }
  return absl::OkStatus();
}

void Heartbeater::SetDraining() {
  absl::MutexLock lock(&mu_);
  draining_ = true;
}

absl::Status Heartbeater::Farewell(absl::Duration timeout) {
  return Beat(timeout, absl::ZeroDuration(), std::stop_token());
}

void Heartbeater::Note(const absl::Status& status) {
  if (was_noted_ && status.ok() == is_connected_) return;
  was_noted_ = true;
  is_connected_ = status.ok();
  if (status.ok()) {
    LogInfo("controller answers", {});
  } else {
    LogWarning("no controller answers; what runs goes on", {{"error", status}});
  }
}

}  // namespace binferry::worker
