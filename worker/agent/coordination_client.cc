#include "worker/agent/coordination_client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/grpc_status.h"
#include "common/retry.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

// Specs carry up to 1,000 databases with 10,000 tables each and certificates.
constexpr int kMaxMessageBytes = 32 << 20;
// A controller that comes back is found soon, whatever the channel thinks.
constexpr int kMaxReconnectBackoffMs = 1000;
// A dead peer behind a silent network is noticed within these.
constexpr int kKeepaliveTimeMs = 10'000;
constexpr int kKeepaliveTimeoutMs = 5000;

std::shared_ptr<grpc::Channel> MakeChannel(
    const std::string& address,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectBackoffMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace

CoordinationClient::CoordinationClient(const Options& options)
    : options_(options) {
  for (const std::string& address : options_.addresses) {
    stubs_.push_back(pb::CoordinationService::NewStub(
        MakeChannel(address, options_.credentials)));
  }
}

template <typename Request, typename Response>
absl::Status CoordinationClient::Call(
    grpc::Status (Stub::*call)(grpc::ClientContext*, const Request&, Response*),
    const Request& request, absl::Duration timeout, std::stop_token stop,
    Response* response) {
  size_t chosen = 0;
  {
    absl::MutexLock lock(&mu_);
    chosen = present_;
  }
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  if (!options_.join_token.empty()) {
    context.AddMetadata("authorization",
                        absl::StrCat("Bearer ", options_.join_token.Reveal()));
  }
  absl::Status status;
  {
    const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
    status = FromGrpcStatus(
        (stubs_[chosen].get()->*call)(&context, request, response));
  }
  if (status.ok()) return status;
  if (stop.stop_requested()) return absl::CancelledError("stopped");
  if (IsRetryable(status)) {
    absl::MutexLock lock(&mu_);
    if (present_ == chosen) present_ = (chosen + 1) % stubs_.size();
  }
  return absl::Status(status.code(),
                      absl::StrCat("controller ", options_.addresses[chosen],
                                   ": ", status.message()));
}

absl::StatusOr<pb::HeartbeatResponse> CoordinationClient::Heartbeat(
    const pb::HeartbeatRequest& request, absl::Duration timeout,
    std::stop_token stop) {
  pb::HeartbeatResponse response;
  BINFERRY_RETURN_IF_ERROR(
      Call(&Stub::Heartbeat, request, timeout, std::move(stop), &response));
  return response;
}

absl::StatusOr<pb::GetTaskSpecResponse> CoordinationClient::GetTaskSpec(
    const std::string& task_uid, int64_t epoch, std::stop_token stop) {
  pb::GetTaskSpecRequest request;
  *request.mutable_worker() = options_.identity;
  request.set_task_uid(task_uid);
  request.set_epoch(epoch);
  pb::GetTaskSpecResponse response;
  BINFERRY_RETURN_IF_ERROR(Call(&Stub::GetTaskSpec, request,
                                options_.call_timeout, std::move(stop),
                                &response));
  return response;
}

absl::StatusOr<int32_t> CoordinationClient::ClaimStatePartition(
    const std::string& task_uid, int64_t epoch,
    const std::string& kafka_cluster_id, std::stop_token stop) {
  pb::ClaimStatePartitionRequest request;
  *request.mutable_worker() = options_.identity;
  request.set_task_uid(task_uid);
  request.set_epoch(epoch);
  request.set_kafka_cluster_id(kafka_cluster_id);
  pb::ClaimStatePartitionResponse response;
  BINFERRY_RETURN_IF_ERROR(Call(&Stub::ClaimStatePartition, request,
                                options_.call_timeout, std::move(stop),
                                &response));
  return response.partition();
}

absl::Status CoordinationClient::ReportProbeResult(
    const pb::ProbeResult& result, std::stop_token stop) {
  pb::ReportProbeResultsRequest request;
  *request.mutable_worker() = options_.identity;
  *request.add_results() = result;
  pb::ReportProbeResultsResponse response;
  return Call(&Stub::ReportProbeResults, request, options_.call_timeout,
              std::move(stop), &response);
}

}  // namespace binferry::worker
