// Carries out unary calls that wait for the store.
#ifndef BINFERRY_CONTROLLER_RPC_CALL_RUNNER_H_
#define BINFERRY_CONTROLLER_RPC_CALL_RUNNER_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/grpc_status.h"
#include "controller/rpc/readiness.h"
#include "controller/rpc/work_queue.h"

namespace binferry::controller {

// Thread-safe.
class CallRunner {
 public:
  // Both must outlive this object and its calls.
  CallRunner(WorkQueue* queue, const Readiness* readiness)
      : queue_(queue), readiness_(readiness) {}

  WorkQueue* queue() const { return queue_; }
  const Readiness* readiness() const { return readiness_; }

  // Answers with `body(*request)`, a StatusOr<Response>, on a thread of the
  // queue. A call that is not wanted any more when its turn comes (cancelled,
  // past its deadline) is not carried out.
  template <typename Request, typename Response, typename Body>
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context,
                                  const Request* request, Response* response,
                                  Body body) const {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    absl::Status posted = readiness_->Check();
    if (posted.ok()) {
      posted = queue_->Post(
          [context, request, response, reactor, body = std::move(body)] {
            reactor->Finish(
                ToGrpcStatus(Answer(*context, *request, response, body)));
          });
    }
    if (!posted.ok()) reactor->Finish(ToGrpcStatus(posted));
    return reactor;
  }

  // OK, CANCELLED or DEADLINE_EXCEEDED.
  static absl::Status CheckWanted(const grpc::CallbackServerContext& context) {
    if (context.IsCancelled()) return absl::CancelledError("cancelled");
    if (std::chrono::system_clock::now() >= context.deadline()) {
      return absl::DeadlineExceededError(
          "the call's deadline passed before it was carried out");
    }
    return absl::OkStatus();
  }

 private:
  template <typename Request, typename Response, typename Body>
  static absl::Status Answer(const grpc::CallbackServerContext& context,
                             const Request& request, Response* response,
                             const Body& body) {
    if (const absl::Status wanted = CheckWanted(context); !wanted.ok()) {
      return wanted;
    }
    absl::StatusOr<Response> answer = body(request);
    if (!answer.ok()) return answer.status();
    *response = *std::move(answer);
    return absl::OkStatus();
  }

  WorkQueue* const queue_;
  const Readiness* const readiness_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_RPC_CALL_RUNNER_H_
