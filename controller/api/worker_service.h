// The calls about workers.
#ifndef BINFERRY_CONTROLLER_API_WORKER_SERVICE_H_
#define BINFERRY_CONTROLLER_API_WORKER_SERVICE_H_

#include "absl/status/statusor.h"
#include "binferry/v1/worker_service.pb.h"
#include "controller/model/worker.h"
#include "controller/store/worker_store.h"

namespace binferry::controller {

// What binferry.v1.WorkerService promises, without gRPC. Thread-safe.
class WorkerService {
 public:
  // `store` must outlive this object.
  explicit WorkerService(WorkerStore* store) : store_(store) {}

  absl::StatusOr<v1::ListWorkersResponse> List(
      const v1::ListWorkersRequest& request);
  absl::StatusOr<v1::Worker> Get(const v1::GetWorkerRequest& request);

 private:
  WorkerStore* const store_;
};

// A worker as users see it, without its tasks.
v1::Worker ToProto(const Worker& worker);

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_WORKER_SERVICE_H_
