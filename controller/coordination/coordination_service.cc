#include "controller/coordination/coordination_service.h"

#include <vector>

#include "common/grpc_status.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/coordination/held_heartbeat.h"
#include "controller/coordination/probe_proto.h"

namespace binferry::controller {
namespace {

constexpr size_t kMaxClusterIdBytes = 255;

}  // namespace

grpc::ServerUnaryReactor* CoordinationService::RefuseStranger(
    grpc::CallbackServerContext* context) const {
  const absl::Status caller = options_.caller_check->Check(*context);
  if (caller.ok()) return nullptr;
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(caller));
  return reactor;
}

grpc::ServerUnaryReactor* CoordinationService::Heartbeat(
    grpc::CallbackServerContext* context,
    const coordination_v1::HeartbeatRequest* request,
    coordination_v1::HeartbeatResponse* response) {
  if (auto* refused = RefuseStranger(context)) return refused;
  return HeldHeartbeat::Start({.store = options_.assignments,
                               .feed = options_.feed,
                               .runner = options_.runner},
                              context, request, response);
}

grpc::ServerUnaryReactor* CoordinationService::GetTaskSpec(
    grpc::CallbackServerContext* context,
    const coordination_v1::GetTaskSpecRequest* request,
    coordination_v1::GetTaskSpecResponse* response) {
  if (auto* refused = RefuseStranger(context)) return refused;
  return options_.runner->Unary(
      context, request, response,
      [this](const coordination_v1::GetTaskSpecRequest& r) {
        return FetchSpec(r);
      });
}

grpc::ServerUnaryReactor* CoordinationService::ClaimStatePartition(
    grpc::CallbackServerContext* context,
    const coordination_v1::ClaimStatePartitionRequest* request,
    coordination_v1::ClaimStatePartitionResponse* response) {
  if (auto* refused = RefuseStranger(context)) return refused;
  return options_.runner->Unary(
      context, request, response,
      [this](const coordination_v1::ClaimStatePartitionRequest& r) {
        return ClaimPartition(r);
      });
}

grpc::ServerUnaryReactor* CoordinationService::ReportProbeResults(
    grpc::CallbackServerContext* context,
    const coordination_v1::ReportProbeResultsRequest* request,
    coordination_v1::ReportProbeResultsResponse* response) {
  if (auto* refused = RefuseStranger(context)) return refused;
  return options_.runner->Unary(
      context, request, response,
      [this](const coordination_v1::ReportProbeResultsRequest& r) {
        return KeepResults(r);
      });
}

absl::StatusOr<coordination_v1::GetTaskSpecResponse>
CoordinationService::FetchSpec(
    const coordination_v1::GetTaskSpecRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(
      const AssignmentClaim claim,
      ClaimFromProto(request.worker(), request.task_uid(), request.epoch()));
  BINFERRY_ASSIGN_OR_RETURN(const AssignedTask assigned,
                            options_.assignments->GetAssignedTask(claim));
  BINFERRY_ASSIGN_OR_RETURN(
      const TaskSecrets secrets,
      options_.sealer->Unseal(assigned.task.uid, assigned.secrets));
  return ToProto(assigned, secrets, options_.state_topic_prefix);
}

absl::StatusOr<coordination_v1::ClaimStatePartitionResponse>
CoordinationService::ClaimPartition(
    const coordination_v1::ClaimStatePartitionRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(
      const AssignmentClaim claim,
      ClaimFromProto(request.worker(), request.task_uid(), request.epoch()));
  const std::string& cluster = request.kafka_cluster_id();
  if (cluster.empty() || cluster.size() > kMaxClusterIdBytes ||
      cluster.find('\0') != std::string::npos) {
    return InvalidFieldError("kafka_cluster_id",
                             "must be the id in the cluster's metadata");
  }
  coordination_v1::ClaimStatePartitionResponse response;
  BINFERRY_ASSIGN_OR_RETURN(
      const int32_t partition,
      options_.assignments->ClaimStatePartition(claim, cluster));
  response.set_partition(partition);
  return response;
}

absl::StatusOr<coordination_v1::ReportProbeResultsResponse>
CoordinationService::KeepResults(
    const coordination_v1::ReportProbeResultsRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const WorkerIdentity worker,
                            IdentityFromProto(request.worker()));
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<ProbeAnswer> answers,
                            AnswersFromProto(request, options_.clock->Now()));
  BINFERRY_RETURN_IF_ERROR(options_.probes->Answer(worker, answers));
  return coordination_v1::ReportProbeResultsResponse();
}

}  // namespace binferry::controller
