// From a chunk's events to its records.
#ifndef BINFERRY_WORKER_PIPELINE_CHUNK_ENCODER_H_
#define BINFERRY_WORKER_PIPELINE_CHUNK_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "worker/binlog/events.h"
#include "worker/binlog/row_decoder.h"
#include "worker/encode/row_change.h"
#include "worker/pipeline/alert_policy.h"
#include "worker/pipeline/arena_pool.h"
#include "worker/pipeline/byte_budget.h"
#include "worker/pipeline/chunk.h"
#include "worker/pipeline/chunk_feed.h"
#include "worker/pipeline/chunk_sequence.h"
#include "worker/pipeline/pipeline_options.h"
#include "worker/pipeline/record_origin.h"
#include "worker/schema/row.h"

namespace binferry::worker {

// Takes chunks from the feed and puts them, encoded, into the sequence. Several
// work side by side: each first counts its chunk's records, so that the next
// one knows its ids, and only then writes them.
//
// A chunk that can't be encoded goes on without records and with the status,
// which names table, file and position. Thread-compatible.
class ChunkEncoder {
 public:
  // All must outlive the encoder.
  struct Surroundings {
    const PipelineOptions* options = nullptr;
    const Clock* clock = nullptr;
    ByteBudget* budget = nullptr;
    ArenaPool* arenas = nullptr;
    ChunkFeed* feed = nullptr;
    const AlertPolicy* alerts = nullptr;
    ChunkSequence* sequence = nullptr;
  };

  explicit ChunkEncoder(const Surroundings& surroundings);

  // Works until the feed ends.
  void Run();

 private:
  // False after an Abort: the chunk is worth nothing.
  bool Encode(Chunk* chunk);
  // What an event comes to.
  struct Counted {
    uint64_t rows = 0;
    uint64_t ids = 0;
    uint64_t carried_rows = 0;  // Those that take some.
    uint64_t tombstones = 0;
    // Where in `row_ids_` its rows are; none if each row takes as many.
    size_t row_ids_from = 0;
    bool has_row_ids = false;
    int ids_per_row = 1;
  };
  // Where the next record stands.
  struct Place {
    uint64_t id = 0;
    uint64_t row = 0;  // Rows of the transaction before it.
  };

  // Reads the events of `chunk` and counts their rows; returns how many ids
  // their records take.
  absl::StatusOr<uint64_t> Scan(Chunk* chunk);
  absl::StatusOr<Counted> ScanEvent(const Chunk::Rows& rows,
                                    const RowsEvent& event);
  absl::Status Render(const ChunkSequence::Claim& claim, Chunk* chunk);
  absl::Status RenderEvent(size_t index, RecordOrigin* origin, Place* place,
                           Chunk* chunk);
  // Adds what event `index` has become since `first_record` to the counts.
  static void CountEvent(const Counted& counted, ChangeKind kind,
                         const Chunk::Rows& rows, size_t first_record,
                         Chunk* chunk);
  // Positions `decoder_` at the first row of `event` that is wanted.
  absl::Status Start(const Chunk::Rows& rows, const RowsEvent& event,
                     RowDecoder::Columns columns);
  absl::Status DecodeRow();
  // Of `count` JSON documents that the rows lack.
  absl::Status RaiseAlert(uint64_t count, const Chunk::Rows& rows,
                          Chunk* chunk) const;
  absl::Status ChargeRecords(size_t more_bytes, Chunk* chunk);

  const Surroundings to_;
  RowDecoder decoder_;
  // Scratch of the present chunk.
  std::vector<RowsEvent> events_;
  std::vector<Counted> counted_;  // As `events_`.
  // Ids that rows take, where these differ within an event.
  std::vector<uint8_t> row_ids_;
  std::string filter_text_;
  std::vector<Value> before_;
  std::vector<Value> after_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_CHUNK_ENCODER_H_
