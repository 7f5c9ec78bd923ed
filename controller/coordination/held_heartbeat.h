// One Heartbeat call, which may wait for something to tell.
#ifndef BINFERRY_CONTROLLER_COORDINATION_HELD_HEARTBEAT_H_
#define BINFERRY_CONTROLLER_COORDINATION_HELD_HEARTBEAT_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "controller/coordination/assignment_proto.h"
#include "controller/rpc/call_runner.h"
#include "controller/store/assignment_store.h"
#include "controller/store/change_feed.h"

namespace binferry::controller {

// Stores the heartbeat (one SQL statement). If the worker knows the answer
// already, the call is held without a thread until the change feed tells of new
// orders, which are then read (the second statement), or until the time is over
// and the same answer is given.
//
// Thread-safe.
class HeldHeartbeat : public grpc::ServerUnaryReactor,
                      public std::enable_shared_from_this<HeldHeartbeat> {
 public:
  // All must outlive the call.
  struct Services {
    AssignmentStore* store = nullptr;
    ChangeFeed* feed = nullptr;
    const CallRunner* runner = nullptr;
  };

  // Carries the call out; it deletes itself when the call is over. `request`
  // and `response` belong to the call.
  static HeldHeartbeat* Start(const Services& services,
                              grpc::CallbackServerContext* context,
                              const coordination_v1::HeartbeatRequest* request,
                              coordination_v1::HeartbeatResponse* response);

  void OnDone() override;

 private:
  enum class Phase { kStoring, kHeld, kAnswering };

  HeldHeartbeat(const Services& services,
                const coordination_v1::HeartbeatRequest* request,
                coordination_v1::HeartbeatResponse* response)
      : services_(services), request_(request), response_(response) {}

  absl::Status Subscribe();
  void Store(grpc::CallbackServerContext* context) ABSL_LOCKS_EXCLUDED(mu_);
  void Hold(const WorkerOrders& orders) ABSL_LOCKS_EXCLUDED(mu_);
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);
  void ReadAgain();
  // Once.
  void Answer(const absl::StatusOr<WorkerOrders>& orders);

  const Services services_;
  const coordination_v1::HeartbeatRequest* const request_;
  coordination_v1::HeartbeatResponse* const response_;
  Heartbeat heartbeat_;
  // Keeps the call alive until OnDone.
  std::shared_ptr<HeldHeartbeat> self_;
  ChangeFeed::Subscription subscription_;

  absl::Mutex mu_;
  Phase phase_ ABSL_GUARDED_BY(mu_) = Phase::kStoring;
  // Orders changed while the heartbeat was stored.
  bool changed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_COORDINATION_HELD_HEARTBEAT_H_
