// One call that asks a task's worker something.
#ifndef BINFERRY_CONTROLLER_API_HELD_PROBE_H_
#define BINFERRY_CONTROLLER_API_HELD_PROBE_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/probe.pb.h"
#include "common/clock.h"
#include "controller/rpc/call_runner.h"
#include "controller/store/change_feed.h"
#include "controller/store/probe_store.h"

namespace binferry::controller {

// Writes the question down, then is held without a thread until the change feed
// tells of the task, and looks whether the answer is there: at most for
// kMaxProbeTime or until the call's own deadline.
//
// Thread-safe.
class HeldProbe : public grpc::ServerUnaryReactor,
                  public std::enable_shared_from_this<HeldProbe> {
 public:
  // All must outlive the call.
  struct Services {
    ProbeStore* probes = nullptr;
    ChangeFeed* feed = nullptr;
    const CallRunner* runner = nullptr;
    const Clock* clock = nullptr;
  };

  struct Call {
    TaskKey task;
    coordination::v1::Probe question;  // With nothing but the question.
    ProbeStore::Purpose purpose = ProbeStore::Purpose::kLook;
    // Before the question is asked; an error ends the call. May be empty.
    std::function<absl::Status()> prepare;
    // Takes the worker's answer, which is no fault, into the response. On a
    // thread that may wait for the store.
    std::function<absl::Status(const coordination::v1::ProbeResult&)> accept;
    // With the call's result, in front of its end. May be empty.
    std::function<void(const absl::Status&)> finished;
  };

  // Carries the call out; it deletes itself when it is over.
  static HeldProbe* Start(const Services& services,
                          grpc::CallbackServerContext* context,
                          absl::StatusOr<Call> call);

  void OnCancel() override;
  void OnDone() override;

 private:
  enum class Phase { kLooking, kHeld };

  HeldProbe(const Services& services, absl::Duration time)
      : services_(services), time_(time) {}

  absl::Status Begin(grpc::CallbackServerContext* context);
  void Ask(const grpc::CallbackServerContext* context);
  void Look() ABSL_LOCKS_EXCLUDED(mu_);
  void Hold() ABSL_LOCKS_EXCLUDED(mu_);
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status Accept(const std::string& answer);
  absl::Status TooLate() const;
  // Once.
  void End(const absl::Status& status);

  const Services services_;
  const absl::Duration time_;
  Call call_;
  ProbeStore::Asked asked_;
  absl::Time deadline_ = absl::InfinitePast();
  // Keeps the call alive until OnDone.
  std::shared_ptr<HeldProbe> self_;
  ChangeFeed::Subscription subscription_;

  absl::Mutex mu_;
  Phase phase_ ABSL_GUARDED_BY(mu_) = Phase::kLooking;
  bool cancelled_ ABSL_GUARDED_BY(mu_) = false;
  // The task changed while a look was under way.
  bool changed_ ABSL_GUARDED_BY(mu_) = false;
  // Numbers the waits: one that a change cut short must not look again.
  uint64_t wait_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_HELD_PROBE_H_
