// From a chunk's events to its records.
#ifndef BINFERRY_WORKER_PIPELINE_CHUNK_ENCODER_H_
#define BINFERRY_WORKER_PIPELINE_CHUNK_ENCODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "worker/binlog/events.h"
#include "worker/binlog/row_decoder.h"
#include "worker/pipeline/alert_policy.h"
#include "worker/pipeline/arena_pool.h"
#include "worker/pipeline/byte_budget.h"
#include "worker/pipeline/chunk.h"
#include "worker/pipeline/chunk_feed.h"
#include "worker/pipeline/chunk_sequence.h"
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
  // Reads the events of `chunk` and counts their rows; returns their records.
  absl::StatusOr<uint64_t> Scan(Chunk* chunk);
  absl::StatusOr<uint64_t> ScanEvent(const Chunk::Rows& rows,
                                     const RowsEvent& event,
                                     uint64_t* row_count);
  absl::Status Render(uint64_t first_id, Chunk* chunk);
  absl::Status RenderEvent(const Chunk::Rows& rows, const RowsEvent& event,
                           uint64_t* next_id, Chunk* chunk);
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
  std::vector<Value> before_;
  std::vector<Value> after_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_CHUNK_ENCODER_H_
