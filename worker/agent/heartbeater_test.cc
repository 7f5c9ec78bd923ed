// The agent against a controller in this process.
#include "worker/agent/heartbeater.h"

#include <gmock/gmock.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/status_matchers.h"
#include "worker/agent/testing/scripted_attempt.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;
using testing::HasSubstr;

// Answers with what a test has set, and remembers what it was told.
class FakeController : public pb::CoordinationService::Service {
 public:
  FakeController() {
    response_.mutable_lease()->set_seconds(15);
    response_.set_version("0");
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeController() override { server_->Shutdown(); }

  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

  void Assign(std::vector<pb::Assignment> assignments) {
    absl::MutexLock lock(&mu_);
    response_.clear_assignments();
    for (pb::Assignment& assignment : assignments) {
      *response_.add_assignments() = std::move(assignment);
    }
    response_.set_version(absl::StrCat(++version_));
  }
  void Ask(pb::Probe probe) {
    absl::MutexLock lock(&mu_);
    *response_.add_probes() = std::move(probe);
    response_.set_version(absl::StrCat(++version_));
  }
  void Refuse(grpc::Status status) {
    absl::MutexLock lock(&mu_);
    refusal_ = std::move(status);
  }

  std::vector<pb::HeartbeatRequest> requests() const {
    absl::MutexLock lock(&mu_);
    return requests_;
  }
  std::vector<pb::ProbeResult> results() const {
    absl::MutexLock lock(&mu_);
    return results_;
  }

 private:
  grpc::Status Heartbeat(grpc::ServerContext*,
                         const pb::HeartbeatRequest* request,
                         pb::HeartbeatResponse* response) override {
    absl::MutexLock lock(&mu_);
    requests_.push_back(*request);
    *response = response_;
    return refusal_;
  }
  grpc::Status GetTaskSpec(grpc::ServerContext*,
                           const pb::GetTaskSpecRequest* request,
                           pb::GetTaskSpecResponse* response) override {
    response->mutable_task()->set_uid(request->task_uid());
    response->mutable_task()->set_generation(1);
    return grpc::Status::OK;
  }
  grpc::Status ReportProbeResults(grpc::ServerContext*,
                                  const pb::ReportProbeResultsRequest* request,
                                  pb::ReportProbeResultsResponse*) override {
    absl::MutexLock lock(&mu_);
    results_.insert(results_.end(), request->results().begin(),
                    request->results().end());
    return grpc::Status::OK;
  }

  mutable absl::Mutex mu_;
  pb::HeartbeatResponse response_ ABSL_GUARDED_BY(mu_);
  grpc::Status refusal_ ABSL_GUARDED_BY(mu_);
  int version_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<pb::HeartbeatRequest> requests_ ABSL_GUARDED_BY(mu_);
  std::vector<pb::ProbeResult> results_ ABSL_GUARDED_BY(mu_);
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

pb::Assignment AssignmentOf(int64_t epoch, pb::Purpose purpose) {
  pb::Assignment assignment;
  assignment.set_task_uid("t");
  assignment.set_epoch(epoch);
  assignment.set_generation(1);
  assignment.set_purpose(purpose);
  return assignment;
}

class HeartbeaterTest : public testing::Test {
 protected:
  explicit HeartbeaterTest(std::vector<std::string> before = {}) {
    std::vector<std::string> addresses = std::move(before);
    addresses.push_back(controller_.address());
    pb::WorkerIdentity identity;
    identity.set_name("w1");
    identity.set_incarnation("one");
    client_ = std::make_unique<CoordinationClient>(CoordinationClient::Options{
        .addresses = addresses,
        .credentials = grpc::InsecureChannelCredentials(),
        .join_token = Secret(),
        .identity = identity});
    TaskRunnerEquipment equipment;
    equipment.clock = &clock_;
    equipment.fetch_spec = [this](const std::string& uid, int64_t epoch,
                                  std::stop_token stop) {
      return client_->GetTaskSpec(uid, epoch, std::move(stop));
    };
    equipment.make_attempt = script_.Factory();
    supervisor_ = std::make_unique<TaskSupervisor>(
        TaskSupervisor::Options{.equipment = equipment});
    probes_ = std::make_unique<ProbeRunner>(
        &clock_, client_.get(),
        [this](const pb::Probe& probe, const pb::GetTaskSpecResponse& spec,
               absl::Duration,
               std::stop_token stop) { return AnswerOf(probe, spec, stop); });
    pb::WorkerPlace place;
    place.set_region("local");
    heartbeater_ = std::make_unique<Heartbeater>(
        Heartbeater::Options{.place = place,
                             .slots = 4,
                             .version = "0.1.0",
                             .max_hold = absl::Milliseconds(20),
                             .settling_hold = absl::Milliseconds(10),
                             .call_timeout = absl::Seconds(5),
                             .min_period = absl::Milliseconds(5)},
        &clock_, client_.get(), supervisor_.get(), probes_.get());
  }

  // Lists what has the task's name; "slow" waits for its interruption.
  absl::StatusOr<pb::ProbeResult> AnswerOf(const pb::Probe& probe,
                                           const pb::GetTaskSpecResponse& spec,
                                           const std::stop_token& stop) {
    if (probe.id() == "slow") {
      while (!stop.stop_requested()) absl::SleepFor(absl::Milliseconds(1));
      interrupted_ = true;
    }
    pb::ProbeResult result;
    switch (probe.question_case()) {
      case pb::Probe::kListDatabases:
        result.mutable_databases()->add_databases()->set_name(
            spec.task().uid());
        return result;
      case pb::Probe::kListTopics:
        for (int i = 0; i < 200; ++i) {
          result.mutable_topics()->add_topics()->set_name(
              std::string(10'000, 'x'));
        }
        return result;
      default:
        return absl::NotFoundError("source.host does not exist");
    }
  }

  static pb::Probe ProbeOf(const std::string& id) {
    pb::Probe probe;
    probe.set_id(id);
    probe.set_task_uid("t");
    probe.mutable_time_left()->set_seconds(10);
    return probe;
  }

  // The results, of which there are `count` in the end.
  std::vector<pb::ProbeResult> AwaitResults(size_t count) {
    EXPECT_TRUE(Await([&] { return controller_.results().size() >= count; }));
    return controller_.results();
  }

  void Start() {
    probe_thread_ = std::jthread(
        [this](std::stop_token stop) { probes_->Run(std::move(stop)); });
    thread_ = std::jthread([this](std::stop_token stop) {
      result_ = heartbeater_->Run(std::move(stop));
    });
  }
  void Stop() {
    thread_.request_stop();
    thread_.join();
  }

  static bool Await(const std::function<bool()>& holds) {
    const absl::Time deadline = absl::Now() + absl::Seconds(10);
    while (absl::Now() < deadline) {
      if (holds()) return true;
      absl::SleepFor(absl::Milliseconds(2));
    }
    return holds();
  }

  // The state of the only task in the last request; unset without one.
  bool AwaitState(pb::RunState state, int64_t epoch) {
    return Await([&] {
      const std::vector<pb::HeartbeatRequest> requests = controller_.requests();
      return !requests.empty() && requests.back().tasks_size() == 1 &&
             requests.back().tasks(0).state() == state &&
             requests.back().tasks(0).epoch() == epoch;
    });
  }

  SystemClock clock_;
  FakeController controller_;
  AttemptScript script_;
  std::unique_ptr<CoordinationClient> client_;
  std::unique_ptr<TaskSupervisor> supervisor_;
  std::unique_ptr<ProbeRunner> probes_;
  std::unique_ptr<Heartbeater> heartbeater_;
  absl::Status result_;
  std::atomic<bool> interrupted_ = false;
  std::jthread probe_thread_;
  std::jthread thread_;
};

TEST_F(HeartbeaterTest, NumbersItsCallsAndSaysWhereItStands) {
  Start();
  ASSERT_TRUE(Await([&] { return controller_.requests().size() >= 3; }));
  Stop();
  EXPECT_THAT(result_, IsOk());
  const std::vector<pb::HeartbeatRequest> requests = controller_.requests();
  EXPECT_EQ(requests[0].sequence(), 1);
  EXPECT_EQ(requests[1].sequence(), 2);
  EXPECT_EQ(requests[0].worker().name(), "w1");
  EXPECT_EQ(requests[0].place().region(), "local");
  EXPECT_EQ(requests[0].slots(), 4);
  EXPECT_EQ(requests[0].seen_version(), "");
  EXPECT_EQ(requests[1].seen_version(), "0");
  EXPECT_FALSE(requests[1].draining());
}

TEST_F(HeartbeaterTest, RunsWhatIsAssignedAndReservesASlotForTheRest) {
  controller_.Assign({AssignmentOf(1, pb::PURPOSE_RESERVE)});
  Start();
  EXPECT_TRUE(AwaitState(pb::RUN_STATE_IDLE, 1));
  controller_.Assign({AssignmentOf(1, pb::PURPOSE_RUN)});
  EXPECT_TRUE(AwaitState(pb::RUN_STATE_RUNNING, 1));
  controller_.Assign({AssignmentOf(1, pb::PURPOSE_RESERVE)});
  EXPECT_TRUE(AwaitState(pb::RUN_STATE_IDLE, 1));
  controller_.Assign({});
  EXPECT_TRUE(
      Await([&] { return controller_.requests().back().tasks().empty(); }));
  EXPECT_EQ(script_.attempts(), 1);
}

TEST_F(HeartbeaterTest, ANewEpochMakesANewRun) {
  controller_.Assign({AssignmentOf(1, pb::PURPOSE_RUN)});
  Start();
  ASSERT_TRUE(AwaitState(pb::RUN_STATE_RUNNING, 1));
  controller_.Assign({AssignmentOf(2, pb::PURPOSE_RUN)});
  EXPECT_TRUE(AwaitState(pb::RUN_STATE_RUNNING, 2));
  EXPECT_EQ(script_.attempts(), 2);
}

TEST_F(HeartbeaterTest, AControllerThatIsAwayStopsNothing) {
  controller_.Assign({AssignmentOf(1, pb::PURPOSE_RUN)});
  Start();
  ASSERT_TRUE(AwaitState(pb::RUN_STATE_RUNNING, 1));
  controller_.Refuse(
      grpc::Status(grpc::StatusCode::UNAVAILABLE, "no PostgreSQL"));
  const size_t count = controller_.requests().size();
  ASSERT_TRUE(
      Await([&] { return controller_.requests().size() >= count + 3; }));
  EXPECT_TRUE(AwaitState(pb::RUN_STATE_RUNNING, 1));
  controller_.Refuse(grpc::Status::OK);
  ASSERT_TRUE(AwaitState(pb::RUN_STATE_RUNNING, 1));
  EXPECT_EQ(script_.attempts(), 1);
}

TEST_F(HeartbeaterTest, EndsWhenANewerProcessHasItsName) {
  Start();
  ASSERT_TRUE(Await([&] { return !controller_.requests().empty(); }));
  controller_.Refuse(
      grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "superseded"));
  thread_.join();
  EXPECT_THAT(result_, StatusIs(absl::StatusCode::kFailedPrecondition,
                                HasSubstr("superseded")));
}

TEST_F(HeartbeaterTest, GivesLeasesBackWhenItDrains) {
  controller_.Assign({AssignmentOf(1, pb::PURPOSE_RUN)});
  Start();
  ASSERT_TRUE(AwaitState(pb::RUN_STATE_RUNNING, 1));
  heartbeater_->SetDraining();
  supervisor_->Drain();
  ASSERT_TRUE(supervisor_->AwaitIdle(absl::Seconds(5)));
  Stop();
  ASSERT_THAT(heartbeater_->Farewell(absl::Seconds(5)), IsOk());
  const pb::HeartbeatRequest last = controller_.requests().back();
  EXPECT_TRUE(last.draining());
  EXPECT_TRUE(last.tasks().empty());
  EXPECT_EQ(last.max_hold().seconds() + last.max_hold().nanos(), 0);
  EXPECT_EQ(script_.attempts(), 1);
}

TEST_F(HeartbeaterTest, AnswersAProbeOnce) {
  pb::Probe probe = ProbeOf("p1");
  probe.mutable_list_databases();
  controller_.Ask(probe);
  Start();
  ASSERT_EQ(AwaitResults(1).size(), 1u);
  const size_t count = controller_.requests().size();
  ASSERT_TRUE(
      Await([&] { return controller_.requests().size() >= count + 3; }));
  const std::vector<pb::ProbeResult> results = controller_.results();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].id(), "p1");
  EXPECT_EQ(results[0].generation(), 1);
  ASSERT_EQ(results[0].databases().databases_size(), 1);
  EXPECT_EQ(results[0].databases().databases(0).name(), "t");
}

TEST_F(HeartbeaterTest, AnswersWithAFaultWhatCannotBeAnswered) {
  pb::Probe probe = ProbeOf("p1");
  probe.mutable_get_source_position();
  controller_.Ask(probe);
  Start();
  const std::vector<pb::ProbeResult> results = AwaitResults(1);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].fault().code(), "NOT_FOUND");
  EXPECT_EQ(results[0].fault().message(), "source.host does not exist");
}

TEST_F(HeartbeaterTest, SendsNoAnswerAboveItsBound) {
  pb::Probe probe = ProbeOf("p1");
  probe.mutable_list_topics();
  controller_.Ask(probe);
  Start();
  EXPECT_EQ(AwaitResults(1).at(0).fault().code(), "INTERNAL");
}

TEST_F(HeartbeaterTest, InterruptsAndDropsAProbeThatTakesTooLong) {
  pb::Probe slow = ProbeOf("slow");
  slow.mutable_time_left()->set_seconds(0);
  slow.mutable_time_left()->set_nanos(50'000'000);
  pb::Probe next = ProbeOf("p2");
  next.mutable_list_databases();
  controller_.Ask(slow);
  controller_.Ask(next);  // Waits: there is one thread.
  Start();
  const std::vector<pb::ProbeResult> results = AwaitResults(1);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].id(), "p2");
  EXPECT_TRUE(interrupted_);
}

class HeartbeaterOfTwoTest : public HeartbeaterTest {
 protected:
  // Nothing listens at the first address.
  HeartbeaterOfTwoTest() : HeartbeaterTest({"127.0.0.1:1"}) {}
};

TEST_F(HeartbeaterOfTwoTest, TurnsToTheNextControllerWhenOneIsAway) {
  Start();
  EXPECT_TRUE(Await([&] { return controller_.requests().size() >= 2; }));
}

}  // namespace
}  // namespace binferry::worker
