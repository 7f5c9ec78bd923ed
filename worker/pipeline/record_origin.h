// Where a chunk's records come from, as their headers tell it.
#ifndef BINFERRY_WORKER_PIPELINE_RECORD_ORIGIN_H_
#define BINFERRY_WORKER_PIPELINE_RECORD_ORIGIN_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "common/ids.h"
#include "worker/pipeline/chunk.h"
#include "worker/schema/record.h"

namespace binferry::worker {

// Walks through a chunk's transactions beside its events. The texts are made
// once for each transaction, in the chunk's arena.
//
// Thread-compatible.
class RecordOrigin {
 public:
  // `chunk` must outlive this object and have its arena. The records of a chunk
  // without origins have no headers. Room for `record_rows` headers is made.
  RecordOrigin(Generation generation, size_t record_rows, Chunk* chunk);

  bool has_headers() const { return !chunk_->origins.empty(); }

  // Moves on to the event `index` of `rows`. `row`: rows of the transaction
  // before it, which becomes 0 where one starts.
  void MoveTo(size_t index, uint64_t* row);

  // The headers of the records of the event's row `number`, from 1 in the
  // transaction; null without.
  const RecordHeaders* HeadersOf(uint64_t number);

 private:
  absl::string_view Keep(absl::string_view text);

  Chunk* const chunk_;
  size_t next_ = 0;  // Of `origins`.
  RecordHeaders common_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_RECORD_ORIGIN_H_
