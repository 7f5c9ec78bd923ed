#include "worker/agent/task_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/testing/simulated_clock.h"
#include "worker/agent/testing/scripted_attempt.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

constexpr Epoch kEpoch(5);

class TaskRunnerTest : public testing::Test {
 protected:
  ~TaskRunnerTest() override { thread_ = std::jthread(); }

  void Start(TaskPurpose purpose = TaskPurpose::kRun) {
    TaskRunnerEquipment equipment;
    equipment.clock = &clock_;
    equipment.fetch_spec = [this](const std::string& uid, int64_t epoch,
                                  std::stop_token) {
      return Fetch(uid, epoch);
    };
    equipment.claim_partition = [](const std::string&, int64_t,
                                   const std::string&, std::stop_token) {
      return absl::StatusOr<int32_t>(3);
    };
    equipment.make_attempt = script_.Factory();
    equipment.retry = {.passing = wait_, .refused = wait_};
    runner_ = std::make_unique<TaskRunner>(
        equipment,
        TaskRunner::Identity{
            .uid = TaskUid("t"), .epoch = kEpoch, .purpose = purpose},
        TaskRunner::Target{.generation = Generation(1), .retry_count = 0},
        NewLease());
    thread_ = std::jthread(
        [this](std::stop_token stop) { runner_->Run(std::move(stop)); });
  }

  absl::StatusOr<pb::GetTaskSpecResponse> Fetch(const std::string& uid,
                                                int64_t epoch) {
    EXPECT_EQ(uid, "t");
    EXPECT_EQ(epoch, kEpoch.value());
    absl::MutexLock lock(&mu_);
    ++fetches_;
    if (!controller_.ok()) return controller_;
    pb::GetTaskSpecResponse response;
    response.mutable_task()->set_generation(generation_);
    return response;
  }

  std::shared_ptr<Lease> NewLease() const {
    return std::make_shared<Lease>(
        &clock_, Lease::Grant{.epoch = kEpoch,
                              .requested_at = clock_.MonotonicNow(),
                              .duration = absl::Seconds(15)});
  }

  void AddAttempts(int count, const absl::Status& fault) {
    for (int i = 0; i < count; ++i) script_.Add({.before_running = fault});
  }

  void SetGeneration(int64_t generation) {
    {
      absl::MutexLock lock(&mu_);
      generation_ = generation;
    }
    runner_->SetTarget(
        {.generation = Generation(generation), .retry_count = 0});
  }

  // Waits for a report that fits; the last one if none came in 5 s.
  template <typename Predicate>
  pb::TaskReport Await(Predicate fits) {
    const absl::Time deadline = absl::Now() + absl::Seconds(5);
    pb::TaskReport report = runner_->Report();
    while (!fits(report) && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(1));
      report = runner_->Report();
    }
    return report;
  }

  pb::TaskReport AwaitState(pb::RunState state) {
    pb::TaskReport report =
        Await([&](const pb::TaskReport& r) { return r.state() == state; });
    EXPECT_EQ(report.state(), state) << report.ShortDebugString();
    return report;
  }

  void AwaitEnd() {
    const absl::Time deadline = absl::Now() + absl::Seconds(5);
    while (!runner_->has_ended() && absl::Now() < deadline) {
      absl::SleepFor(absl::Milliseconds(1));
    }
    EXPECT_TRUE(runner_->has_ended());
  }

  static std::vector<std::string> Reasons(const pb::TaskReport& report) {
    std::vector<std::string> reasons;
    for (const pb::ReportedEvent& event : report.events()) {
      reasons.push_back(event.reason());
    }
    return reasons;
  }

  int fetches() {
    absl::MutexLock lock(&mu_);
    return fetches_;
  }
  void SetController(absl::Status status) {
    absl::MutexLock lock(&mu_);
    controller_ = std::move(status);
  }

  Backoff::Options wait_{.initial = absl::Milliseconds(1),
                         .max = absl::Milliseconds(2)};
  SimulatedClock clock_;
  AttemptScript script_;
  absl::Mutex mu_;
  absl::Status controller_ ABSL_GUARDED_BY(mu_);
  int64_t generation_ ABSL_GUARDED_BY(mu_) = 1;
  int fetches_ ABSL_GUARDED_BY(mu_) = 0;
  std::unique_ptr<TaskRunner> runner_;
  std::jthread thread_;
};

TEST_F(TaskRunnerTest, RunsUntilItIsToldToLeave) {
  Start();
  const pb::TaskReport report = AwaitState(pb::RUN_STATE_RUNNING);
  EXPECT_EQ(report.epoch(), kEpoch.value());
  EXPECT_EQ(report.generation(), 1);
  EXPECT_FALSE(report.has_last_error());
  EXPECT_FALSE(runner_->has_ended());
  runner_->Leave(LeaveAt::kTransactionBoundary);
  AwaitEnd();
  EXPECT_THAT(script_.places(), ElementsAre(LeaveAt::kTransactionBoundary));
}

TEST_F(TaskRunnerTest, ARequestToStopInterruptsTheAttempt) {
  Start();
  AwaitState(pb::RUN_STATE_RUNNING);
  thread_.request_stop();
  AwaitEnd();
}

TEST_F(TaskRunnerTest, AWrongPasswordIsTriedThreeTimesInAll) {
  AddAttempts(3, absl::PermissionDeniedError("no entry"));
  Start();
  const pb::TaskReport report = AwaitState(pb::RUN_STATE_FAILED);
  EXPECT_EQ(report.last_error().code(), "PERMISSION_DENIED");
  EXPECT_EQ(report.last_error().message(), "no entry");
  EXPECT_THAT(report.last_error().remedy(), HasSubstr("retry the task"));
  EXPECT_EQ(report.last_error().attempts(), 3);
  EXPECT_TRUE(report.last_error().has_first_time());
  EXPECT_FALSE(report.last_error().has_next_retry_time());
  absl::SleepFor(absl::Milliseconds(10));
  EXPECT_EQ(script_.attempts(), 3);
}

TEST_F(TaskRunnerTest, AWrongDefinitionFailsAtTheFirstAttempt) {
  AddAttempts(1, absl::FailedPreconditionError("no ROW format"));
  Start();
  AwaitState(pb::RUN_STATE_FAILED);
  EXPECT_EQ(script_.attempts(), 1);
}

TEST_F(TaskRunnerTest, TriesAFailedTaskAgainWhenAsked) {
  AddAttempts(3, absl::PermissionDeniedError("no entry"));
  Start();
  AwaitState(pb::RUN_STATE_FAILED);
  // A new password alone is no request.
  SetGeneration(2);
  absl::SleepFor(absl::Milliseconds(10));
  EXPECT_EQ(script_.attempts(), 3);
  runner_->SetTarget({.generation = Generation(2), .retry_count = 1});
  const pb::TaskReport report = AwaitState(pb::RUN_STATE_RUNNING);
  EXPECT_EQ(report.retry_count(), 1);
  EXPECT_EQ(report.generation(), 2);
  EXPECT_FALSE(report.has_last_error());
}

TEST_F(TaskRunnerTest, TriesANewGenerationAtOnceWhileItWaits) {
  wait_ = {.initial = absl::Hours(1), .max = absl::Hours(1)};
  AddAttempts(1, absl::PermissionDeniedError("no entry"));
  Start();
  EXPECT_TRUE(
      AwaitState(pb::RUN_STATE_RETRYING).last_error().has_next_retry_time());
  SetGeneration(2);
  EXPECT_EQ(AwaitState(pb::RUN_STATE_RUNNING).generation(), 2);
}

TEST_F(TaskRunnerTest, ANewGenerationHasItsOwnThreeTries) {
  wait_ = {.initial = absl::Milliseconds(50), .max = absl::Milliseconds(50)};
  AddAttempts(4, absl::PermissionDeniedError("no entry"));
  Start();
  Await([this](const pb::TaskReport&) { return script_.attempts() == 1; });
  SetGeneration(2);
  EXPECT_EQ(AwaitState(pb::RUN_STATE_FAILED).last_error().attempts(), 3);
  EXPECT_EQ(script_.attempts(), 4);
}

// Falling back to it would hide why the new one can't run.
TEST_F(TaskRunnerTest, DoesNotFallBackToAGenerationThatAFaultHadEnded) {
  script_.Add({.while_running = absl::UnavailableError("db1 is gone")});
  script_.Add({.before_running = absl::FailedPreconditionError("not db1")});
  wait_ = {.initial = absl::Hours(1), .max = absl::Hours(1)};
  Start();
  AwaitState(pb::RUN_STATE_RETRYING);
  SetGeneration(2);
  EXPECT_EQ(AwaitState(pb::RUN_STATE_FAILED).last_error().message(), "not db1");
}

TEST_F(TaskRunnerTest, ANetworkFaultIsTriedAgainAndItsEndTold) {
  AddAttempts(10, absl::UnavailableError("gone"));
  Start();
  const pb::TaskReport report = AwaitState(pb::RUN_STATE_RUNNING);
  EXPECT_EQ(script_.attempts(), 11);
  EXPECT_THAT(Reasons(report), Contains("RECOVERED"));
  EXPECT_EQ(report.counters().recoveries(), 1u);
  EXPECT_FALSE(report.has_last_error());
}

TEST_F(TaskRunnerTest, TellsNoCountersBeforeItKnowsThem) {
  AddAttempts(1, absl::NotFoundError("no topic"));
  Start();
  // They would take the place of those that the controller knows.
  EXPECT_FALSE(AwaitState(pb::RUN_STATE_FAILED).has_counters());
}

TEST_F(TaskRunnerTest, ADoubtfulFaultGetsThreeAttempts) {
  for (int i = 0; i < 3; ++i) {
    script_.Add({.while_running = absl::InternalError("our bug")});
  }
  Start();
  const pb::TaskReport report = AwaitState(pb::RUN_STATE_FAILED);
  EXPECT_EQ(report.last_error().attempts(), 3);
  EXPECT_EQ(script_.attempts(), 3);
}

TEST_F(TaskRunnerTest, StartsNothingOnceItsLeaseIsOver) {
  script_.Add({.while_running = absl::UnavailableError("gone"),
               .before_end = [this] { clock_.Advance(absl::Seconds(15)); }});
  Start();
  AwaitState(pb::RUN_STATE_RETRYING);
  absl::SleepFor(absl::Milliseconds(20));
  EXPECT_EQ(script_.attempts(), 1);
  // A controller grants the same epoch again.
  runner_->SetLease(NewLease());
  AwaitState(pb::RUN_STATE_RUNNING);
  EXPECT_EQ(script_.attempts(), 2);
}

TEST_F(TaskRunnerTest, AnExpiredLeaseDoesNotEndARun) {
  Start();
  AwaitState(pb::RUN_STATE_RUNNING);
  clock_.Advance(absl::Hours(1));
  absl::SleepFor(absl::Milliseconds(10));
  EXPECT_EQ(runner_->Report().state(), pb::RUN_STATE_RUNNING);
}

TEST_F(TaskRunnerTest, RecoversWithoutAControllerFromTheSpecThatItKeeps) {
  script_.Add(
      {.while_running = absl::UnavailableError("gone"), .before_end = [this] {
         SetController(absl::UnavailableError("no controller"));
       }});
  Start();
  Await([this](const pb::TaskReport&) { return script_.attempts() == 2; });
  AwaitState(pb::RUN_STATE_RUNNING);
  EXPECT_EQ(fetches(), 1);
}

TEST_F(TaskRunnerTest, AdoptsANewGenerationAtATransactionBoundary) {
  Start();
  AwaitState(pb::RUN_STATE_RUNNING);
  SetGeneration(2);
  const pb::TaskReport report =
      Await([](const pb::TaskReport& r) { return r.generation() == 2; });
  EXPECT_EQ(report.generation(), 2);
  EXPECT_EQ(report.state(), pb::RUN_STATE_RUNNING);
  EXPECT_THAT(script_.places(), ElementsAre(LeaveAt::kTransactionBoundary));
}

TEST_F(TaskRunnerTest, AFailedEditLeavesTheOldGenerationRunning) {
  script_.Add({});
  script_.Add({.before_running = absl::NotFoundError("no such topic")});
  Start();
  AwaitState(pb::RUN_STATE_RUNNING);
  SetGeneration(2);
  Await([this](const pb::TaskReport&) { return script_.attempts() == 3; });
  const pb::TaskReport report = AwaitState(pb::RUN_STATE_RUNNING);
  EXPECT_EQ(report.generation(), 1);
  EXPECT_EQ(report.last_error().code(), "NOT_FOUND");
  EXPECT_THAT(Reasons(report), Contains("EDIT_FAILED"));
}

TEST_F(TaskRunnerTest, ReportsFinishedUntilItIsWithdrawn) {
  script_.Add({.finishes = true});
  Start(TaskPurpose::kFinish);
  AwaitState(pb::RUN_STATE_FINISHED);
  EXPECT_FALSE(runner_->has_ended());
  runner_->Leave(LeaveAt::kNextCommit);
  AwaitEnd();
}

TEST_F(TaskRunnerTest, DrainsUntilItIsDoneWhateverComesInBetween) {
  script_.Add({.while_running = absl::UnavailableError("gone")});
  script_.Add({});  // Until the edit.
  script_.Add({.finishes = true});
  Start(TaskPurpose::kDrain);
  Await([this](const pb::TaskReport&) { return script_.attempts() == 2; });
  AwaitState(pb::RUN_STATE_RUNNING);
  SetGeneration(2);
  AwaitState(pb::RUN_STATE_FINISHED);
  EXPECT_EQ(script_.attempts(), 3);
}

TEST_F(TaskRunnerTest, ReportsWhatARunHoldsAndItsTablesNowAndThen) {
  TaskProgress progress;
  progress.position.emplace();
  progress.source_position.emplace().set_gtid_set("a:1-9");
  progress.load.emplace().set_back_pressure_reason("DESTINATION");
  progress.top_tables.emplace_back().set_table("orders");
  script_.Add({.progress = progress});
  Start();
  AwaitState(pb::RUN_STATE_RUNNING);
  clock_.Advance(absl::Seconds(10));
  pb::TaskReport report = runner_->Report();
  EXPECT_EQ(report.source_position().gtid_set(), "a:1-9");
  EXPECT_EQ(report.load().back_pressure_reason(), "DESTINATION");
  ASSERT_EQ(report.top_tables_size(), 1);
  clock_.Advance(absl::Seconds(9));
  EXPECT_EQ(runner_->Report().top_tables_size(), 0);
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(runner_->Report().top_tables_size(), 1);
}

TEST_F(TaskRunnerTest, ReportsEventsUntilTheyAreAcknowledged) {
  script_.Add({.before_running = absl::UnavailableError("gone")});
  Start();
  const pb::TaskReport report = AwaitState(pb::RUN_STATE_RUNNING);
  ASSERT_FALSE(report.events().empty());
  EXPECT_EQ(report.events(0).number(), 1);
  ASSERT_FALSE(report.log_lines().empty());
  runner_->Acknowledge({.event = report.events().rbegin()->number(),
                        .log_line = report.log_lines().rbegin()->number()});
  EXPECT_TRUE(runner_->Report().events().empty());
  EXPECT_TRUE(runner_->Report().log_lines().empty());
}

TEST_F(TaskRunnerTest, TellsAlertsOnceAMinuteOverAllAttempts) {
  const absl::Status fault = absl::UnavailableError("gone");
  script_.Add({.while_running = fault, .alert = "a"});
  script_.Add({.while_running = fault, .alert = "b"});
  script_.Add({.alert = "c"});
  Start();
  const auto alerts = [](const pb::TaskReport& report) {
    std::vector<std::string> messages;
    for (const pb::ReportedEvent& event : report.events()) {
      if (event.reason() == "ALERT") messages.push_back(event.message());
    }
    return messages;
  };
  const auto recoveries = [](const pb::TaskReport& r) {
    return r.counters().recoveries();
  };
  pb::TaskReport report =
      Await([&](const pb::TaskReport& r) { return recoveries(r) == 2; });
  EXPECT_THAT(alerts(report), ElementsAre("a"));
  clock_.Advance(EventThrottle::kPeriod);
  report = Await([&](const pb::TaskReport& r) { return alerts(r).size() > 1; });
  EXPECT_THAT(alerts(report), ElementsAre("a", StartsWith("c (and 1 more")));
}

TEST_F(TaskRunnerTest, TellsWhatIsLeftOfAlertsWhenItEnds) {
  script_.Add({.while_running = absl::UnavailableError("gone"), .alert = "a"});
  script_.Add({.alert = "b"});
  Start();
  Await([](const pb::TaskReport& r) { return r.counters().recoveries() == 1; });
  runner_->Leave(LeaveAt::kNextCommit);
  AwaitEnd();
  EXPECT_EQ(runner_->Report().events().rbegin()->message(), "b");
}

}  // namespace
}  // namespace binferry::worker
