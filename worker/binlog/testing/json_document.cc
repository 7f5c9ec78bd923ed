#include "worker/binlog/testing/json_document.h"

#include <bit>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

constexpr uint8_t kLiteral = 4;
constexpr uint8_t kInt16 = 5;
constexpr uint8_t kUint16 = 6;
constexpr uint8_t kInt32 = 7;
constexpr uint8_t kUint32 = 8;
constexpr uint8_t kDouble = 11;
constexpr uint8_t kString = 12;
constexpr uint8_t kOpaque = 15;
constexpr uint8_t kRemove = 2;

std::string Typed(uint8_t type) {
  return std::string(1, static_cast<char>(type));
}

void AppendCounted(absl::string_view text, std::string* out) {
  size_t length = text.size();
  for (; length >= 0x80; length >>= 7) {
    out->push_back(static_cast<char>(length | 0x80));
  }
  out->push_back(static_cast<char>(length));
  out->append(text.data(), text.size());
}

size_t OffsetBytes(JsonSize size) { return size == JsonSize::kSmall ? 2 : 4; }

bool IsInlined(const std::string& document, JsonSize size) {
  const uint8_t type = static_cast<uint8_t>(document[0]);
  return type == kLiteral || type == kInt16 || type == kUint16 ||
         (size == JsonSize::kLarge && (type == kInt32 || type == kUint32));
}

// The entries of `values`, which add to `payload` what they don't hold.
std::string ValueEntries(const std::vector<std::string>& values, JsonSize size,
                         size_t header_bytes, std::string* payload) {
  std::string entries;
  for (const std::string& value : values) {
    entries.push_back(value[0]);
    if (IsInlined(value, size)) {
      std::string inlined = value.substr(1);
      inlined.resize(OffsetBytes(size));
      entries += inlined;
      continue;
    }
    entries += LittleEndian(header_bytes + payload->size(), OffsetBytes(size));
    payload->append(value, 1, std::string::npos);
  }
  return entries;
}

std::string Container(uint8_t small_type, JsonSize size, size_t count,
                      const std::string& entries, const std::string& payload) {
  const size_t offset_bytes = OffsetBytes(size);
  std::string out = Typed(
      static_cast<uint8_t>(small_type + (size == JsonSize::kLarge ? 1 : 0)));
  out += LittleEndian(count, offset_bytes);
  out += LittleEndian(2 * offset_bytes + entries.size() + payload.size(),
                      offset_bytes);
  return absl::StrCat(out, entries, payload);
}

}  // namespace

std::string JsonNull() { return JsonInteger(kLiteral, 0); }

std::string JsonBool(bool value) {
  return JsonInteger(kLiteral, value ? 1 : 2);
}

std::string JsonInteger(uint8_t type, uint64_t value) {
  std::string out = Typed(type);
  const size_t bytes = type == kLiteral  ? 1
                       : type <= kUint16 ? 2
                       : type <= kUint32 ? 4
                                         : 8;
  out += LittleEndian(value, bytes);
  return out;
}

std::string JsonInt16(int16_t value) {
  return JsonInteger(kInt16, static_cast<uint64_t>(int64_t{value}));
}

std::string JsonReal(double value) {
  return JsonInteger(kDouble, std::bit_cast<uint64_t>(value));
}

std::string JsonString(absl::string_view text) {
  std::string out = Typed(kString);
  AppendCounted(text, &out);
  return out;
}

std::string JsonOpaqueOf(uint8_t field_type, absl::string_view content) {
  std::string out = Typed(kOpaque) + Typed(field_type);
  AppendCounted(content, &out);
  return out;
}

std::string JsonArray(const std::vector<std::string>& elements, JsonSize size) {
  const size_t offset_bytes = OffsetBytes(size);
  const size_t header_bytes =
      2 * offset_bytes + elements.size() * (1 + offset_bytes);
  std::string payload;
  const std::string entries =
      ValueEntries(elements, size, header_bytes, &payload);
  return Container(2, size, elements.size(), entries, payload);
}

std::string JsonObject(
    const std::vector<std::pair<std::string, std::string>>& members,
    JsonSize size) {
  const size_t offset_bytes = OffsetBytes(size);
  const size_t header_bytes =
      2 * offset_bytes + members.size() * (offset_bytes + 2 + 1 + offset_bytes);
  std::string payload;
  std::string entries;
  std::vector<std::string> values;
  for (const auto& [key, value] : members) {
    entries += LittleEndian(header_bytes + payload.size(), offset_bytes);
    entries += LittleEndian(key.size(), 2);
    payload += key;
    values.push_back(value);
  }
  entries += ValueEntries(values, size, header_bytes, &payload);
  return Container(0, size, members.size(), entries, payload);
}

std::string JsonDiff(uint8_t operation, absl::string_view path,
                     absl::string_view value) {
  std::string out = Typed(operation);
  out += PackedBytes(path);
  return operation == kRemove ? out : out + PackedBytes(value);
}

}  // namespace binferry::worker
