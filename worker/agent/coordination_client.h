// Calls to the controllers.
#ifndef BINFERRY_WORKER_AGENT_COORDINATION_CLIENT_H_
#define BINFERRY_WORKER_AGENT_COORDINATION_CLIENT_H_

#include <grpcpp/security/credentials.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binferry/coordination/v1/coordination_service.grpc.pb.h"
#include "common/secret.h"

namespace binferry::worker {

// Any replica answers any call: the client stays with the one that answered
// last, and turns to the next when a call ends UNAVAILABLE or too late. A call
// is one attempt; whoever makes it decides about the next.
//
// Every call ends soon after `stop` is requested, CANCELLED. Errors are those
// of CoordinationService. Thread-safe.
class CoordinationClient {
 public:
  struct Options {
    // `host:port`, at least one.
    std::vector<std::string> addresses;
    std::shared_ptr<grpc::ChannelCredentials> credentials;
    // Presented with each call unless empty.
    Secret join_token;
    coordination::v1::WorkerIdentity identity;
    absl::Duration call_timeout = absl::Seconds(5);
  };

  explicit CoordinationClient(const Options& options);

  const coordination::v1::WorkerIdentity& identity() const {
    return options_.identity;
  }

  // `timeout` in place of the option's.
  absl::StatusOr<coordination::v1::HeartbeatResponse> Heartbeat(
      const coordination::v1::HeartbeatRequest& request, absl::Duration timeout,
      std::stop_token stop);

  absl::StatusOr<coordination::v1::GetTaskSpecResponse> GetTaskSpec(
      const std::string& task_uid, int64_t epoch, std::stop_token stop);

  absl::StatusOr<int32_t> ClaimStatePartition(
      const std::string& task_uid, int64_t epoch,
      const std::string& kafka_cluster_id, std::stop_token stop);

  absl::Status ReportProbeResult(const coordination::v1::ProbeResult& result,
                                 std::stop_token stop);

 private:
  using Stub = coordination::v1::CoordinationService::Stub;

  // Makes `call` (a member of Stub) with the present controller.
  template <typename Request, typename Response>
  absl::Status Call(grpc::Status (Stub::*call)(grpc::ClientContext*,
                                               const Request&, Response*),
                    const Request& request, absl::Duration timeout,
                    std::stop_token stop, Response* response);

  const Options options_;
  std::vector<std::unique_ptr<Stub>> stubs_;
  absl::Mutex mu_;
  size_t present_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_COORDINATION_CLIENT_H_
