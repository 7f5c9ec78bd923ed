// A task's data path, from the source's events to committed records.
#ifndef BINFERRY_WORKER_PIPELINE_PIPELINE_H_
#define BINFERRY_WORKER_PIPELINE_PIPELINE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "common/clock.h"
#include "worker/pipeline/pipeline_options.h"
#include "worker/pipeline/pipeline_statistics.h"
#include "worker/pipeline/progress_board.h"
#include "worker/select/object_selection.h"

namespace binferry::worker {

// One run of one task: opens the sink (which fences earlier runs and reads the
// checkpoint), commits the start position where there is none yet or the task
// was reset, opens the source there, and carries rows until it is stopped or
// something fails.
//
//   reader ──▶ ChunkFeed ──▶ N encoders ──▶ ChunkSequence ──▶ writer
//
// Whatever fails, the one way to recover is to destroy the pipeline and run
// another: what wasn't committed is read again and gets the same record ids.
//
// Thread-safe: Run is called once; the rest at any time from any thread.
class Pipeline {
 public:
  // INVALID_ARGUMENT, naming the field, for options that make no sense. `clock`
  // must outlive the pipeline.
  static absl::StatusOr<std::unique_ptr<Pipeline>> Create(
      PipelineOptions options, PipelineConnections connections,
      const Clock* clock);

  ~Pipeline();

  // Blocks until the end and owns its threads.
  //
  // OK: it was told to leave, reading ended, and what had been read until then
  // is committed. CANCELLED: `interrupt` was requested, at which nothing more
  // is committed; the sink must have been opened with the same token. Any other
  // status is the first error, with file, position and table where it has such;
  // everything in front of it is committed, unless the sink itself failed.
  // FAILED_PRECONDITION also for a checkpoint that is gone
  // (TaskHistory::kStarted) and for a topic that has fewer partitions than the
  // task has used.
  absl::Status Run(std::stop_token interrupt);

  // Lets Run end at a good place. Before rows flow: at once. The nearer of
  // several places wins.
  void Leave(LeavePlace place) ABSL_LOCKS_EXCLUDED(mu_);

  // Cheap: never waits for the data path.
  PipelineStatistics Statistics() const;

 private:
  class Assembly;

  Pipeline(PipelineOptions options, PipelineConnections connections,
           TableSelector selector, const Clock* clock);

  enum class Outcome : uint8_t { kLeft, kReopen };

  // Opens all and carries rows until it leaves or the sink has to be reopened.
  absl::StatusOr<Outcome> RunOnce(const std::stop_token& interrupt);
  // The checkpoint to go on from; commits the first one where there is none, or
  // where the task was reset since.
  absl::StatusOr<Checkpoint> FindStart(const OpenedSink& opened);
  // Nothing: go on.
  std::optional<LeavePlace> leave_place() const ABSL_LOCKS_EXCLUDED(mu_);

  const PipelineOptions options_;
  const PipelineConnections connections_;
  const TableSelector selector_;
  const Clock* const clock_;
  ProgressBoard board_;

  mutable absl::Mutex mu_;
  std::optional<LeavePlace> leave_place_ ABSL_GUARDED_BY(mu_);
  // Exists while rows flow.
  Assembly* assembly_ ABSL_GUARDED_BY(mu_) = nullptr;
  size_t peak_bytes_ ABSL_GUARDED_BY(mu_) = 0;  // Of assemblies before.
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_PIPELINE_H_
