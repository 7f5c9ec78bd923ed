// binferry.v1.WorkerService over gRPC.
#ifndef BINFERRY_CONTROLLER_API_WORKER_ENDPOINT_H_
#define BINFERRY_CONTROLLER_API_WORKER_ENDPOINT_H_

#include "binferry/v1/worker_service.grpc.pb.h"
#include "controller/api/worker_service.h"
#include "controller/rpc/call_runner.h"

namespace binferry::controller {

// Hands each call to WorkerService on the runner's threads. Thread-safe.
class WorkerEndpoint final : public v1::WorkerService::CallbackService {
 public:
  // The pointers must outlive this object and its calls.
  WorkerEndpoint(WorkerService* service, const CallRunner* runner)
      : service_(service), runner_(runner) {}

  grpc::ServerUnaryReactor* ListWorkers(
      grpc::CallbackServerContext* context,
      const v1::ListWorkersRequest* request,
      v1::ListWorkersResponse* response) override {
    return runner_->Unary(
        context, request, response,
        [this](const v1::ListWorkersRequest& r) { return service_->List(r); });
  }

  grpc::ServerUnaryReactor* GetWorker(grpc::CallbackServerContext* context,
                                      const v1::GetWorkerRequest* request,
                                      v1::Worker* response) override {
    return runner_->Unary(
        context, request, response,
        [this](const v1::GetWorkerRequest& r) { return service_->Get(r); });
  }

 private:
  WorkerService* const service_;
  const CallRunner* const runner_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_WORKER_ENDPOINT_H_
