#include "controller/api/worker_service.h"

#include <string>
#include <vector>

#include "common/resource_name.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/api/page_token.h"
#include "controller/api/request_fields.h"
#include "controller/api/task_proto.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

constexpr absl::string_view kListQuery = "workers";

v1::WorkerState StateOf(const Worker& worker) {
  if (worker.silent_for > kLease) return v1::WORKER_STATE_LOST;
  if (worker.draining) return v1::WORKER_STATE_DRAINING;
  return v1::WORKER_STATE_READY;
}

}  // namespace

v1::Worker ToProto(const Worker& worker) {
  v1::Worker out;
  out.set_name(FormatWorkerName(worker.identity.name.value()));
  out.set_incarnation(worker.identity.incarnation.value());
  out.set_version(worker.version);
  out.set_region(worker.place.region);
  out.set_availability_zone(worker.place.availability_zone);
  for (const NetworkType type : worker.place.network_types) {
    out.add_network_types(static_cast<v1::NetworkType>(static_cast<int>(type)));
  }
  out.set_vpc(worker.place.vpc);
  out.set_subnet(worker.place.subnet);
  *out.mutable_labels() = {worker.place.labels.begin(),
                           worker.place.labels.end()};
  out.set_slots(worker.slots);
  out.set_slots_used(worker.slots_used);
  out.set_state(StateOf(worker));
  *out.mutable_last_heartbeat_time() = TimeToProto(worker.last_heartbeat_time);
  return out;
}

absl::StatusOr<v1::ListWorkersResponse> WorkerService::List(
    const v1::ListWorkersRequest& request) {
  BINFERRY_ASSIGN_OR_RETURN(const int page_size,
                            PageSizeOf(request.page_size()));
  WorkerName after;
  if (!request.page_token().empty()) {
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<std::string> last,
        DecodePageToken(kListQuery, request.page_token(), 1));
    after = WorkerName(last.front());
  }
  BINFERRY_ASSIGN_OR_RETURN(std::vector<Worker> workers,
                            store_->List(after, page_size + 1));
  v1::ListWorkersResponse response;
  if (workers.size() > static_cast<size_t>(page_size)) {
    workers.pop_back();
    response.set_next_page_token(
        EncodePageToken(kListQuery, {workers.back().identity.name.value()}));
  }
  for (const Worker& worker : workers) {
    *response.add_workers() = ToProto(worker);
  }
  return response;
}

absl::StatusOr<v1::Worker> WorkerService::Get(
    const v1::GetWorkerRequest& request) {
  const absl::StatusOr<std::string> id = ParseWorkerName(request.name());
  if (!id.ok()) return InvalidFieldError("name", id.status().message());
  const WorkerName name(*id);
  BINFERRY_ASSIGN_OR_RETURN(const Worker worker, store_->Get(name));
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<TaskKey> tasks,
                            store_->ListTasks(name));
  v1::Worker out = ToProto(worker);
  for (const TaskKey& task : tasks) out.add_tasks(FormatTaskName(task));
  return out;
}

}  // namespace binferry::controller
