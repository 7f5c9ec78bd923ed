// One table version as its TABLE_MAP event describes it.
#ifndef BINFERRY_WORKER_BINLOG_TABLE_MAP_H_
#define BINFERRY_WORKER_BINLOG_TABLE_MAP_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/binlog/events.h"
#include "worker/schema/table_schema.h"

namespace binferry::worker {

// How to read one column's values; all that is known before the first row.
struct DecodeStep {
  enum class Operation : uint8_t {
    kSigned,    // `bytes` little-endian bytes.
    kUnsigned,  // The same.
    kFloat,
    kDouble,
    kDecimal,  // `precision`, `scale`.
    kDate,
    kTime,       // `bytes` in all, of which `fraction_bytes`.
    kDatetime,   // The same.
    kTimestamp,  // The same.
    kText,       // A length of `length_bytes`, then so many bytes.
    kBytes,      // The same.
    kPadded,     // The same; zero bytes are added up to `max_bytes`.
  };

  Operation operation = Operation::kSigned;
  uint8_t bytes = 0;         // Of a value of fixed size; 0 for the others.
  uint8_t length_bytes = 0;  // 1 to 4; 0 for values of fixed size.
  uint8_t fraction_bytes = 0;
  uint8_t fraction_digits = 0;
  uint8_t precision = 0;
  uint8_t scale = 0;
  uint32_t max_bytes = 0;
  // Where the text of a DECIMAL or a padded BINARY goes in the scratch memory
  // of one image.
  uint32_t scratch_offset = 0;
};

// Immutable once built.
struct TableMap {
  TableSchema schema;
  std::vector<DecodeStep> steps;  // One per column.
  size_t scratch_bytes = 0;       // Of one image.
};

// Reads the column types and the FULL metadata. Statuses name the table:
// FAILED_PRECONDITION if the source writes no column names
// (binlog_row_metadata is not FULL); UNIMPLEMENTED, naming the column and its
// type or character set, for what Binferry does not carry; DATA_LOSS for
// damaged bytes.
absl::StatusOr<TableMap> BuildTableMap(const TableMapEvent& event);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TABLE_MAP_H_
