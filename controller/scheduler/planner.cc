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
      if (reasons.size() == kMaxNamedRefusals) break;
      reasons.push_back(
          absl::StrCat(name.value(), ": ", Refusal(task, *worker)));
    }
    const size_t unnamed = workers_.size() - reasons.size();
    return absl::StrCat(
        "no worker takes it: ", absl::StrJoin(reasons, "; "),
        unnamed == 0 ? "" : absl::StrCat("; and ", unnamed, " more workers"));
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
        Configure();
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
        if (task_.assignment.assigned()) change_.release = "the task has ended";
        break;
    }
    return std::move(change_);
  }

 private:
  void Enter(TaskState state, absl::string_view message,
             std::optional<Fault> failure = std::nullopt) {
    if (!CanTransition(task_.state, state)) return;
    change_.state_message.reset();
    change_.state = TaskChange::StateChange{.state = state,
                                            .message = std::string(message),
                                            .failure = std::move(failure)};
  }

  // What the present state waits for.
  void Explain(absl::string_view message) {
    if (change_.state.has_value() || task_.state_message == message) return;
    change_.state_message = std::string(message);
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
      // Not how long: the message would be another one in each round.
      return absl::StrCat(name, " was not heard of for ",
                          absl::FormatDuration(kLease));
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
                  .message = refusals,
                  .time = now_,
                  .attempts = 1,
                  .first_time = task_.state_time,
                  .remedy = "start a worker that matches task.placement, or "
                            "change it, then retry"});
    } else {
      Explain(placer_->Refusals(task_));
    }
  }

  // For tasks that only hold a slot. False while there is none for it.
  bool KeepSlot() {
    const std::string loss = Loss();
    const bool is_draining = worker_ != nullptr && worker_->draining;
    if (loss.empty() && !is_draining && !MustMove()) return true;
    if (Grant(loss.empty() ? "its worker is drained or does not suit" : loss)) {
      return true;
    }
    if (is_draining && task_.assignment.assigned()) {
      change_.release = "the worker is drained";
    }
    return loss.empty() && !change_.release.has_value();
  }

  void Configure() {
    if (now_ - task_.use_time >= kUnusedSlotKept) {
      if (task_.assignment.assigned()) {
        change_.release = "the task was not used for 3 days";
      }
      Explain(
          "its slot was given back after 3 days without use; the next edit, "
          "test, precheck or start gets one again");
    } else if (KeepSlot()) {
      // Why it came back here stays until it is used.
      if (task_.use_time > task_.state_time) Explain("");
    } else {
      Explain(placer_->Refusals(task_));
    }
  }

  bool IsReady() const {
    return task_.precheck.has_value() && task_.precheck->ready;
  }

  void WaitForStart() {
    const bool has_slot = KeepSlot();
    const std::optional<absl::Time>& at = task_.spec.start_time;
    if (at.has_value() && *at > now_) {
      Explain("waits for its start time");
    } else if (!IsReady()) {
      Enter(TaskState::kConfiguration,
            "it was not started: its precheck is no longer ready; run the "
            "precheck, then start again");
    } else if (!has_slot) {
      Explain(placer_->Refusals(task_));
    } else {
      Enter(TaskState::kStarting, "");
      if (at.has_value()) NoteLateness(*at);
    }
  }

  // Late: no controller was there, or no worker, when the time came. A task
  // that was started, or whose time was changed, after that time is not.
  void NoteLateness(absl::Time start_time) {
    const absl::Time due =
        std::max({start_time, task_.desired_time, task_.update_time});
    const absl::Duration late = absl::Floor(now_ - due, absl::Seconds(1));
    if (late < kLateStart) return;
    change_.note = TaskChange::Note{
        .reason = "LATE_START",
        .message = absl::StrCat(
            "was due at ",
            absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", due, absl::UTCTimeZone()),
            ", started ", absl::FormatDuration(late), " late")};
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
    const std::string message =
        Grant(loss) ? loss : absl::StrCat(loss, "; ", placer_->Refusals(task_));
    if (task_.state != TaskState::kStarting || task_.synced) {
      Enter(TaskState::kFaultRectification, message);
    }
    Explain(message);
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

  absl::string_view StopMessage() const {
    switch (task_.stop_mode) {
      case StopMode::kNow:
        return "";
      case StopMode::kDrain:
        return "delivers what the source had committed when the stop was asked "
               "for; a stop without draining ends it at once";
    }
    return "";
  }

  void End(absl::string_view message) {
    Enter(TaskState::kCompleted, message);
    if (task_.assignment.assigned()) change_.release = "the task has ended";
  }

  void Stop() {
    if (!task_.started) {
      End("it never ran");
      return;
    }
    const std::string loss = Loss();
    if (!loss.empty()) {
      Explain(Grant(loss) ? StopMessage()
                          : absl::StrCat(loss, "; ", placer_->Refusals(task_)));
      return;
    }
    Explain(StopMessage());
    if (report_ == nullptr) return;
    const TaskReport& report = report_->report;
    if (report.state == RunState::kFinished) {
      End("its checkpoint is removed");
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
