// The checkpoint that follows from what was written.
#ifndef BINFERRY_WORKER_PIPELINE_CHECKPOINT_TRACKER_H_
#define BINFERRY_WORKER_PIPELINE_CHECKPOINT_TRACKER_H_

#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "worker/binlog/gtid_set.h"
#include "worker/pipeline/chunk.h"
#include "worker/pipeline/pipeline_options.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

// Follows the chunks that the writer sends and says at any time which
// checkpoint stands behind exactly them. A transaction's GTID is in it only
// when the transaction is complete; of one under way its start and the number
// of rows.
//
// Thread-compatible: the writer's.
class CheckpointTracker {
 public:
  // `start` is the last committed checkpoint; the next ones carry epoch,
  // generation and selection of `options`. FAILED_PRECONDITION if its GTID set
  // is none.
  static absl::StatusOr<CheckpointTracker> Create(
      const Checkpoint& start, const PipelineOptions& options);

  // The records of `chunk` were written behind the others.
  void Advance(const Chunk& chunk);

  // The checkpoint to commit now.
  Checkpoint Next() const;
  // Next() was committed.
  void Committed();

  // Whether Next() says more than the last committed one.
  bool has_progress() const { return has_progress_; }

 private:
  CheckpointTracker(const Checkpoint& start, GtidSet executed)
      : checkpoint_(start), executed_(std::move(executed)) {}

  void SetRowsDone(uint64_t rows);

  Checkpoint checkpoint_;  // But for `gtid_set`.
  GtidSet executed_;
  uint64_t selection_fingerprint_ = 0;
  bool has_progress_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_CHECKPOINT_TRACKER_H_
