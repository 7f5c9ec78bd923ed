#include "controller/api/inspection_endpoint.h"

#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "common/status_macros.h"
#include "controller/api/request_fields.h"
#include "controller/rpc/caller.h"

namespace binferry::controller {
namespace {

namespace pb = coordination::v1;

absl::Status WrongAnswer() {
  return absl::UnimplementedError(
      "the task's worker does not know this question: it is of an older "
      "release than the controller");
}

// A call whose answer is `part` of the worker's, taken as it is.
template <typename Request, typename Response>
absl::StatusOr<HeldProbe::Call> CallFor(
    const Request& request, Response* response,
    bool (pb::ProbeResult::*has_part)() const,
    const Response& (pb::ProbeResult::*part)() const) {
  HeldProbe::Call call;
  BINFERRY_ASSIGN_OR_RETURN(call.question, QuestionOf(request));
  BINFERRY_ASSIGN_OR_RETURN(call.task, TaskKeyOf(request.name(), "name"));
  call.accept = [=](const pb::ProbeResult& result) {
    if (!(result.*has_part)()) return WrongAnswer();
    *response = (result.*part)();
    return absl::OkStatus();
  };
  return call;
}

}  // namespace

grpc::ServerUnaryReactor* InspectionEndpoint::TestConnection(
    grpc::CallbackServerContext* context,
    const v1::TestConnectionRequest* request, v1::ConnectionTest* response) {
  absl::StatusOr<HeldProbe::Call> call =
      CallFor(*request, response, &pb::ProbeResult::has_connection_test,
              &pb::ProbeResult::connection_test);
  if (call.ok()) {
    const ActionLog::Action action = {
        .task = request->name(),
        .verb = "TEST",
        .caller = CallerOf(*context),
        .detail = request->endpoint() == v1::ENDPOINT_SOURCE ? "source"
                                                             : "destination"};
    call->finished = [this, action, response](const absl::Status& status) {
      ActionLog::Action told = action;
      told.detail += response->passed() ? ": passed" : ": failed";
      actions_->Record(told, status);
    };
  }
  return HeldProbe::Start(probes_, context, std::move(call));
}

grpc::ServerUnaryReactor* InspectionEndpoint::ListDatabases(
    grpc::CallbackServerContext* context,
    const v1::ListDatabasesRequest* request,
    v1::ListDatabasesResponse* response) {
  return HeldProbe::Start(
      probes_, context,
      CallFor(*request, response, &pb::ProbeResult::has_databases,
              &pb::ProbeResult::databases));
}

grpc::ServerUnaryReactor* InspectionEndpoint::ListTables(
    grpc::CallbackServerContext* context, const v1::ListTablesRequest* request,
    v1::ListTablesResponse* response) {
  return HeldProbe::Start(
      probes_, context,
      CallFor(*request, response, &pb::ProbeResult::has_tables,
              &pb::ProbeResult::tables));
}

grpc::ServerUnaryReactor* InspectionEndpoint::ListColumns(
    grpc::CallbackServerContext* context, const v1::ListColumnsRequest* request,
    v1::ListColumnsResponse* response) {
  return HeldProbe::Start(
      probes_, context,
      CallFor(*request, response, &pb::ProbeResult::has_columns,
              &pb::ProbeResult::columns));
}

grpc::ServerUnaryReactor* InspectionEndpoint::ListTopics(
    grpc::CallbackServerContext* context, const v1::ListTopicsRequest* request,
    v1::ListTopicsResponse* response) {
  return HeldProbe::Start(
      probes_, context,
      CallFor(*request, response, &pb::ProbeResult::has_topics,
              &pb::ProbeResult::topics));
}

grpc::ServerUnaryReactor* InspectionEndpoint::GetSourcePosition(
    grpc::CallbackServerContext* context,
    const v1::GetSourcePositionRequest* request, v1::SourcePosition* response) {
  return HeldProbe::Start(
      probes_, context,
      CallFor(*request, response, &pb::ProbeResult::has_source_position,
              &pb::ProbeResult::source_position));
}

grpc::ServerUnaryReactor* InspectionEndpoint::RunPrecheck(
    grpc::CallbackServerContext* context, const v1::RunPrecheckRequest* request,
    v1::Precheck* response) {
  absl::StatusOr<HeldProbe::Call> call =
      CallFor(*request, response, &pb::ProbeResult::has_precheck,
              &pb::ProbeResult::precheck);
  if (call.ok()) {
    call->purpose = ProbeStore::Purpose::kPrecheck;
    call->prepare = [this, key = call->task] {
      return service_->CheckComplete(key);
    };
    // What was kept has the confirmations too.
    call->accept = [this, response,
                    name = request->name()](const pb::ProbeResult& result) {
      if (!result.has_precheck()) return WrongAnswer();
      v1::GetPrecheckRequest kept;
      kept.set_name(name);
      BINFERRY_ASSIGN_OR_RETURN(*response, service_->GetPrecheck(kept));
      return absl::OkStatus();
    };
    const ActionLog::Action action = {.task = request->name(),
                                      .verb = "PRECHECK",
                                      .caller = CallerOf(*context),
                                      .detail = ""};
    call->finished = [this, action, response](const absl::Status& status) {
      ActionLog::Action told = action;
      told.detail = response->ready() ? "ready" : "not ready";
      actions_->Record(told, status);
    };
  }
  return HeldProbe::Start(probes_, context, std::move(call));
}

grpc::ServerUnaryReactor* InspectionEndpoint::GetPrecheck(
    grpc::CallbackServerContext* context, const v1::GetPrecheckRequest* request,
    v1::Precheck* response) {
  return probes_.runner->Unary(context, request, response,
                               [this](const v1::GetPrecheckRequest& r) {
                                 return service_->GetPrecheck(r);
                               });
}

grpc::ServerUnaryReactor* InspectionEndpoint::ConfirmPrecheck(
    grpc::CallbackServerContext* context,
    const v1::ConfirmPrecheckRequest* request, v1::Precheck* response) {
  return probes_.runner->Unary(
      context, request, response,
      [this, caller = CallerOf(*context)](const v1::ConfirmPrecheckRequest& r) {
        absl::StatusOr<v1::Precheck> answer =
            service_->ConfirmPrecheck(r, caller);
        actions_->Record({.task = r.name(),
                          .verb = "CONFIRM",
                          .caller = caller,
                          .detail = absl::StrJoin(r.item_ids(), ", ")},
                         answer.status());
        return answer;
      });
}

}  // namespace binferry::controller
