#include "worker/binlog/json_value.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {
namespace {

constexpr uint8_t kNullDocument[] = {0};  // The literal null's byte.
constexpr size_t kTypeBytes = 1;
constexpr size_t kKeyLengthBytes = 2;

// An offset or a size. The compiler makes one load of each.
size_t ReadOffset(const uint8_t* p, size_t offset_bytes) {
  return static_cast<size_t>(offset_bytes == 2 ? ReadLittleEndian(p, 2)
                                               : ReadLittleEndian(p, 4));
}

// Seven bits a byte, the lowest first; all bytes but the last have the top bit.
absl::StatusOr<absl::Span<const uint8_t>> ReadCounted(
    absl::Span<const uint8_t> bytes) {
  constexpr size_t kMaxLengthBytes = 5;
  uint64_t length = 0;
  for (size_t i = 0; i < kMaxLengthBytes && i < bytes.size(); ++i) {
    length |= uint64_t{bytes[i] & 0x7fu} << (7 * i);
    if ((bytes[i] & 0x80) != 0) continue;
    if (length > bytes.size() - i - 1) break;
    return bytes.subspan(i + 1, static_cast<size_t>(length));
  }
  return DamagedJson("a value is longer than what holds it");
}

// Whether the value stands in its container's header.
bool IsInlined(JsonType type, size_t offset_bytes) {
  switch (type) {
    case JsonType::kLiteral:
    case JsonType::kInt16:
    case JsonType::kUint16:
      return true;
    case JsonType::kInt32:
    case JsonType::kUint32:
      return offset_bytes == 4;
    case JsonType::kSmallObject:
    case JsonType::kLargeObject:
    case JsonType::kSmallArray:
    case JsonType::kLargeArray:
    case JsonType::kInt64:
    case JsonType::kUint64:
    case JsonType::kDouble:
    case JsonType::kString:
    case JsonType::kOpaque:
      return false;
  }
  return false;
}

}  // namespace

absl::Status DamagedJson(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged binary JSON: ", what));
}

JsonValue ReadJsonDocument(absl::string_view document) {
  if (document.empty()) return {JsonType::kLiteral, kNullDocument};
  const absl::Span<const uint8_t> bytes = AsBytes(document);
  return {static_cast<JsonType>(bytes[0]), bytes.subspan(kTypeBytes)};
}

absl::StatusOr<absl::string_view> ReadJsonString(const JsonValue& value) {
  const auto content = ReadCounted(value.bytes);
  if (!content.ok()) return content.status();
  return AsText(*content);
}

absl::StatusOr<JsonOpaque> ReadJsonOpaque(const JsonValue& value) {
  if (value.bytes.empty()) return DamagedJson("an opaque value has no type");
  const auto content = ReadCounted(value.bytes.subspan(kTypeBytes));
  if (!content.ok()) return content.status();
  return JsonOpaque{value.bytes[0], *content};
}

absl::StatusOr<JsonContainer> JsonContainer::Open(const JsonValue& value) {
  if (!IsJsonContainer(value.type)) {
    return DamagedJson("a scalar where an object or array must be");
  }
  JsonContainer container;
  container.is_object_ = value.type == JsonType::kSmallObject ||
                         value.type == JsonType::kLargeObject;
  const bool is_large = value.type == JsonType::kLargeObject ||
                        value.type == JsonType::kLargeArray;
  container.offset_bytes_ = is_large ? 4 : 2;
  const size_t offset_bytes = container.offset_bytes_;
  ByteReader header(value.bytes);
  const uint64_t count = header.Fixed(offset_bytes);
  const uint64_t bytes = header.Fixed(offset_bytes);
  const size_t entry_bytes =
      kTypeBytes + offset_bytes +
      (container.is_object_ ? offset_bytes + kKeyLengthBytes : 0);
  const uint64_t header_bytes = 2 * offset_bytes + count * entry_bytes;
  if (!header.ok() || bytes > value.bytes.size() || header_bytes > bytes) {
    return DamagedJson("a container is larger than what holds it");
  }
  container.size_ = static_cast<uint32_t>(count);
  container.bytes_ = value.bytes.first(static_cast<size_t>(bytes));
  container.header_bytes_ = static_cast<size_t>(header_bytes);
  return container;
}

absl::StatusOr<absl::string_view> JsonContainer::Key(uint32_t index) const {
  const uint8_t* const entry =
      bytes_.data() + 2 * size_t{offset_bytes_} +
      size_t{index} * (offset_bytes_ + kKeyLengthBytes);
  const size_t offset = ReadOffset(entry, offset_bytes_);
  const size_t length = static_cast<size_t>(
      ReadLittleEndian(entry + offset_bytes_, kKeyLengthBytes));
  if (offset < header_bytes_ || offset > bytes_.size() ||
      length > bytes_.size() - offset) {
    return DamagedJson("a key lies outside of its object");
  }
  return AsText(bytes_.subspan(offset, length));
}

absl::StatusOr<JsonValue> JsonContainer::Value(uint32_t index) const {
  // The entries of values are the end of the header.
  const size_t entry_bytes = kTypeBytes + offset_bytes_;
  const uint8_t* const entry =
      bytes_.data() + header_bytes_ - (size_ - index) * entry_bytes;
  const JsonType type = static_cast<JsonType>(entry[0]);
  if (IsInlined(type, offset_bytes_)) {
    return JsonValue{type, {entry + kTypeBytes, offset_bytes_}};
  }
  const size_t offset =
      static_cast<size_t>(ReadLittleEndian(entry + kTypeBytes, offset_bytes_));
  if (offset < header_bytes_ || offset > bytes_.size()) {
    return DamagedJson("a value lies outside of its container");
  }
  return JsonValue{type, bytes_.subspan(offset)};
}

}  // namespace binferry::worker
