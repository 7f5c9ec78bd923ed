// Views into MySQL's binary JSON (sql-common/json_binary.h in mysql-server).
//
// A document is a type byte and the value's bytes. A container's bytes are
//
//   count, size (each two bytes, in a large container four)
//   per member: the key's offset (two or four bytes) and length (two bytes)
//   per element or member's value: a type byte and two or four bytes, the
//     value itself if it fits ("inlined"), else its offset
//   keys, values
//
// with offsets from the start of the count. After updates in place there are
// holes, and what offsets lead to lies in any order: nothing is found but by
// its offset. Nothing here copies; the document's bytes must outlive all of it.
#ifndef BINFERRY_WORKER_BINLOG_JSON_VALUE_H_
#define BINFERRY_WORKER_BINLOG_JSON_VALUE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace binferry::worker {

// As in the bytes, where others may occur.
enum class JsonType : uint8_t {
  kSmallObject = 0,
  kLargeObject = 1,
  kSmallArray = 2,
  kLargeArray = 3,
  kLiteral = 4,
  kInt16 = 5,
  kUint16 = 6,
  kInt32 = 7,
  kUint32 = 8,
  kInt64 = 9,
  kUint64 = 10,
  kDouble = 11,
  kString = 12,
  kOpaque = 15,
};

// How deep MySQL nests containers (JSON_DOCUMENT_MAX_DEPTH); it refuses to
// store more.
inline constexpr int kMaxJsonDepth = 100;

// The one status of damaged JSON: DATA_LOSS, `what` saying what is wrong.
absl::Status DamagedJson(absl::string_view what);

// A value of any type, unchecked.
struct JsonValue {
  JsonType type = JsonType::kLiteral;
  // From the value's first byte to the last that may belong to it.
  absl::Span<const uint8_t> bytes;
};

// The value of a whole document; an empty one is the JSON null.
JsonValue ReadJsonDocument(absl::string_view document);

// The bytes of a value of type kString. DATA_LOSS if it has fewer than it says.
absl::StatusOr<absl::string_view> ReadJsonString(const JsonValue& value);

// What MySQL keeps in JSON beyond JSON's own types.
struct JsonOpaque {
  uint8_t field_type = 0;  // MySQL's column type.
  absl::Span<const uint8_t> content;
};
// A value of type kOpaque. DATA_LOSS if it has fewer bytes than it says.
absl::StatusOr<JsonOpaque> ReadJsonOpaque(const JsonValue& value);

// Whether a value of this type is a JsonContainer.
inline bool IsJsonContainer(JsonType type) {
  return static_cast<uint8_t>(type) <=
         static_cast<uint8_t>(JsonType::kLargeArray);
}

// An object or an array whose header has been checked. Immutable.
class JsonContainer {
 public:
  // DATA_LOSS if the value is no container or its header doesn't fit.
  static absl::StatusOr<JsonContainer> Open(const JsonValue& value);

  bool is_object() const { return is_object_; }
  // How many members or elements.
  uint32_t size() const { return size_; }

  // Of the member `index` (below size()) of an object, in stored order: by
  // length, then bytes. DATA_LOSS if it doesn't lie behind the header and
  // within the container.
  absl::StatusOr<absl::string_view> Key(uint32_t index) const;
  // The value `index` (below size()). DATA_LOSS as above.
  absl::StatusOr<JsonValue> Value(uint32_t index) const;

 private:
  JsonContainer() = default;

  absl::Span<const uint8_t> bytes_;  // As many as the container says.
  size_t header_bytes_ = 0;
  uint32_t size_ = 0;
  uint8_t offset_bytes_ = 2;  // 4 in a large container.
  bool is_object_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_JSON_VALUE_H_
