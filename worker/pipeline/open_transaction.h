// The transaction under way, and what its source takes back of it.
#ifndef BINFERRY_WORKER_PIPELINE_OPEN_TRANSACTION_H_
#define BINFERRY_WORKER_PIPELINE_OPEN_TRANSACTION_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/pipeline/byte_budget.h"
#include "worker/pipeline/chunk.h"
#include "worker/pipeline/chunk_feed.h"
#include "worker/pipeline/savepoints.h"

namespace binferry::worker {

// Follows the rows events of selected tables of one transaction after the
// other. Rows that the source takes back (ROLLBACK TO, ROLLBACK) are taken out
// of the feed's open chunk. So that they still are in it, transactions that may
// have such are held there, as far as ChunkFeed::Hold goes.
//
// A checkpoint's `rows_done` counts the rows that an encoder was given or that
// were taken back before such; alerts count likewise, with the rows event
// behind them or with the transaction's end. So a run that passes over
// `rows_done` rows finds itself where the one before it was.
//
// Thread-compatible: the reader's.
class OpenTransaction {
 public:
  // Both must outlive this object. What is taken back is free in `budget`,
  // which each rows event has taken its size and sizeof(Chunk::Rows) of.
  OpenTransaction(ChunkFeed* feed, ByteBudget* budget)
      : feed_(feed), budget_(budget) {}

  enum class Rows : uint8_t {
    kFinal,        // The source takes none back.
    kMayBeVoided,  // Hold them.
  };
  void Begin(Rows rows);
  // Its rows are valid and its alerts added, or all were taken back.
  void End();

  // Whether its rows are held.
  bool is_held() const { return is_held_; }

  // The next rows event was delivered by an earlier run, at least in part.
  void NoteDelivered();
  // Appends the next rows event, one that NoteDelivered told of in part too. In
  // an edit of ChunkFeed::Append, and once its bytes are appended.
  void AppendTo(Chunk* chunk, Chunk::Rows rows);

  void CountAlert() { ++alerts_; }
  // Adds the alerts behind the last rows event. In an edit of the feed.
  void AddAlertsTo(Chunk* chunk);

  void SetSavepoint(absl::string_view name) { savepoints_.Set(name, events_); }
  // Take back the rows behind a savepoint, or all of them. UNIMPLEMENTED if
  // some may have been delivered. With `rows_to_skip`, how many more rows an
  // earlier run has delivered: if there are any, that run came past this place.
  absl::Status RollBackTo(absl::string_view savepoint, uint64_t rows_to_skip);
  absl::Status RollBack(uint64_t rows_to_skip);

  // Nothing more is read: takes back what is held, which may yet turn out void
  // and is read again.
  void DropHeld();

 private:
  // Takes back all but the first `mark` events.
  absl::Status TakeBack(uint64_t mark, uint64_t rows_to_skip);
  // Takes the last `count` rows events out of `chunk`. On errors it stays.
  absl::Status Cut(size_t count, Chunk* chunk);

  ChunkFeed* const feed_;
  ByteBudget* const budget_;
  bool is_held_ = false;
  // Events that stand, and how many of these, which come first, an earlier run
  // has delivered.
  uint64_t events_ = 0;
  uint64_t delivered_events_ = 0;
  Savepoints savepoints_;
  // Since the last event; see Chunk::Rows.
  uint64_t rows_taken_back_ = 0;
  uint64_t alerts_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_OPEN_TRANSACTION_H_
