// All stores over a migrated database of their own.
#ifndef BINFERRY_CONTROLLER_STORE_TESTING_STORE_FIXTURE_H_
#define BINFERRY_CONTROLLER_STORE_TESTING_STORE_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/status_matchers.h"
#include "controller/secrets/uuid.h"
#include "controller/store/assignment_store.h"
#include "controller/store/migrator.h"
#include "controller/store/plan_store.h"
#include "controller/store/probe_store.h"
#include "controller/store/task_store.h"
#include "controller/store/worker_store.h"
#include "controller/testing/ready_precheck.h"
#include "controller/testing/test_database.h"

namespace binferry::controller {

inline const WorkerIdentity kWorker = {WorkerName("w1"), Incarnation("first")};
inline const WorkerIdentity kSuccessor = {WorkerName("w1"),
                                          Incarnation("second")};

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

  // Every task has been checked and may be started.
  void MakeReady() { EXPECT_THAT(pool_->Execute(kReadyPrechecksSql), IsOk()); }

  static TaskReport Report(const Task& task, RunState state) {
    TaskReport report;
    report.uid = task.uid;
    report.epoch = task.assignment.epoch;
    report.generation = task.generation;
    report.state = state;
    return report;
  }

  // The newest first.
  std::vector<TaskEvent> Events(const Task& task, int max_events) {
    auto details = tasks_->ReadDetails({task.uid}, max_events);
    EXPECT_THAT(details, IsOk());
    return details.ok() ? (*details)[task.uid].events
                        : std::vector<TaskEvent>();
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

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_TESTING_STORE_FIXTURE_H_
