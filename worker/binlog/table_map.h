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
    kTime,       // `bytes` in all, of which the fraction's.
    kDatetime,   // The same.
    kTimestamp,  // The same.
    kText,       // A length of `length_bytes`, then so many bytes.
    kBytes,      // The same.
    kPadded,     // The same; zero bytes are added up to `max_bytes`.
    kJson,       // The same; the `json_index`th JSON column.
    kVector,     // The same.
    kBit,        // `bytes` big-endian bytes, of which `limit` bits.
    kYear,
    kEnum,          // `bytes` little-endian bytes; `limit` labels.
    kSet,           // The same.
    kOldTimestamp,  // As MySQL 5.5 stored them.
    kOldTime,
    kOldDatetime,
  };

  Operation operation = Operation::kSigned;
  uint8_t bytes = 0;         // Of a value of fixed size; 0 for the others.
  uint8_t length_bytes = 0;  // 1 to 4; 0 for values of fixed size.
  uint8_t fraction_digits = 0;
  uint8_t precision = 0;
  uint8_t scale = 0;
  uint16_t limit = 0;  // ENUM, SET: 0 where the labels are unknown.
  uint16_t json_index = 0;
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
  size_t json_columns = 0;
};

// What becomes of a table map without column names, labels and key, as written
// with binlog_row_metadata=MINIMAL; and of labels that may be other than ASCII
// (AreAsciiInAnyCharset) where the source does not tell their character set, as
// early versions of MySQL 8.0 don't (8.0.12).
enum class MissingNames : uint8_t {
  kRefuse,
  // The columns are "@1", "@2" and so on; labels and key are empty. Labels are
  // taken for UTF-8.
  kNumber,
};

// Reads the column types and the optional metadata. Statuses name the table:
// FAILED_PRECONDITION if column names or character sets are missing and that is
// refused, or if the source is older than MySQL 8.0.1 and writes no metadata at
// all;
// UNIMPLEMENTED, naming the column and its type or character set, for what
// MySQL 8.0 and later can't write; DATA_LOSS for bytes that are damaged or
// missing.
absl::StatusOr<TableMap> BuildTableMap(
    const TableMapEvent& event,
    MissingNames missing_names = MissingNames::kRefuse);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TABLE_MAP_H_
