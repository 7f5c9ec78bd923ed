// What every command needs: where the server is, and where words go.
#ifndef BINFERRY_CLI_SESSION_H_
#define BINFERRY_CLI_SESSION_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <iosfwd>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "binferry/v1/inspection_service.grpc.pb.h"
#include "binferry/v1/task_service.grpc.pb.h"
#include "binferry/v1/worker_service.grpc.pb.h"
#include "cli/task_file.h"
#include "common/tls.h"

namespace binferry::cli {

// How the CLI ends, beside kExitOk, kExitFailure (the server refused) and
// kExitUsage (also: a broken task file).
inline constexpr int kExitUnreachable = 3;  // No server, or no answer in time.
inline constexpr int kExitWaitFailed = 4;   // `wait` saw another final state.
inline constexpr int kExitNotPassed = 5;    // `test` failed, `check` not ready.

enum class OutputFormat { kTable, kJson, kYaml };

struct SessionOptions {
  std::string server = "127.0.0.1:7070";
  std::string project = "default";
  TlsFiles tls;
  bool insecure_dev = false;
  // For answers of the controller, and for those that a worker has to find.
  double timeout_seconds = 10;
  double worker_timeout_seconds = 120;
  OutputFormat output = OutputFormat::kTable;
};

// The options are filled while the command line is read; the rest is used by
// the one command that runs. Thread-compatible.
class Session {
 public:
  // The streams must outlive this object.
  Session(std::ostream* out, std::ostream* err, SecretSources secrets);

  SessionOptions& options() { return options_; }
  const SessionOptions& options() const { return options_; }
  std::ostream& out() const { return *out_; }
  std::ostream& err() const { return *err_; }
  const SecretSources& secrets() const { return secrets_; }

  // Whether `out` is a terminal that can be redrawn.
  bool is_terminal = false;

  absl::StatusOr<v1::TaskService::StubInterface*> tasks();
  absl::StatusOr<v1::InspectionService::StubInterface*> inspections();
  absl::StatusOr<v1::WorkerService::StubInterface*> workers();

  // One unary call with the session's deadline, e.g.
  //   session->Call<v1::Task>([&](auto* rpc, auto* task) {
  //     return stub->GetTask(rpc, request, task);
  //   });
  template <typename Response, typename Function>
  absl::StatusOr<Response> Call(Function call) {
    return CallWithin<Response>(options_.timeout_seconds, call);
  }

  // The same for a question that a worker answers.
  template <typename Response, typename Function>
  absl::StatusOr<Response> CallWorker(Function call) {
    return CallWithin<Response>(options_.worker_timeout_seconds, call);
  }

  // What the server said; of a server that can't be reached, what to do.
  absl::Status Explain(const grpc::Status& status) const;

  // Says `error` on err() and returns the exit code for it.
  int Fail(const absl::Status& error) const;

  // `orders` -> `projects/{project}/tasks/orders`; whole names stay.
  std::string TaskNameOf(const std::string& word) const;
  std::string Parent() const { return "projects/" + options_.project; }

 private:
  template <typename Response, typename Function>
  absl::StatusOr<Response> CallWithin(double seconds, Function call) {
    grpc::ClientContext rpc;
    rpc.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(seconds)));
    Response response;
    const grpc::Status status = call(&rpc, &response);
    if (!status.ok()) return Explain(status);
    return response;
  }

  absl::Status Connect();

  SessionOptions options_;
  std::ostream* const out_;
  std::ostream* const err_;
  const SecretSources secrets_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::TaskService::StubInterface> tasks_;
  std::unique_ptr<v1::InspectionService::StubInterface> inspections_;
  std::unique_ptr<v1::WorkerService::StubInterface> workers_;
};

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_SESSION_H_
