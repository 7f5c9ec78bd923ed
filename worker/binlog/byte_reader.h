// A cursor over little-endian bytes from outside.
#ifndef BINFERRY_WORKER_BINLOG_BYTE_READER_H_
#define BINFERRY_WORKER_BINLOG_BYTE_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace binferry::worker {

// Bytes and text are the same here; MySQL's events mix them.
inline absl::string_view AsText(absl::Span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline absl::Span<const uint8_t> AsBytes(absl::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// `bytes` (0 to 8) little-endian bytes at `p`.
inline uint64_t ReadLittleEndian(const uint8_t* p, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= uint64_t{p[i]} << (8 * i);
  return value;
}

// `bytes` (0 to 8) big-endian bytes at `p`.
inline uint64_t ReadBigEndian(const uint8_t* p, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | p[i];
  return value;
}

// A read past the end gives zeros or emptiness, moves to the end, and makes
// ok() false for good: read a whole structure, then ask once.
//
// The bytes must outlive the reader and what it returns. Thread-compatible.
class ByteReader {
 public:
  explicit ByteReader(absl::Span<const uint8_t> bytes)
      : p_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // Whether every read so far was within the bytes.
  bool ok() const { return is_ok_; }
  size_t remaining() const { return static_cast<size_t>(end_ - p_); }
  bool AtEnd() const { return p_ == end_; }

  // The next `bytes` (1 to 8) bytes as a number.
  uint64_t Fixed(size_t bytes);
  uint8_t U8() { return static_cast<uint8_t>(Fixed(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Fixed(2)); }
  uint32_t U32() { return static_cast<uint32_t>(Fixed(4)); }
  uint64_t U48() { return Fixed(6); }
  uint64_t U64() { return Fixed(8); }

  // MySQL's length-encoded integer of 1, 3, 4 or 9 bytes (manual: "Protocol::
  // LengthEncodedInteger"). The NULL and error marks 251 and 255 are failures.
  uint64_t Packed();

  // Integers of mysql::serialization (libs/mysql/serialization/readme.md): as
  // many trailing one bits in the first byte as bytes follow it.
  uint64_t Varlen();
  int64_t SignedVarlen();

  absl::Span<const uint8_t> Bytes(uint64_t count);
  absl::string_view Text(uint64_t count) { return AsText(Bytes(count)); }
  // A packed length, then so many bytes.
  absl::Span<const uint8_t> PackedBytes() { return Bytes(Packed()); }
  absl::string_view PackedText() { return Text(Packed()); }
  absl::Span<const uint8_t> Rest() { return Bytes(remaining()); }
  void Skip(uint64_t count) { Bytes(count); }

 private:
  // Notes a failed read.
  void Fail() {
    is_ok_ = false;
    p_ = end_;
  }

  const uint8_t* p_;
  const uint8_t* end_;
  bool is_ok_ = true;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_BYTE_READER_H_
