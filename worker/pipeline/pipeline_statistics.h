// What a pipeline is doing, for heartbeats and people.
#ifndef BINFERRY_WORKER_PIPELINE_PIPELINE_STATISTICS_H_
#define BINFERRY_WORKER_PIPELINE_PIPELINE_STATISTICS_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

struct PipelineStatistics {
  enum class Phase : uint8_t {
    kOpening,    // Fencing, reading the checkpoint, connecting to the source.
    kStreaming,  // The source is open; a start position is committed.
    kEnded,      // Run has returned.
  };

  Phase phase = Phase::kOpening;
  // The last one committed (position, GTID set, totals since checkpoint 0);
  // none before it is known. From here on the task's history is kStarted.
  std::optional<Checkpoint> checkpoint;

  // Replaced texts and alerts are totals in `checkpoint`.

  // Since Run was called:
  uint64_t source_rows = 0;      // Of selected tables, committed.
  uint64_t transactions = 0;     // Source transactions completed, committed.
  uint64_t bytes_read = 0;       // Of events, as the source sent them.
  uint64_t bytes_committed = 0;  // Keys and values.
  uint64_t commits = 0;
  // Statements in selected databases that define or empty tables; they are not
  // carried.
  uint64_t ddl_omitted = 0;
  std::optional<absl::Time> last_commit_time;

  // How far the destination is behind the source. 0 once everything sent
  // before the source's last heartbeat is committed. Unset while it isn't
  // known: neither an event nor a heartbeat came for three periods, or none
  // came yet.
  std::optional<absl::Duration> lag;
  // Of the budget: what is between source and commit now, and the most that
  // ever was.
  size_t queued_bytes = 0;
  size_t peak_queued_bytes = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_PIPELINE_STATISTICS_H_
