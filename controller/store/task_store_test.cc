#include "controller/store/task_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "controller/store/task_list_query.h"
#include "controller/store/testing/store_fixture.h"

namespace binferry::controller {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using TaskStoreTest = StoreTest;

TEST_F(TaskStoreTest, ATaskReadsBackAsItWasWritten) {
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

TEST_F(TaskStoreTest, CreateIsIdempotentByRequestId) {
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

TEST_F(TaskStoreTest, ListsFilteredInPages) {
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

TEST_F(TaskStoreTest, UpdateComparesTheRevision) {
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

TEST_F(TaskStoreTest, VerbsAreCheckedAgainstTheState) {
  const Task task = Place(Create("orders"), TaskState::kConfiguration);
  EXPECT_THAT(tasks_->Apply(task.key, {.action = UserAction::kPause}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("CONFIGURATION")));
  EXPECT_THAT(
      tasks_->Apply(task.key, {.action = UserAction::kStart, .etag = "99"}),
      StatusIs(absl::StatusCode::kAborted));
  MakeReady();
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

TEST_F(TaskStoreTest, DeleteLeavesNothing) {
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
  end.release = "the task has ended";
  ASSERT_THAT(plans_->Apply(end), IsOk());
  ASSERT_THAT(tasks_->Delete(task.key, {}), IsOk());
  for (const char* table : {"tasks", "task_secrets", "task_events",
                            "task_reports", "probes", "state_partitions"}) {
    EXPECT_EQ(Count(table), 0) << table;
  }
  EXPECT_THAT(tasks_->Get(task.key), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_NE(Create("orders").uid, task.uid);
}

TEST_F(TaskStoreTest, AFailureOutlivesReportsAndGoesWithTheRetry) {
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
                       .attempts = 1,
                       .first_time = absl::FromUnixSeconds(1'700'000'000),
                       .remedy = "update the password, then retry"}};
  ASSERT_THAT(plans_->Apply(fail), IsOk());
  EXPECT_EQ(Get(task).failure, fail.state->failure);
  const auto retried = tasks_->Apply(task.key, {.action = UserAction::kRetry});
  ASSERT_THAT(retried, IsOk());
  EXPECT_EQ(retried->state, TaskState::kStarting);
  EXPECT_EQ(retried->retry_count, 1);
  EXPECT_FALSE(retried->failure.has_value());
}

TEST_F(TaskStoreTest, TheKeyOfTheSecretsIsRemembered) {
  EXPECT_THAT(tasks_->RecordKeyId("aa"), IsOk());
  EXPECT_THAT(tasks_->RecordKeyId("aa"), IsOk());
  EXPECT_THAT(tasks_->RecordKeyId("bb"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("aa"), HasSubstr("bb"))));
  EXPECT_THAT(tasks_->GetInstallation()->uuid, Not(IsEmpty()));
}

TEST_F(TaskStoreTest, APageIsReadAlongTheIndexOfNames) {
  ASSERT_THAT(
      pool_->Execute(
          "INSERT INTO tasks (uid, project, task_id, document, "
          "basic_document, tags, region, availability_zones, network_type, "
          "vpc, subnet, security_group) SELECT gen_random_uuid(), 'default', "
          "'task' || n, '', '', '{}', 'local', '{}', 1, '', '', '' "
          "FROM generate_series(1, 5000) n"),
      IsOk());
  ASSERT_THAT(pool_->Execute("INSERT INTO task_reports (task_uid, epoch, "
                             "sequence, time, generation, run_state, "
                             "retry_count, found_epoch) SELECT uid, 1, 1, "
                             "now(), 1, 'RUNNING', 0, 0 FROM tasks"),
              IsOk());
  ASSERT_THAT(pool_->Execute("ANALYZE"), IsOk());
  const auto plan_of = [&](const TaskFilter& filter) {
    const TaskListQuery query = MakeTaskListQuery(filter);
    const auto rows =
        pool_->Execute(absl::StrCat("EXPLAIN ", query.sql), query.params);
    EXPECT_THAT(rows, IsOk());
    std::string plan;
    for (size_t i = 0; i < rows->size(); ++i) {
      absl::StrAppend(&plan, (*rows)[i].Text("\"QUERY PLAN\""), "\n");
    }
    return plan;
  };
  TaskFilter filter;
  filter.document = Document::kBasic;
  filter.limit = 101;
  for (const char* project : {"default", ""}) {
    for (const bool is_first : {true, false}) {
      filter.project = project;
      filter.after.reset();
      if (!is_first) {
        filter.after = TaskKey{.project = "default", .task_id = "task2500"};
      }
      EXPECT_THAT(plan_of(filter),
                  AllOf(HasSubstr("tasks_project_task_id_key"),
                        Not(HasSubstr("Seq Scan on tasks")),
                        Not(HasSubstr("Seq Scan on task_reports")),
                        Not(HasSubstr("Sort"))))
          << "project '" << project << "', first page: " << is_first;
    }
  }
}

TEST_F(TaskStoreTest, TheBasicDocumentIsReadWhereItIsEnough) {
  NewTask made = MakeTask("orders");
  made.spec.document = "all";
  made.spec.basic_document = "some";
  ASSERT_THAT(tasks_->Create(made), IsOk());
  EXPECT_EQ(tasks_->Get(made.key)->spec.document, "all");
  EXPECT_EQ(tasks_->Get(made.key, Document::kBasic)->spec.document, "some");
  // As older controllers wrote it.
  ASSERT_THAT(pool_->Execute("UPDATE tasks SET basic_document = NULL"), IsOk());
  EXPECT_EQ(tasks_->Get(made.key, Document::kBasic)->spec.document, "all");
}

TEST_F(TaskStoreTest, EditsAndVerbsAreUses) {
  const Task task = Place(Create("orders"), TaskState::kConfiguration);
  const auto age = [&] {
    ASSERT_THAT(pool_->Execute("UPDATE tasks SET use_time = now() - "
                               "interval '100 hours'"),
                IsOk());
  };
  age();
  EXPECT_GT(absl::Now() - Get(task).use_time, absl::Hours(99));
  SpecUpdate update;
  update.spec = task.spec;
  update.read_revision = task.revision;
  ASSERT_THAT(tasks_->Update(task.key, update), IsOk());
  EXPECT_LT(absl::Now() - Get(task).use_time, absl::Minutes(5));
  age();
  MakeReady();
  ASSERT_THAT(tasks_->Apply(task.key, {.action = UserAction::kStart}), IsOk());
  EXPECT_LT(absl::Now() - Get(task).use_time, absl::Minutes(5));
}

}  // namespace
}  // namespace binferry::controller
