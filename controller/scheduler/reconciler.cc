#include "controller/scheduler/reconciler.h"

#include <utility>
#include <vector>

#include "common/status_macros.h"
#include "controller/scheduler/planner.h"

namespace binferry::controller {
namespace {

// How often what is old is dropped.
constexpr absl::Duration kCleanInterval = absl::Minutes(1);

}  // namespace

Reconciler::Reconciler(const Clock* clock, PlanStore* store, PlannerLock* lock,
                       Options options)
    : clock_(clock), store_(store), lock_(lock), options_(std::move(options)) {}

void Reconciler::Run(std::stop_token stop) {
  const std::stop_callback wake(stop, [this] { Wake(); });
  while (!stop.stop_requested()) {
    const absl::StatusOr<int> steps = RunOnce();
    if (!steps.ok() && options_.on_error) options_.on_error(steps.status());
    // A step often makes the next one possible.
    if (!steps.ok() || *steps == 0) Wait(stop);
  }
  lock_->Release();
}

void Reconciler::Wake() {
  absl::MutexLock lock(&mu_);
  woken_ = true;
}

void Reconciler::Wait(std::stop_token stop) {
  absl::MutexLock lock(&mu_);
  if (!stop.stop_requested()) {
    mu_.AwaitWithTimeout(absl::Condition(&woken_), options_.interval);
  }
  woken_ = false;
}

absl::StatusOr<int> Reconciler::RunOnce() {
  const absl::StatusOr<int> steps = Round();
  // While PostgreSQL is away no heartbeat can be stored: silence then says
  // nothing of the workers.
  if (absl::IsUnavailable(steps.status())) sightings_.clear();
  return steps;
}

absl::StatusOr<int> Reconciler::Round() {
  BINFERRY_ASSIGN_OR_RETURN(const bool is_held, lock_->TryHold());
  if (!is_held) {
    // Whoever plans next has seen nobody be silent yet.
    sightings_.clear();
    return 0;
  }
  BINFERRY_ASSIGN_OR_RETURN(PlanInput input, store_->Read());
  ObserveWorkers(&input.workers);
  int applied = 0;
  for (const TaskChange& change : Plan({.now = input.now,
                                  .tasks = std::move(input.tasks),
                                  .workers = std::move(input.workers)})) {
    const absl::Status status = store_->Apply(change);
    if (absl::IsUnavailable(status)) return status;
    if (status.ok()) {
      ++applied;
      if (options_.on_change) options_.on_change(change);
    } else if (!absl::IsAborted(status) && options_.on_error) {
      // One task's fault must not keep the others waiting. What was changed
      // since it was read (ABORTED) the next round sees anew.
      options_.on_error(status);
    }
  }
  BINFERRY_RETURN_IF_ERROR(Clean());
  return applied;
}

absl::Status Reconciler::Clean() {
  const MonotonicTime now = clock_->MonotonicNow();
  if (now - cleaned_at_ < kCleanInterval) return absl::OkStatus();
  cleaned_at_ = now;
  return store_->RemoveOld();
}

void Reconciler::ObserveWorkers(std::vector<Worker>* workers) {
  const MonotonicTime now = clock_->MonotonicNow();
  std::map<WorkerName, Sighting> seen;
  for (Worker& worker : *workers) {
    const auto before = sightings_.find(worker.identity.name);
    const bool is_news =
        before == sightings_.end() ||
        before->second.incarnation != worker.identity.incarnation ||
        before->second.sequence != worker.sequence;
    const Sighting sighting =
        is_news ? Sighting{.incarnation = worker.identity.incarnation,
                           .sequence = worker.sequence,
                           .time = now}
                : before->second;
    worker.silent_for = now - sighting.time;
    seen[worker.identity.name] = sighting;
  }
  sightings_ = std::move(seen);
}

}  // namespace binferry::controller
