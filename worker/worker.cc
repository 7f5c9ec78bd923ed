#include "worker/worker.h"

#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

#include "common/log.h"
#include "common/status_macros.h"
#include "common/version.h"
#include "worker/task/probe_answers.h"
#include "worker/task/task_attempts.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

// Probes that are executed at the same time.
constexpr int kProbeThreads = 8;
// For runs to end in order; then they are interrupted.
constexpr absl::Duration kLeaveTimeout = absl::Seconds(5);
constexpr absl::Duration kInterruptTimeout = absl::Seconds(2);
constexpr absl::Duration kFarewellTimeout = absl::Milliseconds(1500);

// The kernel's: another one with each read.
std::string RandomUuid() {
  std::ifstream file("/proc/sys/kernel/random/uuid");
  std::string uuid;
  file >> uuid;
  return uuid;
}

CoordinationClient::Options ClientOptions(
    const WorkerOptions& options,
    std::shared_ptr<grpc::ChannelCredentials> credentials) {
  pb::WorkerIdentity identity;
  identity.set_name(options.name);
  identity.set_incarnation(RandomUuid());
  return {.addresses = options.controllers,
          .credentials = std::move(credentials),
          .join_token = options.join_token,
          .identity = identity};
}

TaskSupervisor::Options SupervisorOptions(const WorkerOptions& options,
                                          const Clock* clock,
                                          CoordinationClient* client) {
  return {
      .equipment = {
          .clock = clock,
          .fetch_spec =
              [client](const std::string& uid, int64_t epoch,
                       std::stop_token stop) {
                return client->GetTaskSpec(uid, epoch, std::move(stop));
              },
          .claim_partition =
              [client](const std::string& uid, int64_t epoch,
                       const std::string& cluster_id, std::stop_token stop) {
                return client->ClaimStatePartition(uid, epoch, cluster_id,
                                                   std::move(stop));
              },
          .make_attempt =
              MakeAttemptFactory({.budget_bytes = options.memory_bytes,
                                  .encoder_threads = options.encoder_threads},
                                 clock)}};
}

Heartbeater::Options HeartbeaterOptions(const WorkerOptions& options) {
  pb::WorkerPlace place;
  place.set_region(options.region);
  place.set_availability_zone(options.zone);
  for (const v1::NetworkType type : options.network_types) {
    place.add_network_types(type);
  }
  place.set_vpc(options.vpc);
  place.set_subnet(options.subnet);
  for (const auto& [key, value] : options.labels) {
    (*place.mutable_labels())[key] = value;
  }
  return {.place = place, .slots = options.slots, .version = kVersion};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Worker>> Worker::Start(
    const WorkerOptions& options) {
  std::shared_ptr<grpc::ChannelCredentials> credentials =
      grpc::InsecureChannelCredentials();
  if (!options.insecure_dev) {
    BINFERRY_ASSIGN_OR_RETURN(credentials, LoadChannelCredentials(options.tls));
  }
  return std::unique_ptr<Worker>(new Worker(options, std::move(credentials)));
}

Worker::Worker(const WorkerOptions& options,
               std::shared_ptr<grpc::ChannelCredentials> credentials)
    : client_(ClientOptions(options, std::move(credentials))),
      supervisor_(SupervisorOptions(options, &clock_, &client_)),
      probes_(&clock_, &client_, MakeProbeAnswers(&clock_)),
      heartbeater_(HeartbeaterOptions(options), &clock_, &client_, &supervisor_,
                   &probes_) {
  for (int i = 0; i < kProbeThreads; ++i) {
    probe_threads_.emplace_back(
        [this](std::stop_token stop) { probes_.Run(std::move(stop)); });
  }
  heartbeat_thread_ = std::jthread([this](std::stop_token stop) {
    const absl::Status status = heartbeater_.Run(std::move(stop));
    if (status.ok()) return;
    LogError("another process of this worker's name has taken over",
             {{"error", status}});
    supervisor_.InterruptAll();
    superseded_ = true;
  });
}

Worker::~Worker() { supervisor_.InterruptAll(); }

absl::Status Worker::Drain() {
  const MonotonicTime began = clock_.MonotonicNow();
  // The heartbeat goes on, so that leases stay live while tasks leave.
  heartbeater_.SetDraining();
  supervisor_.Drain();
  bool is_idle = supervisor_.AwaitIdle(kLeaveTimeout);
  if (!is_idle) {
    supervisor_.InterruptAll();
    is_idle = supervisor_.AwaitIdle(kInterruptTimeout);
  }
  for (std::jthread& thread : probe_threads_) thread.request_stop();
  heartbeat_thread_.request_stop();
  heartbeat_thread_.join();
  const absl::Duration left = kDrainTimeout - (clock_.MonotonicNow() - began);
  if (!superseded_) {
    const absl::Status farewell =
        heartbeater_.Farewell(std::min(left, kFarewellTimeout));
    if (!farewell.ok()) {
      LogWarning("leases could not be given back; they run out",
                 {{"error", farewell}});
    }
  }
  if (is_idle) return absl::OkStatus();
  return absl::DeadlineExceededError("some tasks could not be ended in time");
}

}  // namespace binferry::worker
