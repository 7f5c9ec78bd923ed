// A whole controller in the test's process, over a database of its own.
#ifndef BINFERRY_CONTROLLER_TESTING_CONTROLLER_FIXTURE_H_
#define BINFERRY_CONTROLLER_TESTING_CONTROLLER_FIXTURE_H_

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "binferry/coordination/v1/coordination_service.grpc.pb.h"
#include "binferry/v1/task_service.grpc.pb.h"
#include "binferry/v1/worker_service.grpc.pb.h"
#include "common/grpc_status.h"
#include "controller/controller.h"
#include "controller/testing/simulated_worker.h"
#include "controller/testing/test_database.h"

namespace binferry::controller {

namespace coordination_v1 = ::binferry::coordination::v1;

// Thread-compatible.
class ControllerFixture : public testing::Test {
 protected:
  // Skips without PostgreSQL; else starts the controller and waits until it
  // serves.
  void SetUp() override;
  void TearDown() override;

  // Options of the controller: --insecure-dev, free ports.
  ControllerOptions Options() const;
  void StartController(const ControllerOptions& options);

  std::string ApiAddress() const;
  std::string WorkersAddress() const;

  // A legal task with objects, both passwords set.
  static v1::Task SampleTask();
  static constexpr char kSourcePassword[] = "source-hunter2";
  static constexpr char kDestinationPassword[] = "destination-hunter2";

  absl::StatusOr<v1::Task> Create(const std::string& id,
                                  const v1::Task& task = SampleTask());
  absl::StatusOr<v1::Task> Get(const std::string& id,
                               v1::TaskView view = v1::TASK_VIEW_FULL);

  // One heartbeat of worker `name`; reports `tasks` as held.
  coordination_v1::HeartbeatRequest Beat(const std::string& name);
  absl::StatusOr<coordination_v1::HeartbeatResponse> Send(
      coordination_v1::HeartbeatRequest request);
  // Beats until the worker has an assignment for which `wanted` is true.
  absl::StatusOr<coordination_v1::Assignment> AwaitAssignment(
      const std::string& name,
      const std::function<bool(const coordination_v1::Assignment&)>& wanted);

  // A worker with many slots, in `region`.
  std::unique_ptr<SimulatedWorker> MakeWorker(const std::string& name,
                                              const std::string& region);

  // A call that answers OK or why not.
  template <typename Request, typename Response>
  static absl::Status Call(grpc::Status (v1::TaskService::Stub::*rpc)(
                               grpc::ClientContext*, const Request&, Response*),
                           v1::TaskService::Stub* stub,
                           const Request& request) {
    grpc::ClientContext context;
    Response response;
    return FromGrpcStatus((stub->*rpc)(&context, request, &response));
  }

  // One statement in the controller's database.
  void ExecuteSql(const std::string& sql);
  // Every task has been checked and may be started.
  void MakeReady();
  // Brings a time of a task's row, e.g. "state_time", on by `age`: the test's
  // way to let days go by.
  void Age(const std::string& column, const std::string& id,
           absl::Duration age);

  static std::string Name(const std::string& id) {
    return "projects/shop/tasks/" + id;
  }
  // True once `condition` is; false after 15 s.
  static bool Eventually(const std::function<bool()>& condition);

  std::unique_ptr<TestDatabase> database_;
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<v1::TaskService::Stub> tasks_;
  std::unique_ptr<v1::WorkerService::Stub> workers_;
  std::unique_ptr<coordination_v1::CoordinationService::Stub> coordination_;
  std::string directory_;
  int64_t sequence_ = 0;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_TESTING_CONTROLLER_FIXTURE_H_
