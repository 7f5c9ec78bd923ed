// What the data path publishes about itself.
#ifndef BINFERRY_WORKER_PIPELINE_PROGRESS_BOARD_H_
#define BINFERRY_WORKER_PIPELINE_PROGRESS_BOARD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "worker/binlog/coordinates.h"
#include "worker/pipeline/pipeline_statistics.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

// The reader notes what arrives in atomics, the writer publishes at each
// commit, and whoever asks gets a copy: nobody waits for another's work.
//
// Thread-safe.
class ProgressBoard {
 public:
  // `clock` must outlive this object.
  ProgressBoard(const Clock* clock, absl::Duration heartbeat_period)
      : clock_(clock), heartbeat_period_(heartbeat_period) {}

  void SetPhase(PipelineStatistics::Phase phase) ABSL_LOCKS_EXCLUDED(mu_);
  // The checkpoint that the sink gave, or the start position just committed.
  void SetStart(const Checkpoint& checkpoint) ABSL_LOCKS_EXCLUDED(mu_);

  // By the reader:
  void CountRead(size_t bytes) {
    bytes_read_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void CountOmittedDdl() { ddl_omitted_.fetch_add(1); }
  // What the reader does.
  enum class Reading : uint8_t { kReads, kAwaitsSource, kAwaitsMemory, kPaces };
  void SetReading(Reading reading) {
    reading_.store(reading, std::memory_order_relaxed);
  }
  // The stream was read up to here, between transactions.
  void NotePlace(const Coordinates& place) ABSL_LOCKS_EXCLUDED(place_mu_);
  // The source lives.
  void NoteArrival();
  void NoteHeartbeat();
  // Something that has to be committed was read, while all before it was.
  void NoteBacklog(int64_t source_time_ms);

  // By the writer:
  struct Commit {
    Checkpoint checkpoint;
    uint64_t source_rows = 0;
    uint64_t transactions = 0;
    uint64_t bytes = 0;
    // By quoted name.
    absl::flat_hash_map<std::string, TableStatistics> tables;
  };
  void CountWritten(uint64_t records) { written_records_.fetch_add(records); }
  void Publish(Commit commit) ABSL_LOCKS_EXCLUDED(mu_);
  // All that was read is committed. Called where no NoteBacklog can cross it.
  void NoteCaughtUp();

  // Without what the budget knows: back pressure by memory is kEncoders.
  PipelineStatistics Snapshot() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  BackPressure Pressure() const;
  static std::vector<TableStatistics> Top(
      const absl::flat_hash_map<std::string, TableStatistics>& tables);
  std::optional<absl::Duration> Lag(const PipelineStatistics& published) const;

  const Clock* const clock_;
  const absl::Duration heartbeat_period_;

  std::atomic<uint64_t> bytes_read_{0};
  std::atomic<uint64_t> ddl_omitted_{0};
  std::atomic<Reading> reading_{Reading::kReads};
  std::atomic<uint64_t> written_records_{0};
  std::atomic<int64_t> last_arrival_ns_{0};  // Monotonic; 0 = none.
  // Whether the last thing that told of the source's time was a heartbeat.
  std::atomic<bool> is_source_idle_{false};
  std::atomic<bool> is_caught_up_{true};
  std::atomic<int64_t> backlog_since_ms_{0};

  mutable absl::Mutex place_mu_;
  std::optional<Coordinates> place_ ABSL_GUARDED_BY(place_mu_);

  mutable absl::Mutex mu_;
  absl::flat_hash_map<std::string, TableStatistics> tables_
      ABSL_GUARDED_BY(mu_);
  PipelineStatistics published_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_PROGRESS_BOARD_H_
