// The optional fields of TABLE_MAP events (MySQL 8.0.1 and later).
#ifndef BINFERRY_WORKER_BINLOG_COLUMN_METADATA_H_
#define BINFERRY_WORKER_BINLOG_COLUMN_METADATA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {

// Reads the fields in parallel with the columns: each Next...() is for the next
// column that has such a thing. Nothing comes back where the field is missing,
// ends early, or is damaged. Fields that Binferry does not need are passed
// over. Views point into the bytes given. Thread-compatible.
class ColumnMetadata {
 public:
  // Whether `fields` are well-formed type-length-values.
  bool Parse(absl::Span<const uint8_t> fields);

  // Written with binlog_row_metadata=FULL only.
  bool has_names() const { return has_names_; }

  // Every column has a name.
  std::optional<absl::string_view> NextName();
  // Every numeric column (integers, FLOAT, DOUBLE, DECIMAL, YEAR) has a sign.
  std::optional<bool> NextIsUnsigned();
  // Every character column (CHAR, VARCHAR, TEXT and their binary kin) has a
  // collation id.
  std::optional<uint32_t> NextCollation();
  // Of the primary key, or of the unique key that stands for it, in key order;
  // empty without one.
  std::optional<std::vector<uint64_t>> KeyColumns();

 private:
  // An exception from the default collation.
  struct Collation {
    uint64_t column = 0;  // Among the character columns.
    uint64_t id = 0;
  };

  bool ParseDefaultCharset(absl::Span<const uint8_t> value);

  bool has_names_ = false;
  ByteReader names_{absl::Span<const uint8_t>()};
  absl::Span<const uint8_t> signs_;  // A bit each, most significant first.
  size_t next_sign_ = 0;
  ByteReader collations_{absl::Span<const uint8_t>()};
  std::optional<uint64_t> default_collation_;
  std::vector<Collation> exceptions_;
  size_t next_exception_ = 0;
  uint64_t next_character_column_ = 0;
  absl::Span<const uint8_t> key_;
  bool key_has_prefixes_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_COLUMN_METADATA_H_
