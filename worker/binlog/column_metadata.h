// The optional fields of TABLE_MAP events (MySQL 8.0.1 and later).
#ifndef BINFERRY_WORKER_BINLOG_COLUMN_METADATA_H_
#define BINFERRY_WORKER_BINLOG_COLUMN_METADATA_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {

// Reads the fields in parallel with the columns: each Next...() is for the next
// column that has such a thing. Nothing comes back where the field is missing,
// ends early, or is damaged. Fields that Binferry does not need are passed
// over: how many dimensions a VECTOR has, whether a column is visible. Views
// point into the bytes given. Thread-compatible.
class ColumnMetadata {
 public:
  // Whether `fields` are well-formed type-length-values.
  bool Parse(absl::Span<const uint8_t> fields);

  // There is no field at all: so sources before MySQL 8.0.1 write it, and later
  // ones for columns that need none.
  bool is_empty() const { return is_empty_; }
  // Written with binlog_row_metadata=FULL only.
  bool has_names() const { return has_names_; }
  // MySQL 8.0.23 and later, with binlog_row_metadata=FULL.
  bool has_visibility() const { return has_visibility_; }

  // Every column has a name.
  std::optional<absl::string_view> NextName();
  // Every numeric column (integers, FLOAT, DOUBLE, DECIMAL, and YEAR, where it
  // means nothing; not BIT) has a sign.
  std::optional<bool> NextIsUnsigned();
  // Every character column (CHAR, VARCHAR, TEXT and their binary kin, VECTOR;
  // not JSON, nor the geometries) has a collation id.
  std::optional<uint32_t> NextCollation() { return collations_.Next(); }
  // Every ENUM and SET has one of its labels, counted together; not in what
  // early versions of MySQL 8.0 write (8.0.12 lacks it, 8.0.33 has it).
  bool has_label_collations() const { return has_label_collations_; }
  std::optional<uint32_t> NextLabelCollation() {
    return label_collations_.Next();
  }
  // The labels of the next ENUM or SET, in their collation's character set.
  std::optional<std::vector<std::string>> NextEnumLabels();
  std::optional<std::vector<std::string>> NextSetLabels();
  // Every column of a geometry type says which: 0 GEOMETRY, 1 POINT,
  // 2 LINESTRING, 3 POLYGON, 4 MULTIPOINT, 5 MULTILINESTRING, 6 MULTIPOLYGON,
  // 7 GEOMETRYCOLLECTION.
  std::optional<uint64_t> NextGeometryType();
  // Of the primary key, or of the unique key that stands for it, in key order;
  // empty without one.
  std::optional<std::vector<uint64_t>> KeyColumns();

 private:
  // Collation ids of some columns: one each, or a default and exceptions.
  class Collations {
   public:
    bool ParseDefault(absl::Span<const uint8_t> value);
    void SetColumns(absl::Span<const uint8_t> value) {
      columns_ = ByteReader(value);
    }
    std::optional<uint32_t> Next();

   private:
    struct Exception {
      uint64_t column = 0;  // Among the columns that have a collation here.
      uint64_t id = 0;
    };

    ByteReader columns_{absl::Span<const uint8_t>()};
    std::optional<uint64_t> default_;
    std::vector<Exception> exceptions_;
    size_t next_exception_ = 0;
    uint64_t next_column_ = 0;
  };

  bool ParseField(uint8_t type, absl::Span<const uint8_t> value);

  bool is_empty_ = true;
  bool has_names_ = false;
  bool has_visibility_ = false;
  bool has_label_collations_ = false;
  ByteReader names_{absl::Span<const uint8_t>()};
  absl::Span<const uint8_t> signs_;  // A bit each, most significant first.
  size_t next_sign_ = 0;
  Collations collations_;
  Collations label_collations_;
  ByteReader enum_labels_{absl::Span<const uint8_t>()};
  ByteReader set_labels_{absl::Span<const uint8_t>()};
  ByteReader geometry_types_{absl::Span<const uint8_t>()};
  absl::Span<const uint8_t> key_;
  bool key_has_prefixes_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_COLUMN_METADATA_H_
