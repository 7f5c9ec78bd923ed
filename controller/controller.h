// The controller process: builds its parts, owns their threads, ends them in
// order.
#ifndef BINFERRY_CONTROLLER_CONTROLLER_H_
#define BINFERRY_CONTROLLER_CONTROLLER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "controller/api/action_log.h"
#include "controller/api/inspection_endpoint.h"
#include "controller/api/inspection_service.h"
#include "controller/api/task_endpoint.h"
#include "controller/api/task_history.h"
#include "controller/api/task_service.h"
#include "controller/api/worker_endpoint.h"
#include "controller/api/worker_service.h"
#include "controller/coordination/caller_check.h"
#include "controller/coordination/coordination_service.h"
#include "controller/database_watch.h"
#include "controller/options.h"
#include "controller/rpc/call_runner.h"
#include "controller/rpc/readiness.h"
#include "controller/rpc/work_queue.h"
#include "controller/scheduler/reconciler.h"
#include "controller/secrets/sealer.h"
#include "controller/store/assignment_store.h"
#include "controller/store/change_feed.h"
#include "controller/store/history_store.h"
#include "controller/store/pg_pool.h"
#include "controller/store/plan_store.h"
#include "controller/store/planner_lock.h"
#include "controller/store/precheck_store.h"
#include "controller/store/probe_store.h"
#include "controller/store/task_store.h"
#include "controller/store/worker_store.h"

namespace binferry::controller {

// Listens at once, whether PostgreSQL is there or not. Calls of users and calls
// of workers have threads of their own, so that neither keeps the other
// waiting.
//
// Thread-safe.
class Controller {
 public:
  static constexpr int kApiThreads = 6;
  static constexpr int kCoordinationThreads = 6;
  // One for each of them, the reconciler, the database's watch.
  static constexpr int kPoolConnections =
      kApiThreads + kCoordinationThreads + 4;
  // Calls that are open when the controller ends are given so long.
  static constexpr absl::Duration kDrainTimeout = absl::Seconds(5);

  // Reads keys, certificates and migrations, opens both listeners, starts.
  // Errors name the file or address.
  static absl::StatusOr<std::unique_ptr<Controller>> Create(
      const ControllerOptions& options);

  // As Stop.
  ~Controller();

  int api_port() const { return api_port_; }
  int workers_port() const { return workers_port_; }

  // Why the controller can't go on; OK while it can.
  absl::Status failure() const ABSL_LOCKS_EXCLUDED(mu_);

  // Answers open calls, ends watches and waits, gives the planner lock back.
  // Once.
  void Stop();

 private:
  struct Parts {
    std::unique_ptr<Sealer> sealer;
    std::vector<Migration> migrations;
    PgPool::Options pool;
    Secret join_token;
  };

  Controller(const ControllerOptions& options, Parts parts);

  static absl::StatusOr<Parts> LoadParts(const ControllerOptions& options);
  absl::Status Listen(const ControllerOptions& options);
  void StartThreads();
  void Fail(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void SetServing(bool serving);
  Reconciler::Options ReconcilerOptions();

  const SystemClock clock_;
  const std::unique_ptr<Sealer> sealer_;

  PgPool pool_;
  ChangeFeed feed_;
  TaskStore tasks_{&pool_};
  WorkerStore workers_{&pool_};
  AssignmentStore assignments_{&pool_};
  ProbeStore probes_{&pool_};
  PrecheckStore prechecks_{&pool_};
  HistoryStore history_{&pool_};
  PlanStore plans_{&pool_};
  PlannerLock planner_lock_;

  Reconciler reconciler_;
  Readiness readiness_;
  DatabaseWatch database_watch_;

  WorkQueue api_queue_{&clock_};
  CallRunner api_runner_{&api_queue_, &readiness_};
  TaskService task_service_{&tasks_, sealer_.get(), &clock_};
  TaskHistory task_history_{&history_};
  ActionLog action_log_{&history_};
  TaskEndpoint task_endpoint_{{.tasks = &task_service_,
                               .history = &task_history_,
                               .actions = &action_log_,
                               .store = &tasks_,
                               .changes = &history_,
                               .feed = &feed_,
                               .runner = &api_runner_,
                               .clock = &clock_}};
  InspectionService inspection_service_{&tasks_, &prechecks_};
  InspectionEndpoint inspection_endpoint_{&inspection_service_,
                                          &action_log_,
                                          {.probes = &probes_,
                                           .feed = &feed_,
                                           .runner = &api_runner_,
                                           .clock = &clock_}};
  WorkerService worker_service_{&workers_};
  WorkerEndpoint worker_endpoint_{&worker_service_, &api_runner_};

  WorkQueue coordination_queue_{&clock_};
  CallRunner coordination_runner_{&coordination_queue_, &readiness_};
  const CallerCheck caller_check_;
  CoordinationService coordination_service_;

  std::unique_ptr<grpc::Server> api_server_;
  std::unique_ptr<grpc::Server> workers_server_;
  int api_port_ = 0;
  int workers_port_ = 0;

  mutable absl::Mutex mu_;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);

  ChangeFeed::Subscription reconciler_wake_;
  // Carry out calls; they end after the servers.
  std::vector<std::jthread> call_threads_;
  // The feed, the reconciler, the database's watch.
  std::vector<std::jthread> loop_threads_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_CONTROLLER_H_
