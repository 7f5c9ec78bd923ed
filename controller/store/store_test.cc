#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "common/clock.h"
#include "common/testing/status_matchers.h"
#include "controller/secrets/uuid.h"
#include "controller/store/assignment_store.h"
#include "controller/store/change_feed.h"
#include "controller/store/migrator.h"
#include "controller/store/plan_store.h"
#include "controller/store/planner_lock.h"
#include "controller/store/probe_store.h"
#include "controller/store/task_store.h"
#include "controller/store/worker_store.h"
#include "controller/testing/test_database.h"

namespace binferry::controller {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const WorkerIdentity kWorker = {WorkerName("w1"), Incarnation("first")};
const WorkerIdentity kSuccessor = {WorkerName("w1"), Incarnation("second")};

// A migrated database of its own with all stores over it.
class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!HasTestPostgres()) GTEST_SKIP() << kNoTestPostgres;
    auto database = TestDatabase::Create();
    ASSERT_THAT(database, IsOk());
    database_ = *std::move(database);
    options_.connection_string = database_->connection_string();
    const auto migrations =
        ReadMigrations(absl::StrCat(BINFERRY_SOURCE_DIR, "/migrations"));
    ASSERT_THAT(migrations, IsOk());
    ASSERT_THAT(Migrate(options_, *migrations), IsOk());
    pool_ = std::make_unique<PgPool>(&clock_,
                                     PgPool::Options{.connection = options_});
    tasks_ = std::make_unique<TaskStore>(pool_.get());
    workers_ = std::make_unique<WorkerStore>(pool_.get());
    assignments_ = std::make_unique<AssignmentStore>(pool_.get());
    probes_ = std::make_unique<ProbeStore>(pool_.get());
    plans_ = std::make_unique<PlanStore>(pool_.get());
  }

  static NewTask MakeTask(const std::string& task_id) {
    NewTask task;
    task.key = {.project = "default", .task_id = task_id};
    task.uid = TaskUid(RandomUuid());
    task.spec.document = std::string("\0spec\xff", 6);
    task.spec.placement = {.region = "local",
                           .availability_zones = {"a", "b,\"c\\"},
                           .network_type = NetworkType::kVpc,
                           .vpc = "v"};
    task.spec.tags = {{"team", "orders"}, {"quote\"d", ""}};
    return task;
  }

  Task Create(const std::string& task_id) {
    absl::StatusOr<Task> task = tasks_->Create(MakeTask(task_id));
    EXPECT_THAT(task, IsOk());
    return task.ok() ? *task : Task();
  }

  Task Get(const Task& task) {
    absl::StatusOr<Task> found = tasks_->Get(task.key);
    EXPECT_THAT(found, IsOk());
    return found.ok() ? *found : Task();
  }

  Heartbeat Beat(int64_t sequence) {
    Heartbeat heartbeat;
    heartbeat.worker = kWorker;
    heartbeat.sequence = sequence;
    heartbeat.place = {
        .region = "local",
        .availability_zone = "a",
        .network_types = {NetworkType::kVpc, NetworkType::kPublic},
        .labels = {{"rack", "7"}}};
    heartbeat.slots = 10;
    heartbeat.version = "0.1.0";
    return heartbeat;
  }

  // Gives `task` to kWorker, in `state`.
  Task Place(const Task& task, TaskState state) {
    TaskChange change;
    change.uid = task.uid;
    change.version = task.version;
    change.grant = TaskChange::Grant{.worker = kWorker,
                                     .epoch = task.assignment.epoch.Next()};
    change.state = TaskChange::StateChange{.state = state};
    EXPECT_THAT(plans_->Apply(change), IsOk());
    return Get(task);
  }

  static TaskReport Report(const Task& task, RunState state) {
    TaskReport report;
    report.uid = task.uid;
    report.epoch = task.assignment.epoch;
    report.generation = task.generation;
    report.state = state;
    return report;
  }

  int64_t Count(const std::string& table) {
    const auto rows =
        pool_->Execute(absl::StrCat("SELECT count(*) AS n FROM ", table));
    EXPECT_THAT(rows, IsOk());
    return rows.ok() ? (*rows)[0].Int("n") : -1;
  }

  const SystemClock clock_;
  std::unique_ptr<TestDatabase> database_;
  PgOptions options_;
  std::unique_ptr<PgPool> pool_;
  std::unique_ptr<TaskStore> tasks_;
  std::unique_ptr<WorkerStore> workers_;
  std::unique_ptr<AssignmentStore> assignments_;
  std::unique_ptr<ProbeStore> probes_;
  std::unique_ptr<PlanStore> plans_;
};

TEST_F(StoreTest, ATaskReadsBackAsItWasWritten) {
  NewTask made = MakeTask("orders");
  made.spec.start_time = absl::FromUnixMicros(1'800'000'000'123'456);
  ASSERT_THAT(tasks_->Create(made), IsOk());
  const absl::StatusOr<Task> task = tasks_->Get(made.key);
  ASSERT_THAT(task, IsOk());
  EXPECT_EQ(task->uid, made.uid);
  EXPECT_EQ(task->spec.document, made.spec.document);
  EXPECT_EQ(task->spec.placement, made.spec.placement);
  EXPECT_EQ(task->spec.tags, made.spec.tags);
  EXPECT_EQ(task->spec.start_time, made.spec.start_time);
  EXPECT_EQ(task->state, TaskState::kCreating);
  EXPECT_EQ(task->generation, Generation(1));
  EXPECT_FALSE(task->report.has_value());
  EXPECT_LT(absl::Now() - task->create_time, absl::Minutes(5));
  EXPECT_THAT(tasks_->GetByUid(made.uid), IsOk());
  EXPECT_THAT(tasks_->GetByUid(TaskUid("no uuid")),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(StoreTest, CreateIsIdempotentByRequestId) {
  NewTask task = MakeTask("orders");
  task.request_id = RandomUuid();
  ASSERT_THAT(tasks_->Create(task), IsOk());
  NewTask repeated = task;
  repeated.uid = TaskUid(RandomUuid());
  const absl::StatusOr<Task> again = tasks_->Create(repeated);
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->uid, task.uid);
  EXPECT_THAT(tasks_->Create(MakeTask("orders")),
              StatusIs(absl::StatusCode::kAlreadyExists));
  repeated.key.task_id = "others";
  EXPECT_THAT(
      tasks_->Create(repeated),
      StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("request_id")));
}

TEST_F(StoreTest, ListsFilteredInPages) {
  for (const char* id : {"cccc", "aaaa", "bbbb", "Zzzz"}) Create(id);
  NewTask other = MakeTask("dddd");
  other.key.project = "other";
  other.spec.tags = {};
  ASSERT_THAT(tasks_->Create(other), IsOk());
  const auto ids = [&](const TaskFilter& filter) {
    std::vector<std::string> names;
    const auto tasks = tasks_->List(filter);
    EXPECT_THAT(tasks, IsOk());
    for (const Task& task : *tasks) names.push_back(task.key.task_id);
    return names;
  };
  TaskFilter filter;
  EXPECT_THAT(ids(filter), ElementsAre("Zzzz", "aaaa", "bbbb", "cccc", "dddd"));
  filter.project = "default";
  filter.limit = 2;
  EXPECT_THAT(ids(filter), ElementsAre("Zzzz", "aaaa"));
  filter.after = TaskKey{.project = "default", .task_id = "aaaa"};
  EXPECT_THAT(ids(filter), ElementsAre("bbbb", "cccc"));
  filter = TaskFilter();
  filter.tags = {{"team", "orders"}};
  filter.id_contains = "b";
  EXPECT_THAT(ids(filter), ElementsAre("bbbb"));
  filter.states = {TaskState::kPaused};
  EXPECT_THAT(ids(filter), IsEmpty());
}

TEST_F(StoreTest, UpdateComparesTheRevision) {
  const Task task = Create("orders");
  SpecUpdate update;
  update.spec = task.spec;
  update.spec.document = "new";
  update.read_revision = task.revision;
  update.secrets[SecretField::kSourcePassword] = {.key_id = "k", .bytes = "x"};
  const absl::StatusOr<Task> updated = tasks_->Update(task.key, update);
  ASSERT_THAT(updated, IsOk());
  EXPECT_EQ(updated->generation, Generation(2));
  EXPECT_EQ(updated->spec.document, "new");
  EXPECT_THAT(tasks_->ListSecretFields(task.uid),
              IsOkAndHolds(ElementsAre(SecretField::kSourcePassword)));
  EXPECT_THAT(tasks_->Update(task.key, update),
              StatusIs(absl::StatusCode::kAborted, HasSubstr("etag")));
  update.read_revision = updated->revision;
  update.secrets.clear();
  update.cleared_secrets = {SecretField::kSourcePassword};
  ASSERT_THAT(tasks_->Update(task.key, update), IsOk());
  EXPECT_THAT(tasks_->ListSecretFields(task.uid), IsOkAndHolds(IsEmpty()));
}

TEST_F(StoreTest, VerbsAreCheckedAgainstTheState) {
  const Task task = Place(Create("orders"), TaskState::kConfiguration);
  EXPECT_THAT(tasks_->Apply(task.key, {.action = UserAction::kPause}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("CONFIGURATION")));
  EXPECT_THAT(
      tasks_->Apply(task.key, {.action = UserAction::kStart, .etag = "99"}),
      StatusIs(absl::StatusCode::kAborted));
  const auto started =
      tasks_->Apply(task.key, {.action = UserAction::kStart, .etag = "1"});
  ASSERT_THAT(started, IsOk());
  EXPECT_EQ(started->state, TaskState::kPendingStart);
  EXPECT_EQ(started->desired_state, DesiredState::kRunning);
  EXPECT_THAT(tasks_->Delete(task.key, {}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(tasks_->Apply({"default", "none"}, {}),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(StoreTest, DeleteLeavesNothing) {
  NewTask made = MakeTask("orders");
  made.secrets[SecretField::kSourcePassword] = {.key_id = "k", .bytes = "x"};
  Task task = *tasks_->Create(made);
  task = Place(task, TaskState::kStarting);
  ASSERT_THAT(assignments_->Beat(Beat(1)), IsOk());
  Heartbeat beat = Beat(2);
  beat.reports = {Report(task, RunState::kRunning)};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  ASSERT_THAT(assignments_->ClaimStatePartition(
                  {kWorker, task.uid, task.assignment.epoch}, "cluster"),
              IsOkAndHolds(0));
  TaskChange end;
  end.uid = task.uid;
  end.version = task.version;
  end.state = TaskChange::StateChange{.state = TaskState::kCompleted};
  end.release = true;
  ASSERT_THAT(plans_->Apply(end), IsOk());
  ASSERT_THAT(tasks_->Delete(task.key, {}), IsOk());
  for (const char* table : {"tasks", "task_secrets", "task_events",
                            "task_reports", "probes", "state_partitions"}) {
    EXPECT_EQ(Count(table), 0) << table;
  }
  EXPECT_THAT(tasks_->Get(task.key), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_NE(Create("orders").uid, task.uid);
}

TEST_F(StoreTest, APartitionOfAForcedDeletionIsNotGivenOutAgain) {
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

TEST_F(StoreTest, ServerIdsDiffer) {
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

TEST_F(StoreTest, AHeartbeatIsOneStatementWhateverItCarries) {
  std::vector<Task> placed;
  for (int i = 0; i < 20; ++i) {
    placed.push_back(
        Place(Create(absl::StrCat("task-", i)), TaskState::kStarting));
  }
  Heartbeat beat = Beat(1);
  for (const Task& task : placed) {
    beat.reports.push_back(Report(task, RunState::kRunning));
    beat.reports.back().events = {{.number = 1,
                                   .reason = "DDL_OMITTED",
                                   .message = "ALTER",
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

TEST_F(StoreTest, ReportsAreKeptWhole) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  TaskReport report = Report(task, RunState::kRetrying);
  report.position =
      Position{.file = "bin.000001",
               .position = uint64_t{1} << 63,
               .gtid_set = "3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5",
               .rows_done = 3,
               .source_time = absl::FromUnixMillis(1'800'000'000'123),
               .last_record_id = 17};
  report.counters = Counters{.inserts = 1, .records = 17, .recoveries = 2};
  report.lag = absl::Milliseconds(250);
  report.fault = Fault{.code = "UNAVAILABLE",
                       .message = std::string("no \"Kafka\"\n\0\xff", 13),
                       .time = absl::FromUnixSeconds(1'800'000'000),
                       .attempts = 3,
                       .next_retry_time = absl::FromUnixSeconds(1'800'000'009)};
  report.start_position_committed = true;
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
  EXPECT_TRUE(read.start_position_committed);
  // What a reserved task leaves out stays.
  beat = Beat(2);
  beat.reports = {Report(task, RunState::kIdle)};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  read = Get(task);
  EXPECT_EQ(read.report->report.position, report.position);
  EXPECT_EQ(read.report->report.counters, report.counters);
  EXPECT_FALSE(read.report->report.fault.has_value());
  EXPECT_TRUE(read.start_position_committed);
}

TEST_F(StoreTest, OldNumbersAndForeignEpochsChangeNothing) {
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

TEST_F(StoreTest, ANewProcessTakesTheNameOverForGood) {
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

TEST_F(StoreTest, RepeatedEventsAreRecognized) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  Heartbeat beat = Beat(1);
  beat.reports = {Report(task, RunState::kRunning)};
  beat.reports[0].events = {{1, "FENCED", "one", absl::Now()},
                            {2, "FENCED", "two", absl::Now()}};
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  beat.sequence = 2;
  ASSERT_THAT(assignments_->Beat(beat), IsOk());
  const auto events = tasks_->ListEvents(task.uid, 2);
  ASSERT_THAT(events, IsOk());
  ASSERT_THAT(*events, SizeIs(2));
  EXPECT_EQ((*events)[0].message, "two");
  EXPECT_EQ((*events)[1].message, "one");
}

TEST_F(StoreTest, OnlyTheNewestEventsAreKept) {
  const Task task = Create("orders");
  ASSERT_THAT(pool_->Execute(
                  "INSERT INTO task_events (task_uid, reason, message) "
                  "SELECT $1, 'STATE', n::text FROM generate_series(1, 250) n",
                  PgParams().Text(task.uid.value())),
              IsOk());
  ASSERT_THAT(plans_->RemoveOld(), IsOk());
  EXPECT_EQ(Count("task_events"), 200);
  EXPECT_EQ((*tasks_->ListEvents(task.uid, 1))[0].message, "250");
}

TEST_F(StoreTest, AChangeIsACompareAndSet) {
  const Task task = Create("orders");
  const Task placed = Place(task, TaskState::kConfiguration);
  EXPECT_EQ(placed.assignment.worker, kWorker);
  EXPECT_EQ(placed.assignment.epoch, Epoch(1));
  TaskChange stale;
  stale.uid = task.uid;
  stale.version = task.version;
  stale.state = TaskChange::StateChange{.state = TaskState::kStopping};
  EXPECT_THAT(plans_->Apply(stale), StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Get(task).state, TaskState::kConfiguration);
}

TEST_F(StoreTest, AFailureOutlivesReportsAndGoesWithTheRetry) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  TaskChange fail;
  fail.uid = task.uid;
  fail.version = task.version;
  fail.state = TaskChange::StateChange{
      .state = TaskState::kStartFailed,
      .message = "m",
      .failure = Fault{.code = "PERMISSION_DENIED",
                       .message = "wrong password",
                       .time = absl::FromUnixSeconds(1'800'000'000),
                       .attempts = 1}};
  ASSERT_THAT(plans_->Apply(fail), IsOk());
  EXPECT_EQ(Get(task).failure, fail.state->failure);
  const auto retried = tasks_->Apply(task.key, {.action = UserAction::kRetry});
  ASSERT_THAT(retried, IsOk());
  EXPECT_EQ(retried->state, TaskState::kStarting);
  EXPECT_EQ(retried->retry_count, 1);
  EXPECT_FALSE(retried->failure.has_value());
}

TEST_F(StoreTest, ProbesGoOutOnceAnsweredNoMore) {
  Task task = Place(Create("orders"), TaskState::kConfiguration);
  ASSERT_THAT(assignments_->Beat(Beat(1)), IsOk());
  TaskChange ask;
  ask.uid = task.uid;
  ask.version = task.version;
  ask.probes = {ProbeKind::kCheckSource, ProbeKind::kCheckDestination};
  ASSERT_THAT(plans_->Apply(ask), IsOk());
  const auto orders = assignments_->ReadOrders(kWorker);
  ASSERT_THAT(orders, IsOk());
  ASSERT_THAT(orders->probes, SizeIs(2));
  EXPECT_GT(orders->probes[0].time_left, absl::Seconds(50));
  const Probe& probe = orders->probes[0];
  const ProbeResult result = {
      .id = probe.id, .passed = true, .message = "MySQL 8.0"};
  ASSERT_THAT(probes_->Answer(kSuccessor, {result}), IsOk());
  EXPECT_THAT(assignments_->ReadOrders(kWorker)->probes, SizeIs(2))
      << "another process's answer";
  ASSERT_THAT(probes_->Answer(kWorker, {result, {.id = "unknown"}}), IsOk());
  EXPECT_THAT(assignments_->ReadOrders(kWorker)->probes, SizeIs(1));
  task = Get(task);
  const auto& check = probe.kind == ProbeKind::kCheckSource
                          ? task.source_check
                          : task.destination_check;
  ASSERT_TRUE(check.has_value() && check->answer.has_value());
  EXPECT_TRUE(check->answer->passed);
  EXPECT_EQ(check->answer->message, "MySQL 8.0");
}

TEST_F(StoreTest, WorkersShowWhereTheyStand) {
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

TEST_F(StoreTest, OneHoldsThePlannerLockAtATime) {
  auto first = std::make_unique<PlannerLock>(options_);
  PlannerLock second(options_);
  EXPECT_THAT(first->TryHold(), IsOkAndHolds(true));
  EXPECT_THAT(first->TryHold(), IsOkAndHolds(true));
  EXPECT_THAT(second.TryHold(), IsOkAndHolds(false));
  first.reset();
  // The server notices the closed connection a moment later.
  for (const absl::Time end = absl::Now() + absl::Seconds(10);
       absl::Now() < end && !*second.TryHold();) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_THAT(second.TryHold(), IsOkAndHolds(true));
}

TEST_F(StoreTest, ALockThatWentWithItsConnectionIsNotHeld) {
  PlannerLock first(options_);
  PlannerLock second(options_);
  ASSERT_THAT(first.TryHold(), IsOkAndHolds(true));
  ASSERT_THAT(database_->TakeAway(), IsOk());
  ASSERT_THAT(database_->BringBack(), IsOk());
  ASSERT_THAT(second.TryHold(), IsOkAndHolds(true));
  const absl::StatusOr<bool> still = first.TryHold();
  EXPECT_TRUE(!still.ok() || !*still);
}

TEST_F(StoreTest, ChangesWakeThoseWhoWait) {
  const Task task = Place(Create("orders"), TaskState::kStarting);
  ChangeFeed feed(options_);
  absl::Notification ready, task_changed, orders_changed;
  auto all = feed.SubscribeAll([&](const Change& change) {
    if (change.kind == Change::Kind::kReset && !ready.HasBeenNotified()) {
      ready.Notify();
    }
  });
  auto of_task = feed.SubscribeTask(task.key, [&](const Change& change) {
    if (change.kind == Change::Kind::kTask && change.uid == task.uid &&
        !task_changed.HasBeenNotified()) {
      task_changed.Notify();
    }
  });
  auto of_worker = feed.SubscribeWorker(kWorker.name, [&](const Change& c) {
    if (c.kind == Change::Kind::kOrders && !orders_changed.HasBeenNotified()) {
      orders_changed.Notify();
    }
  });
  std::jthread thread([&](std::stop_token stop) { feed.Run(stop); });
  ASSERT_TRUE(ready.WaitForNotificationWithTimeout(absl::Seconds(10)));
  ASSERT_THAT(tasks_->Apply(task.key, {.action = UserAction::kPause}), IsOk());
  EXPECT_TRUE(task_changed.WaitForNotificationWithTimeout(absl::Seconds(5)));
  EXPECT_TRUE(orders_changed.WaitForNotificationWithTimeout(absl::Seconds(5)));
}

TEST_F(StoreTest, PostgresqlAwayFailsAtOnceAndComesBack) {
  ASSERT_THAT(pool_->Ping(), IsOk());
  ASSERT_THAT(database_->TakeAway(), IsOk());
  const absl::Time start = absl::Now();
  EXPECT_THAT(tasks_->Get({"default", "orders"}),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(assignments_->Beat(Beat(1)),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
  ASSERT_THAT(database_->BringBack(), IsOk());
  absl::Status back;
  for (const absl::Time end = absl::Now() + absl::Seconds(10);
       absl::Now() < end && !(back = pool_->Ping()).ok();) {
    absl::SleepFor(absl::Milliseconds(50));
  }
  EXPECT_THAT(back, IsOk());
}

TEST_F(StoreTest, AConnectionClosedWhileIdleIsReplacedUnnoticed) {
  ASSERT_THAT(pool_->Ping(), IsOk());
  ASSERT_THAT(database_->TakeAway(), IsOk());
  ASSERT_THAT(database_->BringBack(), IsOk());
  EXPECT_THAT(pool_->Ping(), IsOk());
}

TEST_F(StoreTest, NobodyThereIsUnavailable) {
  PgOptions nobody;
  nobody.connection_string = "host=127.0.0.1 port=1 dbname=x";
  PgPool pool(&clock_, {.connection = nobody});
  const absl::Time start = absl::Now();
  EXPECT_THAT(pool.Ping(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(pool.Ping(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
}

TEST_F(StoreTest, TheKeyOfTheSecretsIsRemembered) {
  EXPECT_THAT(tasks_->RecordKeyId("aa"), IsOk());
  EXPECT_THAT(tasks_->RecordKeyId("aa"), IsOk());
  EXPECT_THAT(tasks_->RecordKeyId("bb"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("aa"), HasSubstr("bb"))));
  EXPECT_THAT(tasks_->GetInstallation()->uuid, Not(IsEmpty()));
}

}  // namespace
}  // namespace binferry::controller
