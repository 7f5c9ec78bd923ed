// The changes of tasks as a stream that outlives its connections.
#ifndef BINFERRY_CLI_TASK_WATCHER_H_
#define BINFERRY_CLI_TASK_WATCHER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "binferry/v1/task_service.pb.h"
#include "cli/session.h"

namespace binferry::cli {

// Reads WatchTask. When a stream that has given something breaks, because the
// controller is started anew or the network fails, the next one goes on behind
// it with its resume token: at once, then after pauses that grow to 5 s, for as
// long as the deadline allows. A server that was never there is an error at
// once. Thread-compatible.
class TaskWatcher {
 public:
  // `session` must outlive this object. `request` says what is watched and,
  // with its resume token, from where.
  TaskWatcher(v1::WatchTaskRequest request, absl::Time deadline,
              Session* session);
  ~TaskWatcher();

  // The next change. OUT_OF_RANGE: the stream has ended, as that of a task that
  // is gone does. DEADLINE_EXCEEDED; else what the server said.
  absl::StatusOr<v1::WatchTaskResponse> Next();

 private:
  // Opens a stream behind what was read.
  absl::Status Open();
  // OK to open another one after `ended`, having waited; else the error.
  absl::Status PauseAfter(const grpc::Status& ended);

  v1::WatchTaskRequest request_;
  const absl::Time deadline_;
  Session* const session_;
  std::unique_ptr<grpc::ClientContext> rpc_;
  std::unique_ptr<grpc::ClientReaderInterface<v1::WatchTaskResponse>> stream_;
  bool was_connected_ = false;
  absl::Duration pause_ = absl::ZeroDuration();
};

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_TASK_WATCHER_H_
