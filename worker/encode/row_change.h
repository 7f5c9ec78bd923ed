// One change of one row, decoded.
#ifndef BINFERRY_WORKER_ENCODE_ROW_CHANGE_H_
#define BINFERRY_WORKER_ENCODE_ROW_CHANGE_H_

#include <cstdint>

#include "absl/types/span.h"
#include "worker/schema/record.h"
#include "worker/schema/row.h"

namespace binferry::worker {

enum class ChangeKind : uint8_t { kInsert, kUpdate, kDelete };

struct RowChange {
  ChangeKind kind = ChangeKind::kInsert;
  // The row images, a value for each column of the table, absent ones
  // included. `before`: UPDATE and DELETE. `after`: INSERT and UPDATE.
  absl::Span<const Value> before;
  absl::Span<const Value> after;
  uint64_t first_id = 0;  // Of the first record; the next one has the next id.
  int64_t es_ms = 0;      // Commit time on the source, ms since 1970.
  int64_t ts_ms = 0;      // Time of encoding, ms since 1970.
  // Of its records; null = they have none.
  const RecordHeaders* headers = nullptr;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_ROW_CHANGE_H_
