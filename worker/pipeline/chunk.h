// The unit that moves through the pipeline.
#ifndef BINFERRY_WORKER_PIPELINE_CHUNK_H_
#define BINFERRY_WORKER_PIPELINE_CHUNK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/gtid_set.h"
#include "worker/encode/arena.h"
#include "worker/encode/row_change.h"
#include "worker/pipeline/table_planner.h"
#include "worker/schema/record.h"

namespace binferry::worker {

// Copied rows events of selected tables in stream order, and how far the stream
// has come behind them. The reader fills it, one encoder turns the events into
// records, the writer sends them and keeps the records until their commit. A
// chunk without rows only tells progress.
struct Chunk {
  // What the memory of a chunk costs beside its rows, records and GTIDs.
  static constexpr size_t kOverheadBytes = 1024;

  struct Rows {
    const PlannedTable* table = nullptr;
    size_t offset = 0;  // In `bytes`: the event's body.
    size_t size = 0;
    size_t expected_record_bytes = 0;
    uint8_t event_type = 0;
    uint64_t rows_to_skip = 0;  // At its start: they were delivered earlier.
    // Of the event, in `place.file`; of the payload that it stands in.
    uint64_t position = 0;
    int64_t es_ms = 0;
    // What stood between the last one of the transaction that was kept and this
    // one: rows that the source took back, and alerts. They count from here on:
    // a checkpoint has them if and only if it has this event's rows.
    uint64_t rows_taken_back = 0;
    uint64_t alerts = 0;
  };

  // A source transaction with rows here, for the headers of records.
  struct Origin {
    size_t first_row_event = 0;  // Of `rows`; of two that say the same, the
                                 // later holds.
    bool is_start = false;       // Its first rows are here.
    uint64_t position = 0;       // Of its start, in `place.file`.
    std::optional<Gtid> gtid;
  };

  // What became of a table's rows.
  struct TableCount {
    const PlannedTable* table = nullptr;
    std::array<uint64_t, 3> rows{};  // Carried ones, by ChangeKind.
    uint64_t value_bytes = 0;        // Of their records.
  };

  // From 0, without gaps.
  uint64_t number = 0;

  // Filled by the reader:
  std::vector<uint8_t> bytes;
  std::vector<Rows> rows;
  // Keeps the tables of `rows` alive.
  std::vector<std::shared_ptr<const PlannedTable>> tables;
  size_t expected_record_bytes = 0;
  // Of the byte budget: for `bytes` until the chunk is encoded, for the rest
  // until the writer has taken it.
  size_t raw_charge = 0;
  size_t overhead_charge = 0;
  // Source transactions that end in this chunk.
  uint64_t transactions = 0;
  // Those of `rows`, of ended transactions and of the encoder.
  uint64_t alerts = 0;
  std::vector<Gtid> gtids;
  // In order; only where records have position headers.
  std::vector<Origin> origins;
  // Behind the chunk: the start of the transaction that is open there, else the
  // end of the last one.
  Coordinates place;
  bool is_transaction_open = false;
  // Only with an open transaction: whether it began in this chunk, and which of
  // `rows` are its.
  bool has_open_transaction_start = false;
  size_t open_transaction_rows_from = 0;
  int64_t source_time_ms = 0;  // Of the last transaction; 0 = none.

  // Filled by the encoder:
  absl::Status status;  // Not OK: there are no records.
  std::unique_ptr<Arena> arena;
  std::vector<Record> records;
  // Of `records`: those without a value and an id of their own.
  uint64_t tombstones = 0;
  // Their headers, which must not move.
  std::vector<RecordHeaders> headers;
  size_t encoded_charge = 0;
  std::array<uint64_t, 3> changes{};  // Source rows by ChangeKind.
  // Those taken back count too.
  uint64_t open_transaction_rows = 0;
  uint64_t replaced_texts = 0;
  size_t record_bytes = 0;
  std::vector<TableCount> table_counts;  // A table may stand twice.

  bool has_content() const { return overhead_charge > 0; }
  // How many of `rows`, at their end, belong to the open transaction.
  size_t open_transaction_events() const {
    if (!is_transaction_open) return 0;
    return rows.size() -
           (has_open_transaction_start ? open_transaction_rows_from : 0);
  }
  // What `rows_done` is behind the chunk, once its rows are counted.
  uint64_t RowsDoneBehind(uint64_t rows_done_before) const {
    if (!is_transaction_open) return 0;
    return has_open_transaction_start
               ? open_transaction_rows
               : rows_done_before + open_transaction_rows;
  }
  absl::Span<const uint8_t> BodyOf(const Rows& event) const {
    return absl::MakeConstSpan(bytes).subspan(event.offset, event.size);
  }
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_CHUNK_H_
