#include "controller/controller.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "controller/rpc/message_limits.h"

namespace binferry::controller {
namespace {

// A connection that says nothing for so long is asked whether it is still
// there.
constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
// Callers may ask us as often.
constexpr int kMinPingIntervalMs = 5'000;
constexpr size_t kMaxCallBytes = size_t{512} * 1024 * 1024;

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsFor(
    const ControllerOptions& options, ClientCertificate client_certificate) {
  switch (options.security()) {
    case Security::kInsecureDev:
      return grpc::InsecureServerCredentials();
    case Security::kTls:
      break;
  }
  if (options.tls.authorities.empty()) {
    client_certificate = ClientCertificate::kNotAsked;
  }
  return LoadServerCredentials(options.tls, client_certificate);
}

struct Listener {
  std::string option;
  std::string address;
  std::shared_ptr<grpc::ServerCredentials> credentials;
  std::vector<grpc::Service*> services;
};

absl::StatusOr<std::unique_ptr<grpc::Server>> Open(const Listener& listener,
                                                   int* port) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(listener.address, listener.credentials, port);
  for (grpc::Service* service : listener.services) {
    builder.RegisterService(service);
  }
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.SetMaxSendMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             kKeepaliveTimeoutMs);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Two controllers on one port would share its calls by chance.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota;
  quota.Resize(kMaxCallBytes);
  builder.SetResourceQuota(quota);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || *port == 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        listener.option, ": cannot listen on ", listener.address,
        ": is the port in use, the address one of this machine, the "
        "certificate the key's?"));
  }
  return server;
}

}  // namespace

absl::StatusOr<Controller::Parts> Controller::LoadParts(
    const ControllerOptions& options) {
  Parts parts;
  BINFERRY_ASSIGN_OR_RETURN(parts.sealer,
                            Sealer::Open(options.secret_key_file));
  BINFERRY_ASSIGN_OR_RETURN(parts.migrations,
                            ReadMigrations(options.migrations_dir));
  BINFERRY_RETURN_IF_ERROR(CheckConnectionString(options.postgres));
  parts.pool.connection.connection_string = options.postgres;
  if (!options.postgres_password_file.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(const Secret password,
                              ReadSecretFile(options.postgres_password_file));
    parts.pool.connection.connection_string =
        AddPassword(options.postgres, password);
  }
  parts.pool.max_connections = kPoolConnections;
  if (!options.join_token_file.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(parts.join_token,
                              ReadSecretFile(options.join_token_file));
  }
  return parts;
}

absl::StatusOr<std::unique_ptr<Controller>> Controller::Create(
    const ControllerOptions& options) {
  BINFERRY_RETURN_IF_ERROR(CheckOptions(options));
  BINFERRY_ASSIGN_OR_RETURN(Parts parts, LoadParts(options));
  std::unique_ptr<Controller> controller(
      new Controller(options, std::move(parts)));
  BINFERRY_RETURN_IF_ERROR(controller->Listen(options));
  controller->StartThreads();
  return controller;
}

Controller::Controller(const ControllerOptions& options, Parts parts)
    : sealer_(std::move(parts.sealer)),
      pool_(&clock_, parts.pool),
      feed_(parts.pool.connection),
      planner_lock_(parts.pool.connection),
      reconciler_(&clock_, &plans_, &planner_lock_, ReconcilerOptions()),
      database_watch_(
          &pool_, &tasks_, &readiness_,
          {.migrations = std::move(parts.migrations),
           .secret_key_id = sealer_->key_id(),
           .on_serving = [this](bool serving) { SetServing(serving); },
           .on_failure = [this](const absl::Status& s) { Fail(s); }}),
      caller_check_(options.insecure_dev ? CallerCheck::Mode::kOff
                                         : CallerCheck::Mode::kRequired,
                    std::move(parts.join_token)),
      coordination_service_(
          {.assignments = &assignments_,
           .probes = &probes_,
           .feed = &feed_,
           .sealer = sealer_.get(),
           .runner = &coordination_runner_,
           .clock = &clock_,
           .caller_check = &caller_check_,
           .state_topic_prefix = options.state_topic_prefix}) {}

Controller::~Controller() { Stop(); }

absl::Status Controller::Listen(const ControllerOptions& options) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  BINFERRY_ASSIGN_OR_RETURN(
      const auto api_credentials,
      CredentialsFor(options, ClientCertificate::kRequired));
  BINFERRY_ASSIGN_OR_RETURN(
      const auto workers_credentials,
      CredentialsFor(options, ClientCertificate::kVerifiedIfGiven));
  BINFERRY_ASSIGN_OR_RETURN(
      api_server_, Open({.option = "--listen-api",
                         .address = options.listen_api,
                         .credentials = api_credentials,
                         .services = {&task_endpoint_, &inspection_endpoint_,
                                      &worker_endpoint_}},
                        &api_port_));
  BINFERRY_ASSIGN_OR_RETURN(workers_server_,
                            Open({.option = "--listen-workers",
                                  .address = options.listen_workers,
                                  .credentials = workers_credentials,
                                  .services = {&coordination_service_}},
                                 &workers_port_));
  SetServing(false);
  return absl::OkStatus();
}

void Controller::SetServing(bool serving) {
  for (grpc::Server* server : {api_server_.get(), workers_server_.get()}) {
    grpc::HealthCheckServiceInterface* const health =
        server->GetHealthCheckService();
    if (health != nullptr) health->SetServingStatus(serving);
  }
}

Reconciler::Options Controller::ReconcilerOptions() {
  Reconciler::Options options;
  // Of the reconciler's one thread. A fault that lasts is told once.
  auto last_error = std::make_shared<std::string>();
  options.on_error = [last_error](const absl::Status& status) {
    if (status.ToString() == *last_error) return;
    *last_error = status.ToString();
    LogWarning("planning failed, trying again", {{"error", status}});
  };
  options.on_change = [last_error](const TaskChange& change) {
    last_error->clear();
    LogInfo(
        "task changed",
        {{"task_uid", change.uid.value()},
         {"state", change.state.has_value() ? TaskStateName(change.state->state)
                                            : absl::string_view("same")},
         {"granted_to", change.grant.has_value()
                            ? change.grant->worker.name.value()
                            : std::string()},
         {"epoch",
          change.grant.has_value() ? change.grant->epoch.value() : int64_t{0}},
         {"released", change.release.has_value()}});
  };
  return options;
}

void Controller::StartThreads() {
  absl::StatusOr<ChangeFeed::Subscription> wake =
      feed_.SubscribeAll([this](const Change&) { reconciler_.Wake(); });
  if (wake.ok()) reconciler_wake_ = *std::move(wake);
  for (int i = 0; i < kApiThreads; ++i) {
    call_threads_.emplace_back(
        [this](std::stop_token stop) { api_queue_.Run(stop); });
  }
  for (int i = 0; i < kCoordinationThreads; ++i) {
    call_threads_.emplace_back(
        [this](std::stop_token stop) { coordination_queue_.Run(stop); });
  }
  loop_threads_.emplace_back(
      [this](std::stop_token stop) { database_watch_.Run(stop); });
  loop_threads_.emplace_back([this](std::stop_token stop) {
    if (readiness_.Wait(stop)) feed_.Run(stop);
  });
  loop_threads_.emplace_back([this](std::stop_token stop) {
    if (readiness_.Wait(stop)) reconciler_.Run(stop);
  });
}

void Controller::Fail(const absl::Status& status) {
  readiness_.SetWaiting(status);
  absl::MutexLock lock(&mu_);
  failure_ = status;
}

absl::Status Controller::failure() const {
  absl::MutexLock lock(&mu_);
  return failure_;
}

void Controller::Stop() {
  for (std::jthread& thread : loop_threads_) thread.request_stop();
  // Watches and held heartbeats end; then the servers have little to wait for.
  api_queue_.Drain();
  coordination_queue_.Drain();
  const auto deadline = std::chrono::system_clock::now() +
                        absl::ToChronoMilliseconds(kDrainTimeout);
  if (api_server_ != nullptr) api_server_->Shutdown(deadline);
  if (workers_server_ != nullptr) workers_server_->Shutdown(deadline);
  for (std::jthread& thread : call_threads_) thread.request_stop();
  call_threads_.clear();
  loop_threads_.clear();
  reconciler_wake_.Cancel();
  api_server_.reset();
  workers_server_.reset();
}

}  // namespace binferry::controller
