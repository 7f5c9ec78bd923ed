#include "controller/api/held_probe.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/grpc_status.h"
#include "common/status_macros.h"

namespace binferry::controller {
namespace {

namespace pb = coordination::v1;

// gRPC itself ends a call at its deadline: the answer that says why comes a
// little before.
constexpr absl::Duration kBeforeDeadline = absl::Milliseconds(300);

absl::Duration TimeOf(const grpc::CallbackServerContext& context) {
  const auto now = std::chrono::system_clock::now();
  if (context.deadline() >
      now + absl::ToChronoSeconds(kMaxProbeTime + kBeforeDeadline)) {
    return kMaxProbeTime;
  }
  const absl::Duration left = absl::FromChrono(context.deadline() - now);
  return std::max(left - kBeforeDeadline, absl::Milliseconds(1));
}

absl::Status StatusOf(const pb::ProbeFault& fault) {
  const std::optional<absl::StatusCode> code = StatusCodeOf(fault.code());
  const bool is_error = code.has_value() && *code != absl::StatusCode::kOk;
  return absl::Status(is_error ? *code : absl::StatusCode::kUnknown,
                      fault.message());
}

}  // namespace

HeldProbe* HeldProbe::Start(const Services& services,
                            grpc::CallbackServerContext* context,
                            absl::StatusOr<Call> call) {
  const std::shared_ptr<HeldProbe> held(
      new HeldProbe(services, TimeOf(*context)));
  held->self_ = held;
  absl::Status begun = call.status();
  if (begun.ok()) {
    held->call_ = *std::move(call);
    begun = held->Begin(context);
  }
  if (!begun.ok()) held->End(begun);
  return held.get();
}

// Subscribed before the question is asked, so that no answer is missed.
absl::Status HeldProbe::Begin(grpc::CallbackServerContext* context) {
  BINFERRY_RETURN_IF_ERROR(services_.runner->readiness()->Check());
  // The callback holds no reference: OnDone cancels the subscription first.
  BINFERRY_ASSIGN_OR_RETURN(subscription_,
                            services_.feed->SubscribeTask(
                                call_.task, [this](const Change&) { Wake(); }));
  return services_.runner->queue()->Post(
      [self = shared_from_this(), context] { self->Ask(context); });
}

void HeldProbe::OnDone() {
  subscription_.Cancel();
  // Destroys this object, unless queued work still holds it.
  const std::shared_ptr<HeldProbe> self = std::move(self_);
}

void HeldProbe::OnCancel() {
  {
    absl::MutexLock lock(&mu_);
    cancelled_ = true;
  }
  Wake();
}

void HeldProbe::Ask(const grpc::CallbackServerContext* context) {
  absl::Status status = CallRunner::CheckWanted(*context);
  if (status.ok() && call_.prepare) status = call_.prepare();
  if (status.ok()) {
    absl::StatusOr<ProbeStore::Asked> asked =
        services_.probes->Ask({.task = call_.task,
                               .bytes = call_.question.SerializeAsString(),
                               .purpose = call_.purpose,
                               .time = time_});
    status = asked.status();
    if (asked.ok()) asked_ = *std::move(asked);
  }
  if (!status.ok()) {
    End(status);
    return;
  }
  deadline_ = services_.clock->Now() + time_;
  Look();
}

void HeldProbe::Look() {
  bool is_cancelled = false;
  {
    absl::MutexLock lock(&mu_);
    is_cancelled = cancelled_;
  }
  absl::Status status;
  if (is_cancelled) {
    status = absl::CancelledError("cancelled");
  } else if (services_.runner->queue()->draining()) {
    status = absl::UnavailableError("the controller is ending: ask again");
  } else {
    const absl::StatusOr<std::optional<std::string>> answer =
        services_.probes->ReadAnswer(asked_.id);
    if (answer.ok() && !answer->has_value() &&
        services_.clock->Now() < deadline_) {
      Hold();
      return;
    }
    status = !answer.ok()           ? answer.status()
             : !answer->has_value() ? TooLate()
                                    : Accept(**answer);
  }
  // A row that is left, because PostgreSQL is away, goes with its time.
  services_.probes->Forget(asked_.id).IgnoreError();
  End(status);
}

absl::Status HeldProbe::Accept(const std::string& answer) {
  pb::ProbeResult result;
  if (!result.ParseFromString(answer)) {
    return absl::InternalError("the worker's answer can't be read");
  }
  if (result.has_fault()) return StatusOf(result.fault());
  return call_.accept(result);
}

absl::Status HeldProbe::TooLate() const {
  const std::string time =
      absl::FormatDuration(absl::Trunc(time_, absl::Milliseconds(100)));
  if (asked_.worker.value().empty()) {
    return absl::DeadlineExceededError(absl::StrCat(
        "no worker with a free slot that matches task.placement was found "
        "within ",
        time, ": see binferry worker list"));
  }
  return absl::DeadlineExceededError(absl::StrCat(
      "worker ", asked_.worker.value(), " did not answer within ", time,
      ": see whether it runs (binferry worker list), and give it more time "
      "(at most 2 minutes) where a server is slow"));
}

void HeldProbe::Hold() {
  absl::MutexLock lock(&mu_);
  const bool again = changed_ || cancelled_;
  changed_ = false;
  if (again) {
    services_.runner->queue()->ContinueAfter(
        absl::ZeroDuration(), [self = shared_from_this()] { self->Look(); });
    return;
  }
  phase_ = Phase::kHeld;
  services_.runner->queue()->ContinueAfter(
      std::max(deadline_ - services_.clock->Now(), absl::ZeroDuration()),
      [weak = weak_from_this(), wait = ++wait_] {
        const std::shared_ptr<HeldProbe> self = weak.lock();
        if (self == nullptr) return;
        {
          absl::MutexLock self_lock(&self->mu_);
          if (self->phase_ != Phase::kHeld || self->wait_ != wait) return;
          self->phase_ = Phase::kLooking;
        }
        self->Look();
      });
}

void HeldProbe::Wake() {
  absl::MutexLock lock(&mu_);
  if (phase_ != Phase::kHeld) {
    changed_ = true;
    return;
  }
  phase_ = Phase::kLooking;
  services_.runner->queue()->ContinueAfter(
      absl::ZeroDuration(), [self = shared_from_this()] { self->Look(); });
}

void HeldProbe::End(const absl::Status& status) {
  if (call_.finished) call_.finished(status);
  Finish(ToGrpcStatus(status));
}

}  // namespace binferry::controller
