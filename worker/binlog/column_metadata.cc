#include "worker/binlog/column_metadata.h"

namespace binferry::worker {
namespace {

// Field types (Table_map_event in libs/mysql/binlog/event/rows_event.h).
constexpr uint8_t kSignedness = 1;
constexpr uint8_t kDefaultCharset = 2;
constexpr uint8_t kColumnCharset = 3;
constexpr uint8_t kColumnName = 4;
constexpr uint8_t kSetLabels = 5;
constexpr uint8_t kEnumLabels = 6;
constexpr uint8_t kGeometryType = 7;
constexpr uint8_t kSimplePrimaryKey = 8;
constexpr uint8_t kPrimaryKeyWithPrefix = 9;
constexpr uint8_t kLabelDefaultCharset = 10;
constexpr uint8_t kLabelColumnCharset = 11;
constexpr uint8_t kVisibility = 12;

// The labels of one column: a packed number of them, then each with its length.
std::optional<std::vector<std::string>> NextLabels(size_t max_labels,
                                                   ByteReader* reader) {
  const uint64_t count = reader->Packed();
  if (!reader->ok() || count == 0 || count > max_labels) return std::nullopt;
  std::vector<std::string> labels;
  for (uint64_t i = 0; i < count && reader->ok(); ++i) {
    labels.emplace_back(reader->PackedText());
  }
  if (!reader->ok()) return std::nullopt;
  return labels;
}

}  // namespace

bool ColumnMetadata::Parse(absl::Span<const uint8_t> fields) {
  ByteReader reader(fields);
  while (!reader.AtEnd()) {
    const uint8_t type = reader.U8();
    const absl::Span<const uint8_t> value = reader.PackedBytes();
    if (!reader.ok() || !ParseField(type, value)) return false;
    is_empty_ = false;
  }
  return true;
}

bool ColumnMetadata::ParseField(uint8_t type, absl::Span<const uint8_t> value) {
  switch (type) {
    case kSignedness:
      signs_ = value;
      return true;
    case kDefaultCharset:
      return collations_.ParseDefault(value);
    case kColumnCharset:
      collations_.SetColumns(value);
      return true;
    case kColumnName:
      has_names_ = true;
      names_ = ByteReader(value);
      return true;
    case kSetLabels:
      set_labels_ = ByteReader(value);
      return true;
    case kEnumLabels:
      enum_labels_ = ByteReader(value);
      return true;
    case kGeometryType:
      geometry_types_ = ByteReader(value);
      return true;
    case kSimplePrimaryKey:
    case kPrimaryKeyWithPrefix:
      key_ = value;
      key_has_prefixes_ = type == kPrimaryKeyWithPrefix;
      return true;
    case kLabelDefaultCharset:
      has_label_collations_ = true;
      return label_collations_.ParseDefault(value);
    case kLabelColumnCharset:
      has_label_collations_ = true;
      label_collations_.SetColumns(value);
      return true;
    case kVisibility:
      has_visibility_ = true;
      return true;
    default:
      return true;
  }
}

bool ColumnMetadata::Collations::ParseDefault(absl::Span<const uint8_t> value) {
  ByteReader reader(value);
  default_ = reader.Packed();
  exceptions_.clear();
  while (!reader.AtEnd()) {
    Exception exception;
    exception.column = reader.Packed();
    exception.id = reader.Packed();
    if (!exceptions_.empty() && exceptions_.back().column >= exception.column) {
      return false;
    }
    exceptions_.push_back(exception);
  }
  return reader.ok();
}

std::optional<uint32_t> ColumnMetadata::Collations::Next() {
  uint64_t id = 0;
  if (default_.has_value()) {
    id = *default_;
    // Exceptions are in column order.
    if (next_exception_ < exceptions_.size() &&
        exceptions_[next_exception_].column == next_column_) {
      id = exceptions_[next_exception_++].id;
    }
    ++next_column_;
  } else {
    id = columns_.Packed();
    if (!columns_.ok()) return std::nullopt;
  }
  if (id > UINT32_MAX) return std::nullopt;
  return static_cast<uint32_t>(id);
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

std::optional<std::vector<std::string>> ColumnMetadata::NextEnumLabels() {
  return NextLabels(/*max_labels=*/65'535, &enum_labels_);
}

std::optional<std::vector<std::string>> ColumnMetadata::NextSetLabels() {
  return NextLabels(/*max_labels=*/64, &set_labels_);
}

std::optional<uint64_t> ColumnMetadata::NextGeometryType() {
  const uint64_t type = geometry_types_.Packed();
  if (!geometry_types_.ok()) return std::nullopt;
  return type;
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
