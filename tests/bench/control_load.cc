// Load for a controller: a fleet of workers by their own agent, whose tasks
// carry nothing, and calls of the API, timed. tests/bench/control drives it.
//
//   control_load API_ADDRESS WORKERS_ADDRESS WORKERS SLOTS
//
// Beats from its start on. Reads lines from standard input: `measure SECONDS`
// makes calls for so long and prints their times, one line a kind of call; the
// end of the input ends it.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/random/random.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "binferry/v1/task_service.grpc.pb.h"
#include "common/clock.h"
#include "worker/agent/coordination_client.h"
#include "worker/agent/heartbeater.h"
#include "worker/agent/probe_runner.h"
#include "worker/agent/task_supervisor.h"

namespace binferry::worker {
namespace {

// "Carries" a thousand rows a second until it is told to leave.
class IdleAttempt : public TaskAttempt {
 public:
  explicit IdleAttempt(AttemptSurroundings surroundings)
      : surroundings_(std::move(surroundings)) {}

  absl::Status Run(std::stop_token stop) override {
    surroundings_.on_running();
    const std::stop_callback on_stop(stop,
                                     [this] { Leave(LeaveAt::kNextCommit); });
    left_.WaitForNotification();
    return absl::OkStatus();
  }

  void Leave(LeaveAt) override {
    absl::MutexLock lock(&mu_);
    if (!left_.HasBeenNotified()) left_.Notify();
  }

  TaskProgress Progress() const override {
    const auto done =
        static_cast<uint64_t>(absl::ToInt64Milliseconds(absl::Now() - began_));
    TaskProgress progress;
    progress.start_position_committed = true;
    v1::Position& position = progress.position.emplace();
    position.mutable_coordinates()->set_file("binlog.000001");
    position.mutable_coordinates()->set_position(done * 100);
    position.set_gtid_set(
        absl::StrCat("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-", done));
    position.set_last_record_id(done);
    progress.source_position = position;
    progress.lag_ms = 7;
    progress.counters.set_inserts(done);
    progress.counters.set_records(done);
    progress.counters.set_transactions(done);
    progress.counters.set_binlog_bytes(done * 100);
    return progress;
  }

 private:
  const AttemptSurroundings surroundings_;
  const absl::Time began_ = absl::Now();
  absl::Mutex mu_;
  absl::Notification left_;
};

std::string RandomUuid() {
  std::ifstream file("/proc/sys/kernel/random/uuid");
  std::string uuid;
  file >> uuid;
  return uuid;
}

// One worker, as worker/worker.cc puts it together.
class FleetWorker {
 public:
  FleetWorker(const std::string& address, int number, int slots)
      : client_(ClientOptions(address, number)),
        supervisor_(SupervisorOptions()),
        probes_(&clock_, &client_,
                [](const coordination::v1::Probe&,
                   const coordination::v1::GetTaskSpecResponse&, absl::Duration,
                   std::stop_token) {
                  return absl::UnimplementedError("answers nothing");
                }),
        heartbeater_(HeartbeatOptions(slots), &clock_, &client_, &supervisor_,
                     &probes_),
        thread_([this](std::stop_token stop) {
          (void)heartbeater_.Run(std::move(stop));
        }) {}

  void RequestStop() { thread_.request_stop(); }

 private:
  static CoordinationClient::Options ClientOptions(const std::string& address,
                                                   int number) {
    coordination::v1::WorkerIdentity identity;
    identity.set_name(absl::StrCat("fleet-", number));
    identity.set_incarnation(RandomUuid());
    return {.addresses = {address},
            .credentials = grpc::InsecureChannelCredentials(),
            .join_token = Secret(),
            .identity = identity};
  }

  TaskSupervisor::Options SupervisorOptions() {
    TaskSupervisor::Options options;
    options.equipment.clock = &clock_;
    options.equipment.fetch_spec = [this](const std::string& uid, int64_t epoch,
                                          std::stop_token stop) {
      return client_.GetTaskSpec(uid, epoch, std::move(stop));
    };
    options.equipment.claim_partition = [](const std::string&, int64_t,
                                           const std::string&,
                                           std::stop_token) { return 0; };
    options.equipment.make_attempt =
        [](const coordination::v1::GetTaskSpecResponse&,
           const AttemptSurroundings& surroundings)
        -> absl::StatusOr<std::unique_ptr<TaskAttempt>> {
      return std::make_unique<IdleAttempt>(surroundings);
    };
    return options;
  }

  static Heartbeater::Options HeartbeatOptions(int slots) {
    Heartbeater::Options options;
    options.place.set_region("local");
    options.place.add_network_types(v1::NETWORK_TYPE_VPC);
    options.slots = slots;
    options.version = "load";
    return options;
  }

  const SystemClock clock_;
  CoordinationClient client_;
  TaskSupervisor supervisor_;
  ProbeRunner probes_;
  Heartbeater heartbeater_;
  std::jthread thread_;
};

// Prints "KIND calls=N failed=N p50_ms=X p99_ms=X".
class Timings {
 public:
  explicit Timings(std::string kind) : kind_(std::move(kind)) {}

  template <typename Call>
  void Time(const Call& call) {
    const absl::Time began = absl::Now();
    if (!call()) ++failed_;
    ms_.push_back(absl::ToDoubleMilliseconds(absl::Now() - began));
  }

  void Print() {
    std::sort(ms_.begin(), ms_.end());
    std::cout << kind_ << " calls=" << ms_.size() << " failed=" << failed_
              << " p50_ms=" << At(0.5) << " p99_ms=" << At(0.99) << std::endl;
  }

 private:
  double At(double share) const {
    if (ms_.empty()) return 0;
    return ms_[static_cast<size_t>(share *
                                   static_cast<double>(ms_.size() - 1))];
  }

  const std::string kind_;
  std::vector<double> ms_;
  int failed_ = 0;
};

// A task by name, then a page of a hundred, about 20 times a second: what a
// person with a few consoles open asks for.
class ApiLoad {
 public:
  explicit ApiLoad(const std::string& address)
      : stub_(v1::TaskService::NewStub(grpc::CreateChannel(
            address, grpc::InsecureChannelCredentials()))) {}

  void Measure(absl::Duration duration) {
    Timings get("get");
    Timings list("list");
    const absl::Time end = absl::Now() + duration;
    while (absl::Now() < end) {
      list.Time([this] { return List(); });
      for (int i = 0; i < 4 && !names_.empty(); ++i) {
        get.Time([this] { return Get(); });
        absl::SleepFor(absl::Milliseconds(40));
      }
    }
    get.Print();
    list.Print();
  }

 private:
  bool List() {
    grpc::ClientContext context;
    v1::ListTasksRequest request;
    request.set_parent("projects/default");
    request.set_page_token(page_token_);
    v1::ListTasksResponse response;
    if (!stub_->ListTasks(&context, request, &response).ok()) return false;
    page_token_ = response.next_page_token();
    names_.clear();
    for (const v1::Task& task : response.tasks()) {
      names_.push_back(task.name());
    }
    return true;
  }

  bool Get() {
    grpc::ClientContext context;
    v1::GetTaskRequest request;
    request.set_name(names_[absl::Uniform<size_t>(random_, 0, names_.size())]);
    v1::Task response;
    return stub_->GetTask(&context, request, &response).ok();
  }

  const std::unique_ptr<v1::TaskService::Stub> stub_;
  absl::BitGen random_;
  std::string page_token_;
  std::vector<std::string> names_;
};

int Load(const std::string& api, const std::string& workers, int count,
         int slots) {
  std::vector<std::unique_ptr<FleetWorker>> fleet;
  for (int i = 0; i < count; ++i) {
    fleet.push_back(std::make_unique<FleetWorker>(workers, i, slots));
  }
  ApiLoad load(api);
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    int seconds = 0;
    if (words.size() != 2 || words[0] != "measure" ||
        !absl::SimpleAtoi(words[1], &seconds)) {
      std::cerr << "control_load: `measure SECONDS`, not `" << line << "`\n";
      return 2;
    }
    load.Measure(absl::Seconds(seconds));
  }
  for (const auto& worker : fleet) worker->RequestStop();
  return 0;
}

}  // namespace
}  // namespace binferry::worker

int main(int argc, char** argv) {
  int workers = 0;
  int slots = 0;
  if (argc != 5 || !absl::SimpleAtoi(argv[3], &workers) ||
      !absl::SimpleAtoi(argv[4], &slots)) {
    std::cerr << "usage: control_load API_ADDRESS WORKERS_ADDRESS WORKERS "
                 "SLOTS; tests/bench/control drives it\n";
    return 2;
  }
  return binferry::worker::Load(argv[1], argv[2], workers, slots);
}
