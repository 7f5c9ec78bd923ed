#include "controller/scheduler/planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace binferry::controller {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

class PlannerTest : public testing::Test {
 protected:
  PlannerTest() { snapshot_.now = kNow; }

  Worker& AddWorker(const std::string& name, int slots = 10) {
    Worker worker;
    worker.identity = {WorkerName(name), Incarnation(name + "-1")};
    worker.place.region = "local";
    worker.place.network_types = {NetworkType::kVpc};
    worker.slots = slots;
    worker.sequence = 100;
    snapshot_.workers.push_back(worker);
    return snapshot_.workers.back();
  }

  Task& AddTask(const std::string& uid, TaskState state) {
    Task task;
    task.uid = TaskUid(uid);
    task.key = {"default", uid};
    task.spec.placement.region = "local";
    task.spec.placement.network_type = NetworkType::kVpc;
    task.state = state;
    task.state_time = kNow - absl::Seconds(30);
    task.desired_time = kNow - absl::Seconds(30);
    task.desired_state = DesiredState::kRunning;
    task.use_time = kNow;
    snapshot_.tasks.push_back(task);
    return snapshot_.tasks.back();
  }

  // A task on worker "w" under epoch 3, last reported in `run`.
  Task& AddAssigned(TaskState state, RunState run) {
    Task& task = AddTask("t", state);
    task.assignment = {{WorkerName("w"), Incarnation("w-1")}, Epoch(3)};
    task.started = true;
    StoredReport stored;
    stored.report.uid = task.uid;
    stored.report.epoch = Epoch(3);
    stored.report.generation = Generation(1);
    stored.report.state = run;
    stored.time = kNow - absl::Seconds(1);
    stored.sequence = 100;
    task.report = stored;
    return task;
  }

  TaskChange Only() {
    const std::vector<TaskChange> changes = Plan(snapshot_);
    EXPECT_THAT(changes, SizeIs(1));
    return changes.empty() ? TaskChange() : changes[0];
  }

  // The state that the only change enters.
  TaskState Entered() {
    const TaskChange change = Only();
    EXPECT_TRUE(change.state.has_value());
    return change.state.has_value() ? change.state->state
                                    : TaskState::kCompleted;
  }

  void ExpectNothing() { EXPECT_THAT(Plan(snapshot_), IsEmpty()); }

  ClusterSnapshot snapshot_;
};

TEST_F(PlannerTest, CreatingReservesAWorker) {
  AddWorker("w");
  AddTask("t", TaskState::kCreating);
  const TaskChange change = Only();
  EXPECT_EQ(change.state->state, TaskState::kConfiguration);
  EXPECT_EQ(change.grant->worker.name, WorkerName("w"));
  EXPECT_EQ(change.grant->epoch, Epoch(1));
}

TEST_F(PlannerTest, CreatingWaitsTenMinutesThenSaysWhyNobodyMatched) {
  AddWorker("elsewhere").place.region = "other";
  AddWorker("full", 0);
  AddWorker("drained").draining = true;
  Task& task = AddTask("t", TaskState::kCreating);
  task.state_time = kNow - kCreateTimeout + absl::Seconds(1);
  EXPECT_FALSE(Only().state.has_value());
  task.state_time = kNow - kCreateTimeout;
  const TaskChange change = Only();
  EXPECT_EQ(change.state->state, TaskState::kCreateFailed);
  EXPECT_THAT(change.state->message,
              AllOf(HasSubstr("elsewhere: its region is other, not local"),
                    HasSubstr("full: all of its slots"),
                    HasSubstr("drained: it is draining")));
}

TEST_F(PlannerTest, WithoutWorkersTheFailureSaysSo) {
  AddTask("t", TaskState::kCreating).state_time = kNow - kCreateTimeout;
  EXPECT_THAT(Only().state->message, HasSubstr("no worker is registered"));
}

TEST_F(PlannerTest, AFailedCreationEndsAfterThreeDays) {
  Task& task = AddTask("t", TaskState::kCreateFailed);
  task.state_time = kNow - absl::Hours(71);
  ExpectNothing();
  task.state_time = kNow - absl::Hours(72);
  EXPECT_EQ(Entered(), TaskState::kCompleted);
}

TEST_F(PlannerTest, SlotsAreNotGivenTwiceInOneRound) {
  AddWorker("a", 1);
  AddWorker("b", 1);
  AddTask("t1", TaskState::kCreating);
  AddTask("t2", TaskState::kCreating);
  AddTask("t3", TaskState::kCreating);
  const std::vector<TaskChange> changes = Plan(snapshot_);
  ASSERT_THAT(changes, SizeIs(3));
  EXPECT_NE(changes[0].grant->worker.name, changes[1].grant->worker.name);
  EXPECT_FALSE(changes[2].grant.has_value());
  EXPECT_THAT(*changes[2].state_message, HasSubstr("all of its slots"));
}

TEST_F(PlannerTest, PreferredZoneComesBeforeFreeSlots) {
  AddWorker("a", 100).place.availability_zone = "z2";
  AddWorker("b", 1).place.availability_zone = "z1";
  AddTask("t", TaskState::kCreating).spec.placement.availability_zones = {"z1",
                                                                          "z2"};
  EXPECT_EQ(Only().grant->worker.name, WorkerName("b"));
}

TEST_F(PlannerTest, CreatingSaysWhatItWaitsFor) {
  AddWorker("w").place.region = "other";
  Task& task = AddTask("t", TaskState::kCreating);
  EXPECT_THAT(*Only().state_message, HasSubstr("w: its region is other"));
  task.state_message = *Only().state_message;
  ExpectNothing();
}

TEST_F(PlannerTest, OnlySomeOfManyWorkersAreNamed) {
  for (int i = 0; i < kMaxNamedRefusals + 7; ++i) {
    AddWorker(absl::StrCat("w", i), 0);
  }
  AddTask("t", TaskState::kCreating);
  EXPECT_THAT(*Only().state_message, HasSubstr("; and 7 more workers"));
}

TEST_F(PlannerTest, TheFailedCreationSaysSinceWhenAndWhatToDo) {
  Task& task = AddTask("t", TaskState::kCreating);
  task.state_time = kNow - kCreateTimeout;
  const TaskChange change = Only();
  EXPECT_EQ(change.state->failure->first_time, task.state_time);
  EXPECT_THAT(change.state->failure->remedy, HasSubstr("task.placement"));
}

TEST_F(PlannerTest, AnUnusedTaskGivesItsSlotBackAndUseGetsOneAgain) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kConfiguration, RunState::kIdle);
  task.desired_state = DesiredState::kConfigured;
  task.use_time = kNow - kUnusedSlotKept + absl::Seconds(1);
  ExpectNothing();
  task.use_time = kNow - kUnusedSlotKept;
  const TaskChange change = Only();
  EXPECT_THAT(*change.release, HasSubstr("not used for 3 days"));
  EXPECT_THAT(*change.state_message, HasSubstr("slot was given back"));
  EXPECT_FALSE(change.state.has_value()) << "the state stays";
  task.assignment.worker = WorkerIdentity();
  task.state_message = *change.state_message;
  ExpectNothing();
  task.use_time = kNow;
  const TaskChange again = Only();
  EXPECT_EQ(again.grant->worker.name, WorkerName("w"));
  EXPECT_EQ(again.grant->epoch, Epoch(4));
  EXPECT_EQ(*again.state_message, "");
}

TEST_F(PlannerTest, AStartGetsASlotAgainHoweverLongTheTaskWasLeftAlone) {
  Task& task = AddTask("t", TaskState::kPendingStart);
  task.precheck = PrecheckSummary{.ready = true};
  task.use_time = kNow - absl::Hours(1000);
  EXPECT_THAT(*Only().state_message, HasSubstr("no worker is registered"));
  AddWorker("w");
  const TaskChange change = Only();
  EXPECT_TRUE(change.grant.has_value());
  EXPECT_EQ(change.state->state, TaskState::kStarting);
}

TEST_F(PlannerTest, PendingStartWaitsForItsTime) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kPendingStart, RunState::kIdle);
  task.precheck = PrecheckSummary{.ready = true};
  task.spec.start_time = kNow + absl::Seconds(1);
  EXPECT_EQ(Only().state_message, "waits for its start time");
  task.state_message = "waits for its start time";
  ExpectNothing();
  task.spec.start_time = kNow;
  EXPECT_EQ(Entered(), TaskState::kStarting);
  EXPECT_FALSE(Only().note.has_value());
  task.spec.start_time.reset();
  EXPECT_EQ(Entered(), TaskState::kStarting);
}

TEST_F(PlannerTest, ALateStartComesAtOnceAndSaysSo) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kPendingStart, RunState::kIdle);
  task.precheck = PrecheckSummary{.ready = true};
  task.desired_time = kNow - absl::Hours(9);
  task.update_time = task.desired_time;
  task.spec.start_time = kNow - absl::Hours(2);
  const TaskChange change = Only();
  EXPECT_EQ(change.state->state, TaskState::kStarting);
  ASSERT_TRUE(change.note.has_value());
  EXPECT_EQ(change.note->reason, "LATE_START");
  EXPECT_EQ(change.note->message,
            "was due at 2027-01-15T06:00:00Z, started 2h late");
  // Asked for after its time: it is on time.
  task.desired_time = kNow;
  EXPECT_FALSE(Only().note.has_value());
}

TEST_F(PlannerTest, AStartWhoseCheckIsVoidWhenItsTimeComesIsNotTaken) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kPendingStart, RunState::kIdle);
  task.precheck = PrecheckSummary{.open_items = {"objects_exist: VOID"}};
  task.spec.start_time = kNow;
  const TaskChange change = Only();
  EXPECT_EQ(change.state->state, TaskState::kConfiguration);
  EXPECT_THAT(change.state->message, HasSubstr("run the precheck"));
}

TEST_F(PlannerTest, RunningReportsBringIncrementalSync) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kStarting, RunState::kStarting);
  ExpectNothing();
  task.report->report.state = RunState::kRunning;
  EXPECT_EQ(Entered(), TaskState::kIncrementalSync);
  // But not one that was made under an older epoch.
  task.report->report.epoch = Epoch(2);
  ExpectNothing();
}

TEST_F(PlannerTest, AFailedStartKeepsItsCause) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kStarting, RunState::kFailed);
  task.report->report.fault =
      Fault{.code = "PERMISSION_DENIED", .message = "access denied"};
  const TaskChange change = Only();
  EXPECT_EQ(change.state->state, TaskState::kStartFailed);
  EXPECT_EQ(change.state->failure->message, "access denied");
  // The report of the try before a retry is not taken for the new one's.
  task.retry_count = 1;
  ExpectNothing();
}

TEST_F(PlannerTest, NetworkFaultsFailOnlyTheFirstStartAfterFiveMinutes) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kStarting, RunState::kRetrying);
  task.report->report.fault = Fault{.code = "UNAVAILABLE"};
  ExpectNothing();
  task.state_time = kNow - kStartTimeout;
  EXPECT_EQ(Entered(), TaskState::kStartFailed);
  task.synced = true;
  ExpectNothing();
}

TEST_F(PlannerTest, ARunningTaskThatGivesUpFails) {
  AddWorker("w");
  AddAssigned(TaskState::kIncrementalSync, RunState::kFailed).synced = true;
  EXPECT_EQ(Entered(), TaskState::kIncrementalSyncFailed);
}

TEST_F(PlannerTest, RetryableFaultsDoNotChangeTheState) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kIncrementalSync, RunState::kRetrying);
  task.report->report.fault = Fault{.code = "UNAVAILABLE"};
  task.state_time = kNow - absl::Hours(10);
  ExpectNothing();
}

TEST_F(PlannerTest, ALostWorkersTaskMovesUnderTheNextEpoch) {
  Worker& worker = AddWorker("w");
  AddWorker("other");
  AddAssigned(TaskState::kIncrementalSync, RunState::kRunning);
  snapshot_.workers[0].silent_for = kLease - absl::Milliseconds(1);
  ExpectNothing();
  snapshot_.workers[0].silent_for = kLease;
  (void)worker;
  const TaskChange change = Only();
  EXPECT_EQ(change.state->state, TaskState::kFaultRectification);
  EXPECT_EQ(change.grant->worker.name, WorkerName("other"));
  EXPECT_EQ(change.grant->epoch, Epoch(4));
}

TEST_F(PlannerTest, ALostTaskThatNobodyTakesSaysSoAndWaits) {
  AddWorker("w").silent_for = kLease;
  Task& task = AddAssigned(TaskState::kIncrementalSync, RunState::kRunning);
  const TaskChange change = Only();
  EXPECT_EQ(change.state->state, TaskState::kFaultRectification);
  EXPECT_FALSE(change.grant.has_value());
  EXPECT_THAT(change.state->message, HasSubstr("it is lost"));
  task.state = TaskState::kFaultRectification;
  task.state_message = change.state->message;
  ExpectNothing();
  snapshot_.workers[0].silent_for = 10 * kLease;
  ExpectNothing();
  // Its worker is back, and tells that it still runs it.
  snapshot_.workers[0].silent_for = absl::ZeroDuration();
  EXPECT_EQ(Entered(), TaskState::kIncrementalSync);
}

TEST_F(PlannerTest, ANewProcessOfTheNameGetsTheTaskAtOnce) {
  AddWorker("w").identity.incarnation = Incarnation("w-2");
  AddWorker("other", 100);
  AddAssigned(TaskState::kIncrementalSync, RunState::kRunning);
  const TaskChange change = Only();
  EXPECT_EQ(change.grant->worker.name, WorkerName("w")) << "it is sticky";
  EXPECT_EQ(change.grant->worker.incarnation, Incarnation("w-2"));
  EXPECT_EQ(change.grant->epoch, Epoch(4));
}

TEST_F(PlannerTest, ADrainingWorkerKeepsATaskUntilItHasStoppedIt) {
  AddWorker("w").draining = true;
  AddWorker("other");
  AddAssigned(TaskState::kIncrementalSync, RunState::kRunning);
  ExpectNothing();
  snapshot_.workers[0].sequence = 101;
  EXPECT_EQ(Only().grant->worker.name, WorkerName("other"));
}

TEST_F(PlannerTest, ReservedSlotsLeaveADrainingWorkerAtOnce) {
  AddWorker("w").draining = true;
  AddAssigned(TaskState::kConfiguration, RunState::kIdle);
  EXPECT_TRUE(Only().release.has_value());
  AddWorker("other");
  EXPECT_EQ(Only().grant->worker.name, WorkerName("other"));
}

TEST_F(PlannerTest, PauseWaitsForTheWorkerToStop) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kIncrementalSync, RunState::kRunning);
  task.desired_state = DesiredState::kPaused;
  ExpectNothing();
  task.report->report.state = RunState::kIdle;
  task.report->time = task.desired_time - absl::Seconds(1);
  ExpectNothing();  // Idle before it was asked to: not yet an answer.
  task.report->time = task.desired_time;
  EXPECT_EQ(Entered(), TaskState::kPaused);
}

TEST_F(PlannerTest, AFailedTaskThatIsPausedIsPausedAtOnce) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kIncrementalSyncFailed, RunState::kIdle);
  ExpectNothing();
  task.desired_state = DesiredState::kPaused;
  EXPECT_EQ(Entered(), TaskState::kPaused);
}

TEST_F(PlannerTest, PauseOfALostTaskIsDone) {
  AddWorker("w").silent_for = kLease;
  AddAssigned(TaskState::kIncrementalSync, RunState::kRunning).desired_state =
      DesiredState::kPaused;
  EXPECT_EQ(Entered(), TaskState::kPaused);
}

TEST_F(PlannerTest, StoppingEndsWhenTheCheckpointIsRemoved) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kStopping, RunState::kRunning);
  task.desired_state = DesiredState::kStopped;
  ExpectNothing();
  task.report->report.state = RunState::kFinished;
  const TaskChange change = Only();
  EXPECT_EQ(change.state->state, TaskState::kCompleted);
  EXPECT_TRUE(change.release.has_value());
}

TEST_F(PlannerTest, ADrainThatCannotGoOnStaysUntilItIsCutShort) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kStopping, RunState::kRetrying);
  task.stop_mode = StopMode::kDrain;
  task.report->report.fault = Fault{.code = "UNAVAILABLE"};
  task.state_time = kNow - absl::Hours(100);
  EXPECT_THAT(*Only().state_message, HasSubstr("without draining"));
  task.state_message = *Only().state_message;
  ExpectNothing();
  task.report->report.state = RunState::kFinished;
  EXPECT_EQ(Entered(), TaskState::kCompleted);
}

TEST_F(PlannerTest, ATaskThatNeverRanStopsWithoutAWorker) {
  Task& task = AddTask("t", TaskState::kStopping);
  task.started = false;
  EXPECT_EQ(Entered(), TaskState::kCompleted);
}

TEST_F(PlannerTest, StoppingFindsAnotherWorkerForALostOne) {
  AddWorker("w").silent_for = kLease;
  AddWorker("other");
  AddAssigned(TaskState::kStopping, RunState::kRunning);
  EXPECT_EQ(Only().grant->worker.name, WorkerName("other"));
}

TEST_F(PlannerTest, StoppingThatFailsSaysSo) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kStopping, RunState::kFailed);
  EXPECT_EQ(Entered(), TaskState::kStopFailed);
  task.retry_count = 1;  // The failure is that of the run before.
  ExpectNothing();
}

TEST_F(PlannerTest, ANewGenerationIsModifyingUntilItRuns) {
  AddWorker("w");
  Task& task = AddAssigned(TaskState::kIncrementalSync, RunState::kRunning);
  task.generation = Generation(2);
  EXPECT_EQ(Entered(), TaskState::kModifying);
  task.state = TaskState::kModifying;
  ExpectNothing();
  task.report->report.generation = Generation(2);
  EXPECT_EQ(Entered(), TaskState::kIncrementalSync);
}

TEST_F(PlannerTest, AHigherEpochInKafkaIsExceeded) {
  AddWorker("w");
  AddAssigned(TaskState::kStarting, RunState::kRetrying)
      .report->report.found_epoch = Epoch(17);
  const TaskChange change = Only();
  EXPECT_EQ(change.grant->worker.name, WorkerName("w"));
  EXPECT_EQ(change.grant->epoch, Epoch(18));
}

TEST_F(PlannerTest, AWorkerThatNoLongerSuitsGivesTheTaskToOneThatDoes) {
  AddWorker("w").place.region = "other";
  AddAssigned(TaskState::kIncrementalSync, RunState::kRunning);
  ExpectNothing();  // Nobody is better.
  AddWorker("fits");
  EXPECT_EQ(Only().grant->worker.name, WorkerName("fits"));
}

TEST_F(PlannerTest, TheSameInputGivesTheSameSteps) {
  AddWorker("a");
  AddWorker("b");
  for (const char* uid : {"t1", "t2", "t3"}) {
    AddTask(uid, TaskState::kCreating);
  }
  const std::vector<TaskChange> first = Plan(snapshot_);
  const std::vector<TaskChange> second = Plan(snapshot_);
  ASSERT_EQ(first.size(), second.size());
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].grant->worker, second[i].grant->worker);
  }
}

}  // namespace
}  // namespace binferry::controller
