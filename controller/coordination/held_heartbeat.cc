#include "controller/coordination/held_heartbeat.h"

#include <utility>

#include "common/grpc_status.h"
#include "common/status_macros.h"

namespace binferry::controller {

HeldHeartbeat* HeldHeartbeat::Start(
    const Services& services, grpc::CallbackServerContext* context,
    const coordination_v1::HeartbeatRequest* request,
    coordination_v1::HeartbeatResponse* response) {
  const std::shared_ptr<HeldHeartbeat> call(
      new HeldHeartbeat(services, request, response));
  call->self_ = call;
  absl::Status started = services.runner->readiness()->Check();
  if (started.ok()) started = call->Subscribe();
  if (started.ok()) {
    started = services.runner->queue()->Post(
        [call, context] { call->Store(context); });
  }
  if (!started.ok()) call->Answer(started);
  return call.get();
}

void HeldHeartbeat::OnDone() {
  subscription_.Cancel();
  // Destroys this object, unless queued work still holds it.
  const std::shared_ptr<HeldHeartbeat> self = std::move(self_);
}

// Before the heartbeat is stored, so that no change is missed.
absl::Status HeldHeartbeat::Subscribe() {
  BINFERRY_ASSIGN_OR_RETURN(heartbeat_, HeartbeatFromProto(*request_));
  if (HoldFromProto(*request_) <= absl::ZeroDuration()) return absl::OkStatus();
  // The callback holds no reference: OnDone cancels the subscription first.
  BINFERRY_ASSIGN_OR_RETURN(
      subscription_,
      services_.feed->SubscribeWorker(heartbeat_.worker.name,
                                      [this](const Change&) { Wake(); }));
  return absl::OkStatus();
}

void HeldHeartbeat::Store(grpc::CallbackServerContext* context) {
  if (const absl::Status wanted = CallRunner::CheckWanted(*context);
      !wanted.ok()) {
    Answer(wanted);
    return;
  }
  const absl::StatusOr<WorkerOrders> orders = services_.store->Beat(heartbeat_);
  const bool hold = orders.ok() &&
                    HoldFromProto(*request_) > absl::ZeroDuration() &&
                    orders->Version() == request_->seen_version();
  if (hold) {
    Hold(*orders);
  } else {
    Answer(orders);
  }
}

void HeldHeartbeat::Hold(const WorkerOrders& orders) {
  {
    absl::MutexLock lock(&mu_);
    if (!changed_) {
      phase_ = Phase::kHeld;
      services_.runner->queue()->ContinueAfter(
          HoldFromProto(*request_), [weak = weak_from_this(), orders] {
            const std::shared_ptr<HeldHeartbeat> self = weak.lock();
            if (self == nullptr) return;
            {
              absl::MutexLock self_lock(&self->mu_);
              if (self->phase_ != Phase::kHeld) return;
              self->phase_ = Phase::kAnswering;
            }
            self->Answer(orders);
          });
      return;
    }
    phase_ = Phase::kAnswering;
  }
  ReadAgain();
}

void HeldHeartbeat::Wake() {
  absl::MutexLock lock(&mu_);
  changed_ = true;
  if (phase_ != Phase::kHeld) return;
  phase_ = Phase::kAnswering;
  services_.runner->queue()->ContinueAfter(
      absl::ZeroDuration(), [self = shared_from_this()] { self->ReadAgain(); });
}

void HeldHeartbeat::ReadAgain() {
  Answer(services_.store->ReadOrders(heartbeat_.worker));
}

void HeldHeartbeat::Answer(const absl::StatusOr<WorkerOrders>& orders) {
  if (orders.ok()) *response_ = ToProto(*orders);
  Finish(ToGrpcStatus(orders.status()));
}

}  // namespace binferry::controller
