#include "controller/api/task_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

using testing::Contains;
using testing::Not;

class TaskProtoTest : public testing::Test {
 protected:
  TaskProtoTest() {
    TaskSpec spec;
    spec.source.host = "db";
    spec.source.ca_certificate = "certificate";
    spec.databases = {
        {.name = "shop", .mapped_name = "", .all_tables = true, .tables = {}}};
    task_.key = {.project = "shop", .task_id = "orders"};
    task_.uid = TaskUid("u");
    task_.spec = ToStoredSpec(spec, {});
    task_.revision = 7;
    task_.state = TaskState::kIncrementalSync;
    task_.assignment.worker.name = WorkerName("w1");
    task_.assignment.epoch = Epoch(3);
    StoredReport report;
    report.report.epoch = Epoch(3);
    report.report.state = RunState::kRunning;
    report.report.lag = absl::Milliseconds(1500);
    report.report.position = Position();
    report.report.position->file = "binlog.000001";
    report.rates.records_per_second = 42;
    report.time = now_ - absl::Seconds(1);
    task_.report = report;
  }

  v1::Task Show(TaskView view = TaskView::kFull) {
    const auto shown = ToProto(task_, view, details_, now_);
    EXPECT_THAT(shown, IsOk());
    return *shown;
  }

  const absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  Task task_;
  TaskDetails details_ = {
      .events = {{.time = now_, .reason = "STATE", .message = "m"}},
      .top_tables = {{.database = "shop",
                      .table = "orders",
                      .inserts = 1,
                      .updates = 2,
                      .deletes = 3,
                      .record_bytes = 4}}};
};

TEST_F(TaskProtoTest, ShowsIdentityAndStatus) {
  const v1::Task shown = Show();
  EXPECT_EQ(shown.name(), "projects/shop/tasks/orders");
  EXPECT_EQ(shown.etag(), "7");
  EXPECT_EQ(shown.status().state(), v1::TASK_STATE_INCREMENTAL_SYNC);
  EXPECT_EQ(shown.status().worker(), "workers/w1");
  EXPECT_EQ(shown.status().epoch(), 3);
  EXPECT_EQ(shown.status().lag().seconds(), 1);
  EXPECT_EQ(shown.status().lag().nanos(), 500'000'000);
  EXPECT_EQ(shown.status().rates().records_per_second(), 42);
  EXPECT_EQ(shown.status().position().coordinates().file(), "binlog.000001");
  EXPECT_THAT(shown.status().available_actions(), Contains("pause"));
  EXPECT_THAT(shown.status().available_actions(), Not(Contains("start")));
}

// Those of the message number by number: none is forgotten.
TEST_F(TaskProtoTest, ShowsEveryCounter) {
  task_.report->report.counters = Counters{.inserts = 1,
                                           .updates = 2,
                                           .deletes = 3,
                                           .records = 4,
                                           .transactions = 5,
                                           .binlog_bytes = 6,
                                           .record_bytes = 7,
                                           .ddl_omitted = 8,
                                           .recoveries = 9,
                                           .replaced_texts = 10,
                                           .alerts = 11};
  const v1::Counters shown = Show().status().counters();
  for (int i = 0; i < shown.GetDescriptor()->field_count(); ++i) {
    const auto* field = shown.GetDescriptor()->field(i);
    EXPECT_EQ(shown.GetReflection()->GetUInt64(shown, field),
              static_cast<uint64_t>(field->number()))
        << field->name();
  }
}

TEST_F(TaskProtoTest, LeavesObjectsCertificatesAndEventsOutOfTheBasicView) {
  const v1::Task full = Show();
  EXPECT_EQ(full.objects().databases_size(), 1);
  EXPECT_EQ(full.source().ca_certificate(), "certificate");
  EXPECT_EQ(full.status().recent_events_size(), 1);
  ASSERT_EQ(full.status().top_tables_size(), 1);
  EXPECT_EQ(full.status().top_tables(0).table(), "orders");
  EXPECT_EQ(full.status().top_tables(0).record_bytes(), 4u);
  const v1::Task basic = Show(TaskView::kBasic);
  EXPECT_FALSE(basic.has_objects());
  EXPECT_EQ(basic.source().host(), "db");
  EXPECT_EQ(basic.source().ca_certificate(), "");
  EXPECT_EQ(basic.status().recent_events_size(), 0);
  EXPECT_EQ(basic.status().top_tables_size(), 0);
}

TEST_F(TaskProtoTest, ShowsLoadWhileItRunsAndTheSourcesEndAlways) {
  task_.report->report.load = PipelineLoad{.memory_bytes = 1,
                                           .memory_limit_bytes = 2,
                                           .queued_records = 3,
                                           .queued_records_limit = 4,
                                           .back_pressure_reason = "SOURCE"};
  task_.report->report.source_position = Position{.file = "binlog.000009"};
  task_.report->rates.transactions_per_second = 7;
  const v1::TaskStatus running = Show().status();
  EXPECT_EQ(running.load().queued_records_limit(), 4u);
  EXPECT_EQ(running.load().back_pressure_reason(), "SOURCE");
  EXPECT_EQ(running.rates().transactions_per_second(), 7);
  EXPECT_EQ(running.source_position().coordinates().file(), "binlog.000009");
  task_.report->report.state = RunState::kIdle;
  const v1::TaskStatus idle = Show().status();
  EXPECT_FALSE(idle.has_load());
  EXPECT_EQ(idle.source_position().coordinates().file(), "binlog.000009");
}

TEST_F(TaskProtoTest, ShowsTheGenerationThatRanLast) {
  task_.report->report.generation = Generation(0);
  task_.report->observed_generation = Generation(5);
  EXPECT_EQ(Show().status().observed_generation(), 5);
}

TEST_F(TaskProtoTest, DoesNotKnowTheLagOfASilentWorker) {
  task_.report->time = now_ - kLease - absl::Seconds(1);
  const v1::Task shown = Show();
  EXPECT_FALSE(shown.status().has_lag());
  EXPECT_FALSE(shown.status().has_rates());
  EXPECT_TRUE(shown.status().has_position());
}

TEST_F(TaskProtoTest, DoesNotKnowTheLagOfAnOldEpochOrAStoppedRun) {
  task_.assignment.epoch = Epoch(4);
  EXPECT_FALSE(Show().status().has_lag());
  task_.assignment.epoch = Epoch(3);
  task_.report->report.state = RunState::kIdle;
  EXPECT_FALSE(Show().status().has_lag());
}

TEST_F(TaskProtoTest, ShowsTheStoredFailureBeforeTheReportedFault) {
  task_.report->report.fault = Fault{.code = "UNAVAILABLE",
                                     .message = "reported",
                                     .time = now_,
                                     .attempts = 2,
                                     .next_retry_time = now_,
                                     .first_time = now_ - absl::Hours(1),
                                     .remedy = "start it"};
  EXPECT_EQ(Show().status().last_error().message(), "reported");
  EXPECT_TRUE(Show().status().last_error().has_next_retry_time());
  EXPECT_EQ(Show().status().last_error().remedy(), "start it");
  EXPECT_EQ(Show().status().last_error().first_time().seconds(),
            absl::ToUnixSeconds(now_ - absl::Hours(1)));
  task_.failure = Fault{.code = "NOT_FOUND",
                        .message = "stored",
                        .time = now_,
                        .attempts = 1,
                        .next_retry_time = {}};
  EXPECT_EQ(Show().status().last_error().message(), "stored");
}

TEST(TaskViewTest, HasDefaultsAndRefusesUnknownNumbers) {
  EXPECT_THAT(ViewFromProto(v1::TASK_VIEW_UNSPECIFIED, TaskView::kBasic),
              IsOkAndHolds(TaskView::kBasic));
  EXPECT_THAT(ViewFromProto(static_cast<v1::TaskView>(9), TaskView::kBasic),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace binferry::controller
