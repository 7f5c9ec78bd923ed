// From encoded chunks to committed records.
#ifndef BINFERRY_WORKER_PIPELINE_CHUNK_WRITER_H_
#define BINFERRY_WORKER_PIPELINE_CHUNK_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/pipeline/arena_pool.h"
#include "worker/pipeline/byte_budget.h"
#include "worker/pipeline/checkpoint_tracker.h"
#include "worker/pipeline/chunk.h"
#include "worker/pipeline/chunk_feed.h"
#include "worker/pipeline/chunk_sequence.h"
#include "worker/pipeline/pipeline_options.h"
#include "worker/pipeline/progress_board.h"
#include "worker/sink/record_sink.h"

namespace binferry::worker {

// Sends chunks in order and commits them with the checkpoint behind them: when
// there is nothing more to read, when records have waited for the commit
// interval, or when they hold a quarter of the budget or somebody waits for
// what they hold. Without records a checkpoint is committed now and then.
//
// Thread-compatible.
class ChunkWriter {
 public:
  // All must outlive the writer.
  struct Surroundings {
    const PipelineOptions* options = nullptr;
    const Clock* clock = nullptr;
    RecordSink* sink = nullptr;
    ByteBudget* budget = nullptr;
    ArenaPool* arenas = nullptr;
    ChunkFeed* feed = nullptr;
    ChunkSequence* sequence = nullptr;
    ProgressBoard* board = nullptr;
    // See PipelineConnections.
    const std::function<void(const Checkpoint&)>* on_checkpoint = nullptr;
  };

  ChunkWriter(const Surroundings& surroundings, CheckpointTracker tracker);

  // Works until the sequence ends, and returns its status; until a chunk's
  // status isn't OK, which it returns; or until the sink fails. But for the
  // last, what came before is committed. OK with `needs_reopen()`: the sink
  // can't be used any more.
  absl::Status Run();

  bool needs_reopen() const { return to_.sink->NeedsReopen(); }

 private:
  absl::Status Take(std::unique_ptr<Chunk> chunk);
  void CountTables(const Chunk& chunk);
  // Commits, and then is `status`.
  absl::Status End(const absl::Status& status);
  absl::Status Commit();
  bool IsDrained() const;
  absl::Duration TimeToCommit() const;
  // `has_waited`: nothing came for as long as TimeToCommit said.
  bool MustCommit(bool has_waited) const;

  const Surroundings to_;
  CheckpointTracker tracker_;
  uint64_t next_chunk_ = 0;
  // Since the last commit:
  std::vector<std::unique_ptr<Chunk>> written_;  // Those with records.
  size_t written_charge_ = 0;
  MonotonicTime first_write_time_;
  ProgressBoard::Commit pending_;
  MonotonicTime last_commit_time_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_CHUNK_WRITER_H_
