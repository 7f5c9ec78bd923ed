#include "controller/scheduler/reconciler.h"

#include <utility>
#include <vector>

#include "controller/scheduler/planner.h"

namespace binferry::controller {
namespace {

// How often what is old is dropped.
constexpr absl::Duration kCleanInterval = absl::Minutes(10);

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
  const absl::StatusOr<bool> is_held = lock_->TryHold();
  if (!is_held.ok()) return is_held.status();
  if (!*is_held) {
    // Whoever plans next has seen nobody be silent yet.
    sightings_.clear();
    return 0;
  }
  absl::StatusOr<PlanInput> input = store_->Read();
  if (!input.ok()) return input.status();
  ObserveWorkers(&input->workers);
  const std::vector<TaskChange> changes =
      Plan({.now = input->now,
            .tasks = std::move(input->tasks),
            .workers = std::move(input->workers)});
  int applied = 0;
  for (const TaskChange& change : changes) {
    const absl::Status status = store_->Apply(change);
    // Changed since it was read: the next round sees it anew.
    if (absl::IsAborted(status)) continue;
    if (!status.ok()) return status;
    ++applied;
    if (options_.on_change) options_.on_change(change);
  }
  const MonotonicTime now = clock_->MonotonicNow();
  if (now - cleaned_at_ >= kCleanInterval) {
    cleaned_at_ = now;
    if (absl::Status status = store_->RemoveOld(); !status.ok()) return status;
  }
  return applied;
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
