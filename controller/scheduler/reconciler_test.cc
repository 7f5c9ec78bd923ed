#include "controller/scheduler/reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "controller/secrets/uuid.h"
#include "controller/store/assignment_store.h"
#include "controller/store/migrator.h"
#include "controller/store/probe_store.h"
#include "controller/store/task_store.h"
#include "controller/testing/ready_precheck.h"
#include "controller/testing/test_database.h"

namespace binferry::controller {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A worker as its heartbeats show it: does what it is told.
class ToyWorker {
 public:
  ToyWorker(AssignmentStore* store, std::string name, std::string incarnation)
      : store_(store) {
    beat_.worker = {WorkerName(std::move(name)),
                    Incarnation(std::move(incarnation))};
    beat_.place = {.region = "local", .network_types = {NetworkType::kVpc}};
    beat_.slots = 4;
  }

  WorkerOrders Beat() {
    ++beat_.sequence;
    absl::StatusOr<WorkerOrders> orders = store_->Beat(beat_);
    EXPECT_THAT(orders, IsOk());
    if (!orders.ok()) return {};
    beat_.reports.clear();
    for (const Order& order : orders->orders) {
      TaskReport report;
      report.uid = order.task_uid;
      report.epoch = order.epoch;
      report.retry_count = order.retry_count;
      switch (order.purpose) {
        case Purpose::kReserve:
          report.state = RunState::kIdle;
          break;
        case Purpose::kRun:
          report.state = RunState::kRunning;
          report.generation = order.generation;
          break;
        case Purpose::kDrain:
        case Purpose::kFinish:
          report.state = RunState::kFinished;
          break;
      }
      if (fault_.has_value() && order.purpose == Purpose::kRun) {
        report.state = RunState::kFailed;
        report.fault = fault_;
      }
      beat_.reports.push_back(report);
    }
    return *orders;
  }

  void FailWith(std::optional<Fault> fault) { fault_ = std::move(fault); }
  const WorkerIdentity& identity() const { return beat_.worker; }

 private:
  AssignmentStore* const store_;
  Heartbeat beat_;
  std::optional<Fault> fault_;
};

class ReconcilerTest : public testing::Test {
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
    assignments_ = std::make_unique<AssignmentStore>(pool_.get());
    probes_ = std::make_unique<ProbeStore>(pool_.get());
    plans_ = std::make_unique<PlanStore>(pool_.get());
    lock_ = std::make_unique<PlannerLock>(options_);
    reconciler_ = std::make_unique<Reconciler>(
        &clock_, plans_.get(), lock_.get(), Reconciler::Options());
    worker_ = std::make_unique<ToyWorker>(assignments_.get(), "w1", "a");
  }

  Task Create() {
    NewTask task;
    task.key = {"default", "orders"};
    task.uid = TaskUid(RandomUuid());
    task.spec.placement = {.region = "local",
                           .network_type = NetworkType::kVpc};
    absl::StatusOr<Task> created = tasks_->Create(task);
    EXPECT_THAT(created, IsOk());
    return *created;
  }

  Task Get() { return *tasks_->Get({"default", "orders"}); }
  void Do(UserAction action) {
    ASSERT_THAT(pool_->Execute(kReadyPrechecksSql), IsOk());
    ASSERT_THAT(tasks_->Apply({"default", "orders"}, {.action = action}),
                IsOk());
  }

  // Until nothing changes any more.
  void Settle(ToyWorker* worker) {
    for (int round = 0; round < 12; ++round) {
      worker->Beat();
      ASSERT_THAT(reconciler_->RunOnce(), IsOk());
    }
  }

  SimulatedClock clock_;
  std::unique_ptr<TestDatabase> database_;
  PgOptions options_;
  std::unique_ptr<PgPool> pool_;
  std::unique_ptr<TaskStore> tasks_;
  std::unique_ptr<AssignmentStore> assignments_;
  std::unique_ptr<ProbeStore> probes_;
  std::unique_ptr<PlanStore> plans_;
  std::unique_ptr<PlannerLock> lock_;
  std::unique_ptr<Reconciler> reconciler_;
  std::unique_ptr<ToyWorker> worker_;
};

TEST_F(ReconcilerTest, ATaskGoesItsWholeWay) {
  Create();
  Settle(worker_.get());
  EXPECT_EQ(Get().state, TaskState::kConfiguration);
  Do(UserAction::kStart);
  Settle(worker_.get());
  EXPECT_EQ(Get().state, TaskState::kIncrementalSync);
  EXPECT_TRUE(Get().synced);
  Do(UserAction::kPause);
  EXPECT_EQ(worker_->Beat().orders[0].purpose, Purpose::kReserve)
      << "before the planner has done anything";
  Settle(worker_.get());
  EXPECT_EQ(Get().state, TaskState::kPaused);
  Do(UserAction::kResume);
  Settle(worker_.get());
  EXPECT_EQ(Get().state, TaskState::kIncrementalSync);
  EXPECT_EQ(Get().assignment.epoch, Epoch(1)) << "nothing was lost";
  Do(UserAction::kStop);
  Settle(worker_.get());
  EXPECT_EQ(Get().state, TaskState::kCompleted);
  EXPECT_THAT(worker_->Beat().orders, IsEmpty());
  EXPECT_THAT(tasks_->Delete({"default", "orders"}, {}), IsOk());
}

TEST_F(ReconcilerTest, AFailedTaskWaitsForItsRetry) {
  Create();
  Settle(worker_.get());
  worker_->FailWith(Fault{.code = "PERMISSION_DENIED",
                          .message = "wrong password",
                          .time = absl::FromUnixSeconds(1'800'000'000),
                          .attempts = 1});
  Do(UserAction::kStart);
  Settle(worker_.get());
  EXPECT_EQ(Get().state, TaskState::kStartFailed);
  EXPECT_THAT(Get().failure->message, HasSubstr("wrong password"));
  worker_->FailWith(std::nullopt);
  Settle(worker_.get());
  EXPECT_EQ(Get().state, TaskState::kStartFailed) << "not unasked";
  Do(UserAction::kRetry);
  Settle(worker_.get());
  EXPECT_EQ(Get().state, TaskState::kIncrementalSync);
}

TEST_F(ReconcilerTest, ALostWorkersTaskGoesToAnotherUnderTheNextEpoch) {
  Create();
  Settle(worker_.get());
  Do(UserAction::kStart);
  Settle(worker_.get());
  ToyWorker second(assignments_.get(), "w2", "b");
  second.Beat();
  ASSERT_THAT(reconciler_->RunOnce(), IsOk());
  clock_.Advance(kLease - absl::Milliseconds(1));
  second.Beat();
  EXPECT_THAT(reconciler_->RunOnce(), IsOkAndHolds(0)) << "the lease runs";
  clock_.Advance(absl::Milliseconds(1));
  second.Beat();
  EXPECT_THAT(reconciler_->RunOnce(), IsOkAndHolds(1));
  EXPECT_EQ(Get().state, TaskState::kFaultRectification);
  EXPECT_EQ(Get().assignment.worker, second.identity());
  EXPECT_EQ(Get().assignment.epoch, Epoch(2));
  EXPECT_THAT(worker_->Beat().orders, IsEmpty());
  Settle(&second);
  EXPECT_EQ(Get().state, TaskState::kIncrementalSync);
}

TEST_F(ReconcilerTest, ANewProcessOfTheNameGetsTheTaskAtOnce) {
  Create();
  Settle(worker_.get());
  Do(UserAction::kStart);
  Settle(worker_.get());
  ToyWorker restarted(assignments_.get(), "w1", "b");
  restarted.Beat();
  ASSERT_THAT(reconciler_->RunOnce(), IsOk());
  EXPECT_EQ(Get().assignment.worker, restarted.identity());
  EXPECT_EQ(Get().assignment.epoch, Epoch(2));
  Settle(&restarted);
  EXPECT_EQ(Get().state, TaskState::kIncrementalSync);
}

TEST_F(ReconcilerTest, APlannerThatJustGainedTheLockWaitsOneLease) {
  Create();
  Settle(worker_.get());
  Do(UserAction::kStart);
  Settle(worker_.get());
  ToyWorker second(assignments_.get(), "w2", "b");
  clock_.Advance(absl::Minutes(5));
  second.Beat();
  lock_->Release();
  PlannerLock other_lock(options_);
  Reconciler other(&clock_, plans_.get(), &other_lock, {});
  for (const absl::Time end = absl::Now() + absl::Seconds(10);
       absl::Now() < end && !*other_lock.TryHold();) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  EXPECT_THAT(other.RunOnce(), IsOkAndHolds(0));
  EXPECT_EQ(Get().assignment.worker, worker_->identity());
  clock_.Advance(kLease);
  second.Beat();
  EXPECT_THAT(other.RunOnce(), IsOkAndHolds(1));
  EXPECT_EQ(Get().assignment.worker, second.identity());
}

TEST_F(ReconcilerTest, AnOutageOfPostgresqlLosesNoWorker) {
  Create();
  Settle(worker_.get());
  Do(UserAction::kStart);
  Settle(worker_.get());
  ToyWorker second(assignments_.get(), "w2", "b");
  second.Beat();
  ASSERT_THAT(reconciler_->RunOnce(), IsOk());
  ASSERT_THAT(database_->TakeAway(), IsOk());
  EXPECT_THAT(reconciler_->RunOnce(), StatusIs(absl::StatusCode::kUnavailable));
  clock_.Advance(absl::Minutes(1));
  ASSERT_THAT(database_->BringBack(), IsOk());
  // The planner is back before the first heartbeat.
  EXPECT_THAT(reconciler_->RunOnce(), IsOkAndHolds(0));
  EXPECT_EQ(Get().assignment.epoch, Epoch(1));
  EXPECT_EQ(Get().state, TaskState::kIncrementalSync);
}

TEST_F(ReconcilerTest, OnlyOneOfTwoPlans) {
  ASSERT_THAT(reconciler_->RunOnce(), IsOk());
  PlannerLock other_lock(options_);
  Reconciler other(&clock_, plans_.get(), &other_lock, {});
  Create();
  worker_->Beat();
  EXPECT_THAT(other.RunOnce(), IsOkAndHolds(0));
  EXPECT_EQ(Get().state, TaskState::kCreating);
  EXPECT_THAT(reconciler_->RunOnce(), IsOkAndHolds(1));
  EXPECT_EQ(Get().state, TaskState::kConfiguration);
}

}  // namespace
}  // namespace binferry::controller
