#include "worker/binlog/column_metadata.h"

namespace binferry::worker {
namespace {

// Field types (Table_map_event in libs/mysql/binlog/event/rows_event.h).
constexpr uint8_t kSignedness = 1;
constexpr uint8_t kDefaultCharset = 2;
constexpr uint8_t kColumnCharset = 3;
constexpr uint8_t kColumnName = 4;
constexpr uint8_t kSimplePrimaryKey = 8;
constexpr uint8_t kPrimaryKeyWithPrefix = 9;

}  // namespace

bool ColumnMetadata::Parse(absl::Span<const uint8_t> fields) {
  ByteReader reader(fields);
  while (!reader.AtEnd()) {
    const uint8_t type = reader.U8();
    const absl::Span<const uint8_t> value = reader.PackedBytes();
    if (!reader.ok()) return false;
    switch (type) {
      case kSignedness:
        signs_ = value;
        break;
      case kDefaultCharset:
        if (!ParseDefaultCharset(value)) return false;
        break;
      case kColumnCharset:
        collations_ = ByteReader(value);
        break;
      case kColumnName:
        has_names_ = true;
        names_ = ByteReader(value);
        break;
      case kSimplePrimaryKey:
      case kPrimaryKeyWithPrefix:
        key_ = value;
        key_has_prefixes_ = type == kPrimaryKeyWithPrefix;
        break;
      default:
        break;
    }
  }
  return true;
}

bool ColumnMetadata::ParseDefaultCharset(absl::Span<const uint8_t> value) {
  ByteReader reader(value);
  default_collation_ = reader.Packed();
  exceptions_.clear();
  while (!reader.AtEnd()) {
    Collation exception;
    exception.column = reader.Packed();
    exception.id = reader.Packed();
    exceptions_.push_back(exception);
  }
  return reader.ok();
}

std::optional<absl::string_view> ColumnMetadata::NextName() {
  const absl::string_view name = names_.PackedText();
  if (!has_names_ || !names_.ok()) return std::nullopt;
  return name;
}

std::optional<bool> ColumnMetadata::NextIsUnsigned() {
  const size_t index = next_sign_++;
  if (index / 8 >= signs_.size()) return std::nullopt;
  return (signs_[index / 8] >> (7 - index % 8) & 1) != 0;
}

std::optional<uint32_t> ColumnMetadata::NextCollation() {
  uint64_t id = 0;
  if (default_collation_.has_value()) {
    id = *default_collation_;
    // Exceptions are in column order.
    if (next_exception_ < exceptions_.size() &&
        exceptions_[next_exception_].column == next_character_column_) {
      id = exceptions_[next_exception_++].id;
    }
    ++next_character_column_;
  } else {
    id = collations_.Packed();
    if (!collations_.ok()) return std::nullopt;
  }
  if (id > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(id);
}

std::optional<std::vector<uint64_t>> ColumnMetadata::KeyColumns() {
  std::vector<uint64_t> columns;
  ByteReader reader(key_);
  while (!reader.AtEnd()) {
    columns.push_back(reader.Packed());
    if (key_has_prefixes_) reader.Packed();
  }
  if (!reader.ok()) return std::nullopt;
  return columns;
}

}  // namespace binferry::worker
