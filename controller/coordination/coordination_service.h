// binferry.coordination.v1.CoordinationService: what workers call.
#ifndef BINFERRY_CONTROLLER_COORDINATION_COORDINATION_SERVICE_H_
#define BINFERRY_CONTROLLER_COORDINATION_COORDINATION_SERVICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "binferry/coordination/v1/coordination_service.grpc.pb.h"
#include "controller/coordination/assignment_proto.h"
#include "controller/coordination/caller_check.h"
#include "controller/rpc/call_runner.h"
#include "controller/secrets/sealer.h"
#include "controller/store/assignment_store.h"
#include "controller/store/change_feed.h"
#include "controller/store/probe_store.h"

namespace binferry::controller {

// Every call is refused with UNAUTHENTICATED before anything else is looked at
// unless the caller is a worker of this installation. The store compares
// worker, incarnation and epoch in every statement.
//
// Thread-safe.
class CoordinationService final
    : public coordination_v1::CoordinationService::CallbackService {
 public:
  // The pointers must outlive this object and its calls.
  struct Options {
    AssignmentStore* assignments = nullptr;
    ProbeStore* probes = nullptr;
    ChangeFeed* feed = nullptr;
    const Sealer* sealer = nullptr;
    const CallRunner* runner = nullptr;
    const Clock* clock = nullptr;
    const CallerCheck* caller_check = nullptr;
    std::string state_topic_prefix;
  };
  explicit CoordinationService(const Options& options) : options_(options) {}

  grpc::ServerUnaryReactor* Heartbeat(
      grpc::CallbackServerContext* context,
      const coordination_v1::HeartbeatRequest* request,
      coordination_v1::HeartbeatResponse* response) override;
  grpc::ServerUnaryReactor* GetTaskSpec(
      grpc::CallbackServerContext* context,
      const coordination_v1::GetTaskSpecRequest* request,
      coordination_v1::GetTaskSpecResponse* response) override;
  grpc::ServerUnaryReactor* ClaimStatePartition(
      grpc::CallbackServerContext* context,
      const coordination_v1::ClaimStatePartitionRequest* request,
      coordination_v1::ClaimStatePartitionResponse* response) override;
  grpc::ServerUnaryReactor* ReportProbeResults(
      grpc::CallbackServerContext* context,
      const coordination_v1::ReportProbeResultsRequest* request,
      coordination_v1::ReportProbeResultsResponse* response) override;

 private:
  // Refuses a caller that is no worker; null lets it in.
  grpc::ServerUnaryReactor* RefuseStranger(
      grpc::CallbackServerContext* context) const;

  absl::StatusOr<coordination_v1::GetTaskSpecResponse> FetchSpec(
      const coordination_v1::GetTaskSpecRequest& request);
  absl::StatusOr<coordination_v1::ClaimStatePartitionResponse> ClaimPartition(
      const coordination_v1::ClaimStatePartitionRequest& request);
  absl::StatusOr<coordination_v1::ReportProbeResultsResponse> KeepResults(
      const coordination_v1::ReportProbeResultsRequest& request);

  const Options options_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_COORDINATION_COORDINATION_SERVICE_H_
