// Attempts that end as a test says.
#ifndef BINFERRY_WORKER_AGENT_TESTING_SCRIPTED_ATTEMPT_H_
#define BINFERRY_WORKER_AGENT_TESTING_SCRIPTED_ATTEMPT_H_

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "worker/agent/task_attempt.h"

namespace binferry::worker {

// How one attempt goes. As constructed: it runs until it is told to leave.
struct AttemptPlan {
  absl::Status before_running = absl::OkStatus();
  absl::Status while_running = absl::OkStatus();
  bool finishes = false;  // Is done at once, and well.
  // In place of a place of its own.
  std::optional<TaskProgress> progress = std::nullopt;
  std::function<void()> before_end = nullptr;
  std::string alert = "";  // Told before it runs; "" = none.
};

// The attempts of a test, in order; those beyond the plans are as constructed.
// Thread-safe; outlives what it makes.
class AttemptScript {
 public:
  void Add(AttemptPlan plan) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    plans_.push_back(std::move(plan));
  }
  int attempts() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return attempts_;
  }
  std::vector<LeaveAt> places() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return places_;
  }

  AttemptFactory Factory() {
    return [this](const coordination::v1::GetTaskSpecResponse&,
                  const AttemptSurroundings& surroundings)
               -> absl::StatusOr<std::unique_ptr<TaskAttempt>> {
      absl::MutexLock lock(&mu_);
      ++attempts_;
      AttemptPlan plan;
      if (!plans_.empty()) {
        plan = std::move(plans_.front());
        plans_.pop_front();
      }
      return std::make_unique<Attempt>(this, std::move(plan), surroundings);
    };
  }

 private:
  class Attempt : public TaskAttempt {
   public:
    Attempt(AttemptScript* script, AttemptPlan plan,
            AttemptSurroundings surroundings)
        : script_(script),
          plan_(std::move(plan)),
          surroundings_(std::move(surroundings)) {}

    absl::Status Run(std::stop_token stop) override {
      if (plan_.finishes) {
        finished_ = true;
        return absl::OkStatus();
      }
      if (!plan_.before_running.ok()) return plan_.before_running;
      running_ = true;
      if (!plan_.alert.empty()) surroundings_.on_alert("ALERT", plan_.alert);
      surroundings_.on_running();
      if (plan_.while_running.ok()) AwaitLeave(stop);
      if (plan_.before_end != nullptr) plan_.before_end();
      return plan_.while_running;
    }

    void Leave(LeaveAt at) override {
      {
        absl::MutexLock lock(&script_->mu_);
        script_->places_.push_back(at);
      }
      absl::MutexLock lock(&mu_);
      leaving_ = true;
    }

    // Once it runs, it stands at a place.
    TaskProgress Progress() const override {
      if (running_ && plan_.progress.has_value()) return *plan_.progress;
      TaskProgress progress;
      progress.is_finished = finished_;
      if (running_) progress.position.emplace().set_gtid_set("a:1");
      return progress;
    }

   private:
    void AwaitLeave(const std::stop_token& stop) {
      const std::stop_callback on_stop(stop, [this] {
        absl::MutexLock lock(&mu_);
        leaving_ = true;
      });
      absl::MutexLock lock(&mu_);
      mu_.Await(absl::Condition(&leaving_));
    }

    AttemptScript* const script_;
    const AttemptPlan plan_;
    const AttemptSurroundings surroundings_;
    std::atomic<bool> running_ = false;
    std::atomic<bool> finished_ = false;
    absl::Mutex mu_;
    bool leaving_ ABSL_GUARDED_BY(mu_) = false;
  };

  mutable absl::Mutex mu_;
  std::deque<AttemptPlan> plans_ ABSL_GUARDED_BY(mu_);
  int attempts_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<LeaveAt> places_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TESTING_SCRIPTED_ATTEMPT_H_
