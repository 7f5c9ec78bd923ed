#include "controller/scheduler/planner.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "controller/model/assignment.h"
#include "controller/model/task_state.h"

namespace binferry::controller {
namespace {

// Who may take a task, with the slots that this round has given away.
class Placer {
 public:
  explicit Placer(const ClusterSnapshot& snapshot) {
    for (const Worker& worker : snapshot.workers) {
      workers_[worker.identity.name] = &worker;
    }
    for (const Task& task : snapshot.tasks) {
      if (task.assignment.assigned()) ++used_[task.assignment.worker.name];
    }
  }

  const Worker* Find(const WorkerName& name) const {
    const auto found = workers_.find(name);
    return found == workers_.end() ? nullptr : found->second;
  }

  // The best worker for `task`: the one that has it, then by zone, then by free
  // slots, then by name. Null if none takes it.
  const Worker* Choose(const Task& task) const {
    const Worker* best = nullptr;
    for (const auto& [name, worker] : workers_) {
      if (!Refusal(task, *worker).empty()) continue;
      if (best == nullptr || Rank(task, *worker) < Rank(task, *best)) {
        best = worker;
      }
    }
    return best;
  }

  // `task` will be on `worker`.
  void Take(const Task& task, const Worker& worker) {
    if (task.assignment.assigned()) --used_[task.assignment.worker.name];
    ++used_[worker.identity.name];
  }

  // Why each worker doesn't take `task`, for people.
  std::string Refusals(const Task& task) const {
    if (workers_.empty()) {
      return "no worker is registered; start binferry-worker";
    }
    std::vector<std::string> reasons;
    for (const auto& [name, worker] : workers_) {
      reasons.push_back(
          absl::StrCat(name.value(), ": ", Refusal(task, *worker)));
    }
    return absl::StrCat("no worker takes it: ", absl::StrJoin(reasons, "; "));
  }

 private:
  std::string Refusal(const Task& task, const Worker& worker) const {
    if (worker.silent_for >= kLease) return "it is lost";
    if (worker.draining) return "it is draining";
    std::string mismatch = MismatchOf(task.spec.placement, worker.place);
    if (!mismatch.empty()) return mismatch;
    const bool has_it = task.assignment.assigned() &&
                        task.assignment.worker.name == worker.identity.name;
    if (!has_it && FreeSlots(worker) <= 0) return "all of its slots are taken";
    return "";
  }

  int FreeSlots(const Worker& worker) const {
    const auto used = used_.find(worker.identity.name);
    return worker.slots - (used == used_.end() ? 0 : used->second);
  }

  // Smaller is better.
  std::tuple<bool, size_t, int, std::string> Rank(const Task& task,
                                                  const Worker& worker) const {
    const auto& zones = task.spec.placement.availability_zones;
    const auto zone =
        std::find(zones.begin(), zones.end(), worker.place.availability_zone);
    return {!task.assignment.assigned() ||
                task.assignment.worker.name != worker.identity.name,
            static_cast<size_t>(zone - zones.begin()), -FreeSlots(worker),
            worker.identity.name.value()};
  }

  std::map<WorkerName, const Worker*> workers_;
  std::map<WorkerName, int> used_;
};

// The next step of one task.
class TaskPlan {
 public:
  TaskPlan(const Task& task, absl::Time now, Placer* placer)
      : task_(task),
        now_(now),
        placer_(placer),
        worker_(task.assignment.assigned()
                    ? placer->Find(task.assignment.worker.name)
                    : nullptr),
        report_(task.CurrentReport()) {
    change_.uid = task.uid;
    change_.version = task.version;
  }

  TaskChange Make() {
    switch (task_.state) {
      case TaskState::kCreating:
        Create();
        break;
      case TaskState::kCreateFailed:
        if (now_ - task_.state_time >= kCreateFailedKept) {
          Enter(TaskState::kCompleted, "was not retried for 3 days");
        }
        break;
      case TaskState::kConfiguration:
        KeepSlot();
        AskProbes();
        // The start was asked for while a worker was still looked for.
        if (task_.desired_state == DesiredState::kRunning) {
          Enter(TaskState::kPendingStart, "");
        }
        break;
      case TaskState::kPendingStart:
        WaitForStart();
        break;
      case TaskState::kStarting:
      case TaskState::kIncrementalSync:
      case TaskState::kFaultRectification:
      case TaskState::kModifying:
        Run();
        break;
      case TaskState::kIncrementalSyncFailed:
        if (WantsPause()) {
          Enter(TaskState::kPaused, "");  // It has stopped already.
        } else {
          KeepSlot();
        }
        break;
      case TaskState::kStartFailed:
      case TaskState::kPaused:
      case TaskState::kStopFailed:
        KeepSlot();
        break;
      case TaskState::kStopping:
        Stop();
        break;
      case TaskState::kCompleted:
        if (task_.assignment.assigned()) change_.release = true;
        break;
    }
    return std::move(change_);
  }

 private:
  void Enter(TaskState state, absl::string_view message,
             std::optional<Fault> failure = std::nullopt) {
    if (!CanTransition(task_.state, state)) return;
    change_.state = TaskChange::StateChange{.state = state,
                                            .message = std::string(message),
                                            .failure = std::move(failure)};
  }

  // Why the worker that has the task can't go on with it; "" if it can.
  std::string Loss() const {
    if (!task_.assignment.assigned()) return "it has no worker";
    const std::string& name = task_.assignment.worker.name.value();
    if (worker_ == nullptr) return absl::StrCat(name, " is gone");
    if (worker_->identity != task_.assignment.worker) {
      return absl::StrCat(name, " was started anew");
    }
    if (worker_->silent_for >= kLease) {
      return absl::StrCat(name, " was not heard of for ",
                          absl::FormatDuration(absl::Floor(worker_->silent_for,
                                                           absl::Seconds(1))));
    }
    if (worker_->draining && !IsReported()) {
      return absl::StrCat(name, " is drained");
    }
    return "";
  }

  // Whether the worker's last heartbeat told of the task.
  bool IsReported() const {
    return report_ != nullptr && worker_ != nullptr &&
           report_->sequence >= worker_->sequence;
  }

  // Whether another worker suits the placement and this one doesn't.
  bool MustMove() const {
    return worker_ != nullptr &&
           !MismatchOf(task_.spec.placement, worker_->place).empty() &&
           placer_->Choose(task_) != nullptr;
  }

  // A grant under the next epoch, to whoever suits best. False if nobody does.
  bool Grant(absl::string_view reason) {
    const Worker* const chosen = placer_->Choose(task_);
    if (chosen == nullptr) return false;
    Epoch found = report_ == nullptr ? Epoch() : report_->report.found_epoch;
    change_.grant = TaskChange::Grant{
        .worker = chosen->identity,
        .epoch = std::max(found, task_.assignment.epoch).Next(),
        .reason = std::string(reason)};
    placer_->Take(task_, *chosen);
    return true;
  }

  void Create() {
    if (Grant("reserved for the task")) {
      Enter(TaskState::kConfiguration, "");
    } else if (now_ - task_.state_time >= kCreateTimeout) {
      const std::string refusals = placer_->Refusals(task_);
      Enter(TaskState::kCreateFailed, refusals,
            Fault{.code = "FAILED_PRECONDITION",
                  .message = absl::StrCat(
                      refusals,
                      ". Start a worker that matches task.placement, "
                      "or change it, then retry"),
                  .time = now_,
                  .attempts = 1});
    }
  }

  // For tasks that only hold a slot.
  void KeepSlot() {
    const std::string loss = Loss();
    const bool is_draining = worker_ != nullptr && worker_->draining;
    if (loss.empty() && !is_draining && !MustMove()) return;
    if (!Grant(loss.empty() ? "its worker is drained or does not suit"
                            : loss)) {
      if (is_draining && task_.assignment.assigned()) change_.release = true;
    }
  }

  void AskProbes() {
    if (change_.grant.has_value() || change_.release || worker_ == nullptr ||
        !Loss().empty()) {
      return;
    }
    for (const ProbeKind kind : kProbeKinds) {
      const std::optional<ConnectionCheck>& check =
          kind == ProbeKind::kCheckSource ? task_.source_check
                                          : task_.destination_check;
      const bool is_answered = check.has_value() && check->answer.has_value();
      const bool is_current =
          check.has_value() && check->generation == task_.generation;
      const bool is_open = check.has_value() && !is_answered &&
                           check->epoch == task_.assignment.epoch &&
                           check->deadline > now_;
      if (!is_current || (!is_answered && !is_open)) {
        change_.probes.push_back(kind);
      }
    }
  }

  void WaitForStart() {
    KeepSlot();
    if (change_.release) return;
    const std::optional<absl::Time>& at = task_.spec.start_time;
    if (!at.has_value() || *at <= now_) {
      Enter(TaskState::kStarting, "");
    } else {
      AskProbes();
    }
  }

  bool WantsPause() const {
    return task_.desired_state == DesiredState::kPaused;
  }

  void Run() {
    const std::string loss = Loss();
    if (WantsPause()) {
      const bool has_stopped =
          !loss.empty() ||
          (report_ != nullptr && report_->time >= task_.desired_time &&
           report_->report.state == RunState::kIdle);
      if (has_stopped) Enter(TaskState::kPaused, loss);
      return;
    }
    if (!loss.empty() || MustMove()) {
      Replace(loss.empty() ? "its worker no longer suits the placement" : loss);
      return;
    }
    if (report_ == nullptr) return;
    const TaskReport& report = report_->report;
    if (report.found_epoch >= task_.assignment.epoch &&
        report.found_epoch > Epoch()) {
      Grant("a higher epoch stands in the checkpoint topic");
      return;
    }
    Follow(report);
  }

  void Replace(const std::string& loss) {
    const bool is_granted = Grant(loss);
    if (task_.state == TaskState::kStarting && !task_.synced) return;
    Enter(
        TaskState::kFaultRectification,
        is_granted ? loss : absl::StrCat(loss, "; ", placer_->Refusals(task_)));
  }

  // The state that the worker's report calls for.
  void Follow(const TaskReport& report) {
    if (report.retry_count != task_.retry_count) return;  // Of an earlier try.
    switch (report.state) {
      case RunState::kRunning:
        if (report.generation < task_.generation) {
          Enter(TaskState::kModifying, "the worker adopts the new spec");
        } else {
          Enter(TaskState::kIncrementalSync, "");
        }
        return;
      case RunState::kFailed:
        Fail(report);
        return;
      case RunState::kStarting:
      case RunState::kRetrying:
        FollowFault(report);
        return;
      case RunState::kUnspecified:
      case RunState::kIdle:
      case RunState::kFinished:
        return;
    }
  }

  void FollowFault(const TaskReport& report) {
    if (task_.state == TaskState::kStarting && !task_.synced &&
        report.fault.has_value() && now_ - task_.state_time >= kStartTimeout) {
      Enter(TaskState::kStartFailed,
            "source or destination could not be reached for 5 minutes",
            report.fault);
    } else if (report.generation > Generation() &&
               report.generation < task_.generation) {
      Enter(TaskState::kModifying, "the worker adopts the new spec");
    }
  }

  void Fail(const TaskReport& report) {
    const std::string message =
        report.fault.has_value() ? report.fault->message : "";
    const bool failed_to_start = !task_.synced;
    Enter(failed_to_start ? TaskState::kStartFailed
                          : TaskState::kIncrementalSyncFailed,
          message, report.fault);
  }

  void Stop() {
    if (!task_.started) {
      Enter(TaskState::kCompleted, "it never ran");
      change_.release = task_.assignment.assigned();
      return;
    }
    const std::string loss = Loss();
    if (!loss.empty()) {
      Grant(loss);
      return;
    }
    if (report_ == nullptr) return;
    const TaskReport& report = report_->report;
    if (report.state == RunState::kFinished) {
      Enter(TaskState::kCompleted, "its checkpoint is removed");
      change_.release = true;
    } else if (report.found_epoch >= task_.assignment.epoch &&
               report.found_epoch > Epoch()) {
      Grant("a higher epoch stands in the checkpoint topic");
    } else if (report.state == RunState::kFailed &&
               report.retry_count == task_.retry_count) {
      Enter(TaskState::kStopFailed,
            report.fault.has_value() ? report.fault->message : "",
            report.fault);
    }
  }

  const Task& task_;
  const absl::Time now_;
  Placer* const placer_;
  const Worker* const worker_;
  const StoredReport* const report_;
  TaskChange change_;
};

}  // namespace

std::vector<TaskChange> Plan(const ClusterSnapshot& snapshot) {
  Placer placer(snapshot);
  std::vector<TaskChange> changes;
  for (const Task& task : snapshot.tasks) {
    TaskChange change = TaskPlan(task, snapshot.now, &placer).Make();
    if (!change.empty()) changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace binferry::controller
