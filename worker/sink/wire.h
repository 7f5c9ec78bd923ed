// The scalars of Kafka's protocol.
#ifndef BINFERRY_WORKER_SINK_WIRE_H_
#define BINFERRY_WORKER_SINK_WIRE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace binferry::worker {

// Appends. Thread-compatible.
class WireWriter {
 public:
  void Int(int64_t value, size_t bytes) {
    for (size_t i = bytes; i > 0; --i) {
      bytes_.push_back(static_cast<char>(
          (static_cast<uint64_t>(value) >> (8 * (i - 1))) & 0xFF));
    }
  }
  void String(absl::string_view text) {
    Int(static_cast<int64_t>(text.size()), 2);
    bytes_.append(text.data(), text.size());
  }
  void Bytes(absl::string_view bytes) {
    Int(static_cast<int64_t>(bytes.size()), 4);
    bytes_.append(bytes.data(), bytes.size());
  }
  std::string Take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what is there; once something isn't, `ok` is false and everything
// further is 0 or empty. Thread-compatible.
class WireReader {
 public:
  explicit WireReader(absl::string_view rest) : rest_(rest) {}

  bool ok() const { return ok_; }

  int64_t Int(size_t bytes) {
    const absl::string_view digits = Take(bytes);
    if (digits.empty()) return 0;
    uint64_t value = (digits[0] & 0x80) != 0 ? ~uint64_t{0} : 0;
    for (const char digit : digits) {
      value = (value << 8) | static_cast<uint8_t>(digit);
    }
    return static_cast<int64_t>(value);
  }
  int16_t Int16() { return static_cast<int16_t>(Int(2)); }
  int32_t Int32() { return static_cast<int32_t>(Int(4)); }

  // Null is empty.
  std::string String() { return Counted(Int(2)); }
  std::string Bytes() { return Counted(Int(4)); }

  // The length of an array whose elements have at least `least_bytes` each, so
  // that no length makes us read or reserve more than there is.
  int64_t Count(size_t least_bytes) {
    const int64_t count = Int(4);
    if (count <= 0) return 0;
    if (static_cast<uint64_t>(count) > rest_.size() / least_bytes) {
      ok_ = false;
      return 0;
    }
    return count;
  }

 private:
  absl::string_view Take(size_t bytes) {
    if (bytes > rest_.size()) ok_ = false;
    if (!ok_) return "";
    const absl::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  std::string Counted(int64_t size) {
    if (size <= 0) return "";
    return std::string(Take(static_cast<size_t>(size)));
  }

  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_WIRE_H_
