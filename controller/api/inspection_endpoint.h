// binferry.v1.InspectionService over gRPC.
#ifndef BINFERRY_CONTROLLER_API_INSPECTION_ENDPOINT_H_
#define BINFERRY_CONTROLLER_API_INSPECTION_ENDPOINT_H_

#include "binferry/v1/inspection_service.grpc.pb.h"
#include "controller/api/action_log.h"
#include "controller/api/held_probe.h"
#include "controller/api/inspection_service.h"

namespace binferry::controller {

// Hands questions to workers (HeldProbe) and the rest to InspectionService on
// the runner's threads. Thread-safe.
class InspectionEndpoint final : public v1::InspectionService::CallbackService {
 public:
  // What they point to must outlive this object and its calls.
  InspectionEndpoint(InspectionService* service, ActionLog* actions,
                     const HeldProbe::Services& probes)
      : service_(service), actions_(actions), probes_(probes) {}

  grpc::ServerUnaryReactor* TestConnection(
      grpc::CallbackServerContext* context,
      const v1::TestConnectionRequest* request,
      v1::ConnectionTest* response) override;
  grpc::ServerUnaryReactor* ListDatabases(
      grpc::CallbackServerContext* context,
      const v1::ListDatabasesRequest* request,
      v1::ListDatabasesResponse* response) override;
  grpc::ServerUnaryReactor* ListTables(
      grpc::CallbackServerContext* context,
      const v1::ListTablesRequest* request,
      v1::ListTablesResponse* response) override;
  grpc::ServerUnaryReactor* ListColumns(
      grpc::CallbackServerContext* context,
      const v1::ListColumnsRequest* request,
      v1::ListColumnsResponse* response) override;
  grpc::ServerUnaryReactor* ListTopics(
      grpc::CallbackServerContext* context,
      const v1::ListTopicsRequest* request,
      v1::ListTopicsResponse* response) override;
  grpc::ServerUnaryReactor* GetSourcePosition(
      grpc::CallbackServerContext* context,
      const v1::GetSourcePositionRequest* request,
      v1::SourcePosition* response) override;
  grpc::ServerUnaryReactor* RunPrecheck(grpc::CallbackServerContext* context,
                                        const v1::RunPrecheckRequest* request,
                                        v1::Precheck* response) override;
  grpc::ServerUnaryReactor* GetPrecheck(grpc::CallbackServerContext* context,
                                        const v1::GetPrecheckRequest* request,
                                        v1::Precheck* response) override;
  grpc::ServerUnaryReactor* ConfirmPrecheck(
      grpc::CallbackServerContext* context,
      const v1::ConfirmPrecheckRequest* request,
      v1::Precheck* response) override;

 private:
  InspectionService* const service_;
  ActionLog* const actions_;
  const HeldProbe::Services probes_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_INSPECTION_ENDPOINT_H_
