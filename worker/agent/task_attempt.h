// One try at what a task is to do.
#ifndef BINFERRY_WORKER_AGENT_TASK_ATTEMPT_H_
#define BINFERRY_WORKER_AGENT_TASK_ATTEMPT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binferry/coordination/v1/coordination_service.pb.h"
#include "binferry/v1/task.pb.h"
#include "common/ids.h"
#include "worker/agent/task_log.h"
#include "worker/agent/task_progress.h"
#include "worker/agent/task_step.h"

namespace binferry::worker {

// How a run is asked to end before its end.
enum class LeaveAt : uint8_t {
  // With the next Kafka transaction.
  kNextCommit,
  // With the Kafka transaction that ends at the end of a source transaction; a
  // new generation may begin there.
  kTransactionBoundary,
};

// From opening source and destination to the first error, or until it is asked
// to leave. Made by an AttemptFactory, runs once. Implementations: worker/task,
// and a scripted one in tests.
//
// Thread-safe: Leave and Progress are called while another thread is in Run.
class TaskAttempt {
 public:
  virtual ~TaskAttempt() = default;

  // OK: left as asked, or what was to do is done (Progress().is_finished). A
  // request to stop breaks it off within seconds, whatever it waits for; its
  // result is then ignored.
  virtual absl::Status Run(std::stop_token stop) = 0;

  // Ends Run at a good place; the nearer one of several wins. Before the first
  // record: at once.
  virtual void Leave(LeaveAt at) = 0;

  virtual TaskProgress Progress() const = 0;
};

// Where a source ended when it was asked.
struct DrainEnd {
  v1::Position position;
  std::string server_uuid;  // Of the server that `position` is of.
};

// What an attempt may ask of the agent, and tell it. All functions are
// thread-safe and outlive the attempt.
struct AttemptSurroundings {
  TaskUid task_uid;
  Epoch epoch;
  TaskPurpose purpose = TaskPurpose::kRun;
  // OK while things may be started under `epoch`.
  std::function<absl::Status()> check_lease;
  // The task's partition in the state topics of a Kafka cluster.
  std::function<absl::StatusOr<int32_t>(const std::string& kafka_cluster_id,
                                        std::stop_token stop)>
      claim_partition;
  // Row changes are carried from now on.
  std::function<void()> on_running;
  // An epoch above ours stands in the checkpoint topic.
  std::function<void(Epoch found)> on_newer_epoch;
  // Of kDrain: where the source ended when an attempt first heard of it, set by
  // that one and kept for those after it. Of the thread in Run.
  std::optional<DrainEnd>* drain_end = nullptr;
  // For what helps whoever looks into a run.
  TaskLog* log = nullptr;
  // One word and a sentence for the task's list of events.
  std::function<void(absl::string_view reason, absl::string_view message)>
      on_event;
  // The same for what may come in floods; see EventThrottle.
  std::function<void(absl::string_view reason, absl::string_view message)>
      on_alert;
};

// An error means that `spec` can't be run at all.
using AttemptFactory =
    std::function<absl::StatusOr<std::unique_ptr<TaskAttempt>>(
        const coordination::v1::GetTaskSpecResponse& spec,
        const AttemptSurroundings& surroundings)>;

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_AGENT_TASK_ATTEMPT_H_
