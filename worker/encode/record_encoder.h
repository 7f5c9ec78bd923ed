// Row changes -> Kafka records, in both record formats.
#ifndef BINFERRY_WORKER_ENCODE_RECORD_ENCODER_H_
#define BINFERRY_WORKER_ENCODE_RECORD_ENCODER_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/encode/arena.h"
#include "worker/encode/row_change.h"
#include "worker/encode/table_plan.h"
#include "worker/schema/record.h"

namespace binferry::worker {

// How many records, and so ids, EncodeRow will make of `change`: 2 for an
// UPDATE that changes the key where records go by key, else 1. Keys differ when
// their texts do: text by its bytes, whatever the collation. Renders nothing.
//
// `change` has complete images. Meaningless where EncodeRow fails.
int RecordCount(const TablePlan& plan, const RowChange& change);

// What is worth counting in the records of a change.
struct EncodeCounts {
  // Texts in which U+FFFD stands for bytes that are invalid in their character
  // set: each time that one is written, in `data`, `old` or the key.
  uint64_t replaced_texts = 0;
};

// Appends the records of `change` to `records`, their bytes to `arena`.
//
// An absent column is left out. `data` of an UPDATE is the after image, with
// the before image's value for each column that the after image lacks; so is
// the INSERT half of a split UPDATE. The key is taken from the row that `data`
// shows, of a DELETE from the before image.
//
// Errors, after which `records` is as it was:
// FAILED_PRECONDITION, naming table and column: a row image lacks a column of
// the key; the source needs binlog_row_image=FULL.
// INVALID_ARGUMENT, naming table, column and character set: a text is not valid
// in that set, and the plan's InvalidText is to stop.
// INTERNAL: an image of `change` hasn't a value for each column.
absl::StatusOr<EncodeCounts> EncodeRow(const TablePlan& plan,
                                       const RowChange& change, Arena* arena,
                                       std::vector<Record>* records);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_RECORD_ENCODER_H_
