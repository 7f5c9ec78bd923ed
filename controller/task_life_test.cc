// Every state of a task and every verb in it, on a whole controller with real
// PostgreSQL and simulated workers.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/grpc_status.h"
#include "common/status_details.h"
#include "common/testing/status_matchers.h"
#include "controller/model/task_state.h"
#include "controller/testing/controller_fixture.h"
#include "controller/testing/simulated_worker.h"

namespace binferry::controller {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using enum TaskState;

constexpr coordination_v1::RunState kRunning =
    coordination_v1::RUN_STATE_RUNNING;

// One task of the table: brought to `state`, then `action` is tried in it; all
// actions that are refused share a task.
struct Cell {
  TaskState state = kCreating;
  std::optional<UserAction> action;
  std::string id;
  std::string uid;
  bool was_acted_on = false;  // On the way to `state`.
};

class TaskLifeTest : public ControllerFixture {
 protected:
  void SetUp() override {
    ControllerFixture::SetUp();
    if (IsSkipped()) return;
    worker_ = MakeWorker("w1", "eu-1");
    other_ = MakeWorker("w2", "eu-2");
    ASSERT_THAT(worker_->Beat(), IsOk());
    ASSERT_THAT(other_->Beat(), IsOk());
  }

  // FAULT_RECTIFICATION is brought about by a worker of its own, which is
  // started anew; in the other region nobody takes a task.
  static v1::Task SpecFor(TaskState state) {
    v1::Task task = SampleTask();
    task.mutable_placement()->set_region(
        state == kFaultRectification                   ? "eu-2"
        : state == kCreating || state == kCreateFailed ? "nowhere"
                                                       : "eu-1");
    return task;
  }

  SimulatedWorker* WorkerOf(const Cell& cell) {
    return cell.state == kFaultRectification ? other_.get() : worker_.get();
  }

  absl::Status StartAt(const std::string& id, absl::Duration from_now) {
    v1::StartTaskRequest request;
    request.set_name(Name(id));
    request.mutable_start_time()->set_seconds(
        absl::ToUnixSeconds(absl::Now() + from_now));
    return Call(&v1::TaskService::Stub::StartTask, tasks_.get(), request);
  }

  absl::Status Try(UserAction action, const std::string& id) {
    using Stub = v1::TaskService::Stub;
    v1::TaskActionRequest request;
    request.set_name(Name(id));
    switch (action) {
      case UserAction::kStart:
        return StartAt(id, -absl::Hours(1));
      case UserAction::kPause:
        return Call(&Stub::PauseTask, tasks_.get(), request);
      case UserAction::kResume:
        return Call(&Stub::ResumeTask, tasks_.get(), request);
      case UserAction::kRetry:
        return Call(&Stub::RetryTask, tasks_.get(), request);
      case UserAction::kStop: {
        v1::StopTaskRequest stop;
        stop.set_name(Name(id));
        return Call(&Stub::StopTask, tasks_.get(), stop);
      }
      case UserAction::kReset: {
        v1::ResetTaskRequest reset;
        reset.set_name(Name(id));
        reset.mutable_start_position()->set_gtid_set("");
        return Call(&Stub::ResetTask, tasks_.get(), reset);
      }
      case UserAction::kUpdate: {
        v1::UpdateTaskRequest update;
        update.mutable_task()->set_name(Name(id));
        update.mutable_task()->set_description("edited");
        update.mutable_update_mask()->add_paths("description");
        return Call(&Stub::UpdateTask, tasks_.get(), update);
      }
      case UserAction::kDelete: {
        v1::DeleteTaskRequest remove;
        remove.set_name(Name(id));
        return Call(&Stub::DeleteTask, tasks_.get(), remove);
      }
      case UserAction::kPrecheck:
        break;
    }
    return absl::UnimplementedError("a precheck is no verb");
  }

  // One step of `cell` towards its state.
  void Drive(TaskState present, Cell* cell) {
    if (cell->was_acted_on) return;
    switch (cell->state) {
      case kCreating:
      case kConfiguration:
        return;
      case kCreateFailed:
        Age("state_time", cell->id, absl::Minutes(11));
        cell->was_acted_on = true;
        return;
      case kPendingStart:
        if (present != kConfiguration) return;
        ASSERT_THAT(StartAt(cell->id, absl::Hours(1)), IsOk());
        cell->was_acted_on = true;
        return;
      case kStarting:
      case kStartFailed:
      case kIncrementalSync:
      case kIncrementalSyncFailed:
      case kFaultRectification:
      case kPaused:
      case kModifying:
      case kStopping:
      case kStopFailed:
      case kCompleted:
        break;
    }
    if (present == kConfiguration) {
      ASSERT_THAT(Try(UserAction::kStart, cell->id), IsOk());
    } else if (present == kIncrementalSync) {
      Hinder(cell);
    }
  }

  // From INCREMENTAL_SYNC on.
  void Hinder(Cell* cell) {
    SimulatedRun run;
    cell->was_acted_on = true;
    if (cell->state == kIncrementalSyncFailed) {
      run.run = coordination_v1::RUN_STATE_FAILED;
    } else if (cell->state == kPaused) {
      ASSERT_THAT(Try(UserAction::kPause, cell->id), IsOk());
    } else if (cell->state == kModifying) {
      run.last_generation = 1;
      worker_->Set(cell->uid, run);
      ASSERT_THAT(Try(UserAction::kUpdate, cell->id), IsOk());
    } else if (cell->state == kStopping || cell->state == kStopFailed ||
               cell->state == kCompleted) {
      if (cell->state == kStopping) {
        run.end = coordination_v1::RUN_STATE_RETRYING;
      } else if (cell->state == kStopFailed) {
        run.end = coordination_v1::RUN_STATE_FAILED;
      }
      worker_->Set(cell->uid, run);
      ASSERT_THAT(Try(UserAction::kStop, cell->id), IsOk());
    }
    WorkerOf(*cell)->Set(cell->uid, run);
  }

  void Add(TaskState state, std::optional<UserAction> action) {
    Cell cell;
    cell.state = state;
    cell.action = action;
    cell.id = absl::StrReplaceAll(
        absl::AsciiStrToLower(absl::StrCat(
            TaskStateName(state), "-",
            action.has_value() ? UserActionName(*action) : "refused")),
        {{"_", "-"}});
    const auto created = Create(cell.id, SpecFor(state));
    ASSERT_THAT(created, IsOk());
    cell.uid = created->uid();
    SimulatedRun run;
    if (state == kStarting) run.run = coordination_v1::RUN_STATE_STARTING;
    if (state == kStartFailed) run.run = coordination_v1::RUN_STATE_FAILED;
    WorkerOf(cell)->Set(cell.uid, run);
    cells_.push_back(cell);
  }

  std::map<std::string, v1::Task> List() {
    grpc::ClientContext context;
    v1::ListTasksRequest request;
    request.set_parent("projects/shop");
    request.set_page_size(1'000);
    v1::ListTasksResponse response;
    EXPECT_TRUE(tasks_->ListTasks(&context, request, &response).ok());
    std::map<std::string, v1::Task> tasks;
    for (const v1::Task& task : response.tasks()) tasks[task.name()] = task;
    return tasks;
  }

  static TaskState StateOf(const v1::Task& task) {
    return static_cast<TaskState>(static_cast<int>(task.status().state()));
  }

  void BeatAll() {
    EXPECT_THAT(worker_->Beat(), IsOk());
    EXPECT_THAT(other_->Beat(), IsOk());
  }

  // What is not in `wanted` when patience ends.
  std::string Await(const std::function<bool(const v1::Task*, Cell*)>& wanted) {
    std::string missing;
    const auto look = [&] {
      BeatAll();
      const std::map<std::string, v1::Task> tasks = List();
      missing.clear();
      for (Cell& cell : cells_) {
        const auto found = tasks.find(Name(cell.id));
        const v1::Task* task = found == tasks.end() ? nullptr : &found->second;
        if (wanted(task, &cell)) continue;
        absl::StrAppend(
            &missing, cell.id, " is in ",
            task == nullptr ? "none" : TaskStateName(StateOf(*task)), "\n");
      }
      return missing.empty();
    };
    // Many tasks on a busy machine.
    for (int i = 0; i < 4 && !Eventually(look); ++i) {
    }
    return missing;
  }

  // Each state with each action that is not refused in it, and once for all
  // that are.
  void BringAllAbout() {
    for (const TaskState state : kTaskStates) {
      Add(state, std::nullopt);
      for (const UserAction action : kUserActions) {
        if (action != UserAction::kPrecheck && IsAllowed(action, state)) {
          Add(state, action);
        }
      }
    }
    MakeReady();
    const std::string missing = Await([&](const v1::Task* task, Cell* cell) {
      if (task == nullptr) return false;
      Drive(StateOf(*task), cell);
      return StateOf(*task) == cell->state ||
             (cell->state == kFaultRectification &&
              StateOf(*task) == kIncrementalSync);
    });
    ASSERT_EQ(missing, "");
    for (const Cell& cell : cells_) {
      if (cell.state != kFaultRectification) continue;
      other_->Set(cell.uid, {.run = coordination_v1::RUN_STATE_STARTING});
    }
    other_->Restart("11111111-2222-4333-8444-555555555555");
    ASSERT_EQ(Await([](const v1::Task* task, Cell* cell) {
                return task != nullptr && StateOf(*task) == cell->state;
              }),
              "");
  }

  std::unique_ptr<SimulatedWorker> worker_;
  std::unique_ptr<SimulatedWorker> other_;
  std::vector<Cell> cells_;
};

// Where a healthy worker then brings the task; unset: it is gone.
std::optional<TaskState> OutcomeOf(TaskState state, UserAction action) {
  switch (action) {
    case UserAction::kStart:
    case UserAction::kResume:
      return kIncrementalSync;
    case UserAction::kPause:
      return kPaused;
    case UserAction::kStop:
      return kCompleted;
    case UserAction::kRetry:
      if (state == kCreateFailed) return kCreating;
      if (state == kStopping || state == kStopFailed) return kCompleted;
      return kIncrementalSync;
    case UserAction::kReset:
      return kConfiguration;
    case UserAction::kUpdate:
      if (state == kStarting || state == kFaultRectification ||
          state == kModifying) {
        return kIncrementalSync;
      }
      return state;
    case UserAction::kPrecheck:
      return state;
    case UserAction::kDelete:
      return std::nullopt;
  }
  return state;
}

TEST_F(TaskLifeTest, EveryActionInEveryState) {
  BringAllAbout();
  if (HasFatalFailure()) return;
  for (Cell& cell : cells_) {
    SCOPED_TRACE(cell.id);
    if (cell.action.has_value()) {
      WorkerOf(cell)->Set(cell.uid, {.run = kRunning});
      EXPECT_THAT(Try(*cell.action, cell.id), IsOk());
      continue;
    }
    const auto task = Get(cell.id);
    ASSERT_THAT(task, IsOk());
    EXPECT_THAT(task->status().available_actions(),
                ElementsAreArray(AvailableActions(cell.state)));
    for (const UserAction action : kUserActions) {
      if (action == UserAction::kPrecheck || IsAllowed(action, cell.state)) {
        continue;
      }
      const absl::Status refused = Try(action, cell.id);
      EXPECT_THAT(refused, StatusIs(absl::StatusCode::kFailedPrecondition,
                                    AllOf(HasSubstr(TaskStateName(cell.state)),
                                          HasSubstr(UserActionName(action)),
                                          HasSubstr("allowed: "))));
      EXPECT_EQ(DetailsOf(refused).metadata["state"],
                TaskStateName(cell.state));
    }
  }
  EXPECT_EQ(
      Await([](const v1::Task* task, Cell* cell) {
        const std::optional<TaskState> outcome =
            cell->action.has_value() ? OutcomeOf(cell->state, *cell->action)
                                     : cell->state;
        if (!outcome.has_value()) return task == nullptr;
        return task != nullptr && StateOf(*task) == *outcome &&
               (*outcome != kIncrementalSync ||
                task->status().observed_generation() == task->generation() ||
                !cell->action.has_value());
      }),
      "");
}

}  // namespace
}  // namespace binferry::controller
