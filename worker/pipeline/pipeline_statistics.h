// What a pipeline is doing, for heartbeats and people.
#ifndef BINFERRY_WORKER_PIPELINE_PIPELINE_STATISTICS_H_
#define BINFERRY_WORKER_PIPELINE_PIPELINE_STATISTICS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "worker/binlog/coordinates.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

// Of one table, since Run was called, committed.
struct TableStatistics {
  // As in the source.
  std::string database;
  std::string table;
  // Rows that the table's rules let pass.
  uint64_t inserts = 0;
  uint64_t updates = 0;
  uint64_t deletes = 0;
  uint64_t value_bytes = 0;  // Of their records.
};

// Why the source is read no faster.
enum class BackPressure : uint8_t {
  kNone,         // It gives nothing more.
  kDestination,  // Memory is full of what the destination hasn't taken.
  kEncoders,     // Memory is full of what isn't encoded yet.
  kRateLimit,
  kSource,  // It gives no more at a time.
};

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
  // Of the budget: what is between source and commit now, the most that ever
  // was, and how much it may be.
  size_t queued_bytes = 0;
  size_t peak_queued_bytes = 0;
  size_t limit_bytes = 0;
  // Records that were given to the sink and aren't committed.
  uint64_t queued_records = 0;
  // At this moment.
  BackPressure back_pressure = BackPressure::kNone;
  // How far the source's stream was read, between transactions; unset before.
  std::optional<Coordinates> read_place;
  // Those with most rows, at most kMaxTopTables, most first. Tables beyond the
  // first kMaxCountedTables that had rows are not counted.
  std::vector<TableStatistics> top_tables;
  static constexpr size_t kMaxTopTables = 20;
  static constexpr size_t kMaxCountedTables = 1000;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_PIPELINE_STATISTICS_H_
