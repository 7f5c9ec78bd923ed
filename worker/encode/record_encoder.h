// Row changes -> Kafka records, in both record formats.
#ifndef BINFERRY_WORKER_ENCODE_RECORD_ENCODER_H_
#define BINFERRY_WORKER_ENCODE_RECORD_ENCODER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/encode/arena.h"
#include "worker/encode/row_change.h"
#include "worker/encode/table_plan.h"
#include "worker/schema/record.h"

namespace binferry::worker {

// How many ids, of records with a value, EncodeRow will take for `change`: 0 if
// the table's rules leave it out; 2 for an UPDATE that changes the key where
// such are split; else 1. Keys differ when their texts do: text by its bytes,
// whatever the collation. Renders nothing. An UPDATE passes a filter if its row
// does before or after.
//
// `change` has images in which the plan's `scanned_columns` are decoded.
// Meaningless where EncodeRow fails. `scratch` is memory to be reused. Errors
// of RowPredicate::Passes, with the table's name.
absl::StatusOr<int> CountRecords(const TablePlan& plan, const RowChange& change,
                                 std::string* scratch);

// Whether CountRecords needs to see the rows of such changes: else `count` is
// what it says of each.
struct CountingNeed {
  bool needs_rows = false;
  int count = 1;
};
CountingNeed NeedOf(const TablePlan& plan, ChangeKind kind);

// Whether a tombstone follows the record of a DELETE, whole or half, of
// `change`, which takes `ids`.
bool HasTombstone(const TablePlan& plan, ChangeKind kind, int ids);

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
// shows, of a DELETE from the before image. What the table's rules make of
// columns holds in keys too. Filters and operations are CountRecords' alone.
//
// Errors, after which `records` is as it was:
// FAILED_PRECONDITION, naming table and column: a row image lacks a column of
// the key; the source needs binlog_row_image=FULL.
// INVALID_ARGUMENT, naming table, column and character set: a text is not valid
// in that set, and the plan's InvalidText is to stop.
// INTERNAL: an image of `change` hasn't a value for each column, or OpenSSL
// can't hash.
absl::StatusOr<EncodeCounts> EncodeRow(const TablePlan& plan,
                                       const RowChange& change, Arena* arena,
                                       std::vector<Record>* records);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_RECORD_ENCODER_H_
