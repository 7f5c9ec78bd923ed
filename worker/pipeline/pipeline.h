// A task's data path, from the source's events to committed records.
#ifndef BINFERRY_WORKER_PIPELINE_PIPELINE_H_
#define BINFERRY_WORKER_PIPELINE_PIPELINE_H_

#include <memory>
#include <stop_token>
#include <string>

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
// checkpoint), commits the start position where there is none yet, opens the
// source there, and carries rows until it is stopped or something fails.
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
  // OK: `stop` was requested, reading ended, and what had been read until then
  // is committed. CANCELLED: Interrupt(). Any other status is the first error,
  // with file, position and table where it has such; everything in front of it
  // is committed, unless it is the sink's own. FAILED_PRECONDITION also for a
  // checkpoint that is gone (TaskHistory::kStarted) and for a topic that has
  // fewer partitions than the task has used.
  absl::Status Run(std::stop_token stop);

  // Ends Run at once, committing nothing more. While Run opens its
  // connections, it ends when that call returns.
  void Interrupt() ABSL_LOCKS_EXCLUDED(mu_);

  // Cheap: never waits for the data path.
  PipelineStatistics Statistics() const;

 private:
  class Assembly;

  Pipeline(PipelineOptions options, PipelineConnections connections,
           TableSelector selector, const Clock* clock);

  absl::Status RunToEnd(std::stop_token stop);
  // The checkpoint to go on from; commits the first one where there is none.
  absl::StatusOr<Checkpoint> FindStart(const OpenedSink& opened);
  absl::Status CheckInterrupted() const ABSL_LOCKS_EXCLUDED(mu_);

  const PipelineOptions options_;
  const PipelineConnections connections_;
  const TableSelector selector_;
  const Clock* const clock_;
  ProgressBoard board_;

  mutable absl::Mutex mu_;
  bool is_interrupted_ ABSL_GUARDED_BY(mu_) = false;
  // Exists while rows flow; Interrupt() reaches into it.
  Assembly* assembly_ ABSL_GUARDED_BY(mu_) = nullptr;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_PIPELINE_H_
