#include "controller/store/assignment_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "controller/store/testing/store_fixture.h"

namespace binferry::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using AssignmentStoreTest = StoreTest;

TEST_F(AssignmentStoreTest, APartitionOfAForcedDeletionIsNotGivenOutAgain) {
  const Task first = Place(Create("first"), TaskState::kStarting);
  ASSERT_THAT(assignments_->ClaimStatePartition(
                  {kWorker, first.uid, first.assignment.epoch}, "cluster"),
              IsOkAndHolds(0));
  ASSERT_THAT(tasks_->Delete(first.key, {.force = true}), IsOk());
  const Task second = Place(Create("second"), TaskState::kStarting);
  const AssignmentClaim claim = {kWorker, second.uid, second.assignment.epoch};
  EXPECT_THAT(assignments_->ClaimStatePartition(claim, "cluster"),
              IsOkAndHolds(1));
  EXPECT_THAT(assignments_->ClaimStatePartition(claim, "cluster"),
              IsOkAndHolds(1));
  EXPECT_THAT(assignments_->ClaimStatePartition(claim, "another"),
              IsOkAndHolds(0));
}

TEST_F(AssignmentStoreTest, ServerIdsDiffer) {
  const Task a = Place(Create("aaaa"), TaskState::kStarting);
  const Task b = Place(Create("bbbb"), TaskState::kStarting);
  const auto first =
      assignments_->GetAssignedTask({kWorker, a.uid, a.assignment.epoch});
  const auto second =
      assignments_->GetAssignedTask({kWorker, b.uid, b.assignment.epoch});
  ASSERT_THAT(first, IsOk());
  ASSERT_THAT(second, IsOk());
  EXPECT_NE(first->runtime.server_id, second->runtime.server_id);
  EXPECT_NE(first->runtime.replica_uuid, second->runtime.replica_uuid);
  EXPECT_GE(first->runtime.server_id, 1'000'000'000u);
}

TEST_F(AssignmentStoreTest, AHeartbeatIsOneStatementWhateverItCarries) {
  std::vector<Task> placed;
  for (int i = 0; i < 20; ++i) {
    placed.push_back(
        Place(Create(absl::StrCat("task-", i)), TaskState::kStarting));
  }
  Heartbeat beat = Beat(1);
  for (const Task& task : placed) {
    beat.reports.push_back(Report(task, RunState::kRunning));
    beat.reports.back().events = {{.number = 1,
                                   .reason = "UNREAD_STATEMENT",
                                   .message = "INSERT",
                                   .time = absl::Now()}};
  }
  const int64_t before = pool_->statements();
  const absl::StatusOr<WorkerOrders> orders = assignments_->Beat(beat);
  EXPECT_EQ(pool_->statements() - before, 1);
  ASSERT_THAT(orders, IsOk());
  EXPECT_THAT(orders->orders, SizeIs(20));
  EXPECT_EQ(orders->orders[0].purpose, Purpose::kRun);
  const auto again = assignments_->ReadOrders(kWorker);
  EXPECT_EQ(pool_->statements() - before, 2);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->Version(), orders->Version());
  EXPECT_EQ(Get(placed[7]).report->report.state, RunState::kRunning);
}

// `report` with everything that a worker may tell.
TaskReport FullReport(TaskReport report) {
  report.position =
      Position{.file = "bin.000001",
               .position = uint64_t{1} << 63,
               .gtid_set = "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5",
               .rows_done = 3,
               .source_time = absl::FromUnixMillis(1'800'000'000'123),
               .last_record_id = 17};
  report.counters = Counters{.inserts = 1,
                             .records = 17,
                             .recoveries = 2,
                             .replaced_texts = 3,
                             .alerts = uint64_t{1} << 63};
  report.lag = absl::Milliseconds(250);
  report.fault = Fault{.code = "UNAVAILABLE",
                       .message = std::string("no \"Kafka\"\n\0\xff", 13),
                       .time = absl::FromUnixSeconds(1'800'000'000),
                       .attempts = 3,
                       .next_retry_time = absl::FromUnixSeconds(1'800'000'009),
                       .first_time = absl::FromUnixSeconds(1'700'000'000),
                       .remedy = "start it"};
  report.source_position =
      Position{.file = "bin.000009", .position = 4, .gtid_set = "a:1-9"};
  report.load = PipelineLoad{.memory_bytes = uint64_t{1} << 63,
                             .memory_limit_bytes = 2,
                             .queued_records = 3,
                             .queued_records_limit = 4,
                             .back_pressure_reason = "DESTINATION"};
  report.top_tables = {{.database = "shop",
                        .table = "it's \"1\"",
                        .inserts = 1,
                        .updates = 2,
                        .deletes = 3,
                        .record_bytes = uint64_t{1} << 63},
                       {.database = "shop", .table = "second"}};
  report.start_position_committed = true;
  return report;
}

TEST_F(AssignmentStoreTest, ReportsAreKeptWhole) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  const TaskReport report = FullReport(Report(task, RunState::kRetrying));
  Heartbeat beat = Beat(1);
  beat.reports = {report};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  Task read = Get(task);
  ASSERT_NE(read.CurrentReport(), nullptr);
  EXPECT_EQ(read.report->report.position, report.position);
  EXPECT_EQ(read.report->report.counters, report.counters);
  EXPECT_EQ(read.report->report.lag, report.lag);
  EXPECT_EQ(read.report->report.fault->message, "no \"Kafka\"\n??");
  EXPECT_EQ(read.report->report.fault->next_retry_time,
            report.fault->next_retry_time);
  EXPECT_EQ(read.report->report.fault->first_time, report.fault->first_time);
  EXPECT_EQ(read.report->report.fault->remedy, "start it");
  EXPECT_EQ(read.report->report.source_position, report.source_position);
  EXPECT_EQ(read.report->report.load, report.load);
  EXPECT_EQ(read.report->observed_generation, task.generation);
  EXPECT_EQ((*tasks_->ReadDetails({task.uid}, 1))[task.uid].top_tables,
            report.top_tables);
  EXPECT_TRUE(read.start_position_committed);
  // What a reserved task leaves out stays.
  beat = Beat(2);
  beat.reports = {Report(task, RunState::kIdle)};
  beat.reports[0].generation = Generation(0);
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  read = Get(task);
  EXPECT_EQ(read.report->report.source_position, report.source_position);
  EXPECT_EQ(read.report->report.generation, Generation(0));
  EXPECT_EQ(read.report->observed_generation, task.generation);
  EXPECT_FALSE(read.report->report.load.has_value());
  EXPECT_EQ((*tasks_->ReadDetails({task.uid}, 1))[task.uid].top_tables.size(),
            2u);
  EXPECT_EQ(read.report->report.position, report.position);
  EXPECT_EQ(read.report->report.counters, report.counters);
  EXPECT_FALSE(read.report->report.fault.has_value());
  EXPECT_TRUE(read.start_position_committed);
}

TEST_F(AssignmentStoreTest, OldNumbersAndForeignEpochsChangeNothing) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  Heartbeat beat = Beat(5);
  beat.reports = {Report(task, RunState::kRunning)};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  beat.sequence = 4;
  beat.reports = {Report(task, RunState::kFailed)};
  EXPECT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_EQ(Get(task).report->report.state, RunState::kRunning);
  beat.sequence = 6;
  beat.reports[0].epoch = task.assignment.epoch.Next();
  EXPECT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_EQ(Get(task).report->report.state, RunState::kRunning);
  EXPECT_EQ(Get(task).report->sequence, 5) << "no longer reported";
}

TEST_F(AssignmentStoreTest, ANewProcessTakesTheNameOverForGood) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  ASSERT_THAT(assignments_->Beat(Beat(100)), IsOk());
  Heartbeat successor = Beat(1);
  successor.worker = kSuccessor;
  const auto orders = assignments_->Beat(successor);
  ASSERT_THAT(orders, IsOk());
  EXPECT_THAT(orders->orders, IsEmpty()) << "the grant was another process's";
  EXPECT_THAT(assignments_->Beat(Beat(101)),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("newer process")));
  EXPECT_EQ(workers_->Get(WorkerName("w1"))->identity, kSuccessor);
  EXPECT_THAT(assignments_->GetAssignedTask(
                  {kSuccessor, task.uid, task.assignment.epoch}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(assignments_->ClaimStatePartition(
                  {kWorker, task.uid, task.assignment.epoch.Next()}, "c"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(AssignmentStoreTest, RepeatedEventsAreRecognized) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  Heartbeat beat = Beat(1);
  beat.reports = {Report(task, RunState::kRunning)};
  beat.reports[0].events = {{1, "FENCED", "one", absl::Now()},
                            {2, "FENCED", "two", absl::Now()}};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  beat.sequence = 2;
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  const std::vector<TaskEvent> events = Events(task, 2);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(events[0].message, "two");
  EXPECT_EQ(events[1].message, "one");
}

TEST_F(AssignmentStoreTest, ATaskToldTwiceInOneHeartbeatIsOneReport) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  Heartbeat beat = Beat(1);
  beat.reports = {Report(task, RunState::kRunning),
                  Report(task, RunState::kRunning)};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_EQ(Count("task_reports"), 1);
}

TEST_F(AssignmentStoreTest, RatesFollowTheCountersOverTenSeconds) {
  const Task task = Place(Create("orders"), TaskState::kIncrementalSync);
  Heartbeat beat = Beat(1);
  beat.reports = {Report(task, RunState::kRunning)};
  beat.reports[0].counters = Counters{.records = 1'000, .binlog_bytes = 50};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_EQ(Get(task).report->rates, Rates()) << "one number is no rate";

  const auto pass_ten_seconds = [&] {
    ASSERT_THAT(pool_->Execute("UPDATE task_reports SET time = time - "
                               "interval '10 seconds'"),
                IsOk());
  };
  pass_ten_seconds();
  beat.sequence = 2;
  beat.reports[0].counters->records += 10'000;
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  // 1,000 a second, of which 1 - 1/e counts after ten.
  EXPECT_NEAR(Get(task).report->rates.records_per_second, 632, 30);
  EXPECT_EQ(Get(task).report->rates.binlog_bytes_per_second, 0);

  pass_ten_seconds();
  beat.sequence = 3;
  beat.reports[0].counters->records = 5;  // Counts anew.
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_NEAR(Get(task).report->rates.records_per_second, 632 / 2.72, 30);
}

TEST_F(AssignmentStoreTest, ACommittedStartPositionIsNeverForgotten) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  Heartbeat beat = Beat(1);
  beat.reports = {Report(task, RunState::kRunning)};
  beat.reports[0].start_position_committed = true;
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  beat.sequence = 2;
  beat.reports[0].start_position_committed = false;
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  const auto assigned =
      assignments_->GetAssignedTask({kWorker, task.uid, task.assignment.epoch});
  ASSERT_THAT(assigned, IsOk());
  EXPECT_TRUE(assigned->runtime.start_position_committed);
  EXPECT_EQ(assigned->task.version, task.version)
      << "a report is no change that the planner must read anew";
}

TEST_F(AssignmentStoreTest, ProbesGoOutOnceAnsweredNoMore) {
  const Task task = Place(Create("orders"), TaskState::kConfiguration);
  ASSERT_THAT(assignments_->Beat(Beat(1)), IsOk());
  const auto test = probes_->Ask({.task = task.key, .bytes = "test?"});
  const auto list = probes_->Ask({.task = task.key, .bytes = "list?"});
  ASSERT_THAT(test, IsOk());
  ASSERT_THAT(list, IsOk());
  EXPECT_EQ(test->worker, kWorker.name);
  const auto orders = assignments_->ReadOrders(kWorker);
  ASSERT_THAT(orders, IsOk());
  ASSERT_THAT(orders->probes, SizeIs(2));
  for (const Probe& probe : orders->probes) {
    EXPECT_EQ(probe.question, probe.id == test->id ? "test?" : "list?");
    EXPECT_EQ(probe.epoch, task.assignment.epoch);
    EXPECT_GT(probe.time_left, kMaxProbeTime - absl::Seconds(30));
  }
  EXPECT_EQ(*probes_->ReadAnswer(test->id), std::nullopt);

  const ProbeAnswer answer = {
      .id = test->id,
      .answer = "passed",
      .test = KeptTest{.endpoint = TestedEndpoint::kSource, .document = "doc"}};
  ASSERT_THAT(probes_->Answer(kSuccessor, {answer}), IsOk());
  EXPECT_THAT(assignments_->ReadOrders(kWorker)->probes, SizeIs(2))
      << "another process's answer";
  const std::string unknown = "123e4567-e89b-12d3-a456-426614174000";
  ASSERT_THAT(probes_->Answer(kWorker, {answer, {.id = unknown}}), IsOk());
  EXPECT_THAT(assignments_->ReadOrders(kWorker)->probes, SizeIs(1));
  EXPECT_EQ(*probes_->ReadAnswer(test->id), "passed");
  // Kept with the task, whether somebody still waits or not.
  ASSERT_THAT(probes_->Forget(test->id), IsOk());
  EXPECT_THAT(probes_->ReadAnswer(test->id),
              StatusIs(absl::StatusCode::kNotFound));
  const auto details = tasks_->ReadDetails({task.uid}, 1);
  ASSERT_THAT(details, IsOk());
  EXPECT_THAT(details->at(task.uid).tests, ElementsAre("doc"));
}

TEST_F(AssignmentStoreTest, QuestionsNeedAWorkerAndAreBounded) {
  const Task creating = Create("orders");
  EXPECT_THAT(probes_->Ask({.task = creating.key, .bytes = "?"}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("no worker yet")));
  EXPECT_THAT(probes_->Ask({.task = {"p", "none"}, .bytes = "?"}),
              StatusIs(absl::StatusCode::kNotFound));
  const Task task = Place(creating, TaskState::kConfiguration);
  for (size_t i = 0; i < kMaxOpenProbesPerTask; ++i) {
    ASSERT_THAT(probes_->Ask({.task = task.key, .bytes = "?"}), IsOk());
  }
  EXPECT_THAT(probes_->Ask({.task = task.key, .bytes = "?"}),
              StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST_F(AssignmentStoreTest, WorkersShowWhereTheyStand) {
  ASSERT_THAT(assignments_->Beat(Beat(1)), IsOk());
  Place(Create("orders"), TaskState::kConfiguration);
  const auto workers = workers_->List(WorkerName(), 10);
  ASSERT_THAT(workers, IsOk());
  ASSERT_THAT(*workers, SizeIs(1));
  EXPECT_EQ((*workers)[0].place, Beat(1).place);
  EXPECT_EQ((*workers)[0].slots_used, 1);
  EXPECT_LT((*workers)[0].silent_for, absl::Seconds(10));
  EXPECT_THAT(workers_->ListTasks(WorkerName("w1")),
              IsOkAndHolds(ElementsAre(TaskKey{"default", "orders"})));
  EXPECT_THAT(workers_->List(WorkerName("w1"), 10), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(workers_->Get(WorkerName("w2")),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(AssignmentStoreTest, AShorterListOfTablesReplacesALongerOne) {
  const Task task = Place(Create("orders"), TaskState::kIncrementalSync);
  Heartbeat beat = Beat(1);
  beat.reports = {Report(task, RunState::kRunning)};
  for (size_t i = 0; i < kMaxTopTables + 3; ++i) {
    beat.reports[0].top_tables.push_back(
        {.database = "d", .table = std::to_string(i)});
  }
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_EQ(Count("task_top_tables"), static_cast<int64_t>(kMaxTopTables));
  beat.sequence = 2;
  beat.reports[0].top_tables = {{.database = "d", .table = "only"}};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_EQ((*tasks_->ReadDetails({task.uid}, 1))[task.uid].top_tables,
            beat.reports[0].top_tables);
}

TEST_F(AssignmentStoreTest, AStopThatDrainsIsOrderedAsSuch) {
  const Task task = Place(Create("orders"), TaskState::kIncrementalSync);
  ASSERT_THAT(tasks_->Apply(task.key, {.action = UserAction::kStop}), IsOk());
  EXPECT_EQ((*assignments_->Beat(Beat(1))).orders[0].purpose, Purpose::kDrain);
  ASSERT_THAT(tasks_->Apply(task.key, {.action = UserAction::kStop,
                                       .stop_mode = StopMode::kNow}),
              IsOk());
  EXPECT_EQ((*assignments_->Beat(Beat(2))).orders[0].purpose, Purpose::kFinish);
}

TEST_F(AssignmentStoreTest, AResetIsToldAndForgetsTheCommittedStart) {
  Task task = Place(Create("orders"), TaskState::kStarting);
  Heartbeat beat = Beat(1);
  beat.reports = {Report(task, RunState::kRunning)};
  beat.reports[0].start_position_committed = true;
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  ASSERT_TRUE(Get(task).start_position_committed);
  task = Place(Get(task), TaskState::kPaused);
  SpecUpdate update;
  update.spec = task.spec;
  update.spec.document = "from elsewhere";
  update.read_revision = task.revision;
  const auto reset = tasks_->Reset(task.key, update);
  ASSERT_THAT(reset, IsOk());
  EXPECT_EQ(reset->state, TaskState::kConfiguration);
  EXPECT_EQ(reset->generation, task.generation.Next());
  EXPECT_EQ(reset->spec.document, "from elsewhere");
  EXPECT_TRUE(reset->started);
  // A report of the run before does not speak of the new start.
  beat.sequence = 2;
  beat.reports[0].epoch = task.assignment.epoch;
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_FALSE(Get(task).start_position_committed);
  const auto assigned =
      assignments_->GetAssignedTask({kWorker, task.uid, task.assignment.epoch});
  ASSERT_THAT(assigned, IsOk());
  EXPECT_EQ(assigned->runtime.reset_count, 1);
  EXPECT_FALSE(assigned->runtime.start_position_committed);
  beat.sequence = 3;
  beat.reports[0].generation = reset->generation;
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  EXPECT_TRUE(Get(task).start_position_committed);
}

}  // namespace
}  // namespace binferry::controller
