#include "worker/binlog/byte_reader.h"

#include <bit>

namespace binferry::worker {

uint64_t ByteReader::Fixed(size_t bytes) {
  if (remaining() < bytes) {
    Fail();
    return 0;
  }
  const uint64_t value = ReadLittleEndian(p_, bytes);
  p_ += bytes;
  return value;
}

uint64_t ByteReader::Packed() {
  const uint8_t first = U8();
  if (first < 251) return first;
  if (first == 252) return Fixed(2);
  if (first == 253) return Fixed(3);
  if (first == 254) return Fixed(8);
  Fail();
  return 0;
}

uint64_t ByteReader::Varlen() {
  const uint8_t first = U8();
  const size_t more = static_cast<size_t>(std::countr_one(first));
  if (more == 0) return first >> 1;
  const uint64_t rest = Fixed(more);
  if (more == 8) return rest;
  // The first byte keeps 7 - `more` bits; the others follow above them.
  return rest << (7 - more) | first >> (more + 1);
}

int64_t ByteReader::SignedVarlen() {
  const uint64_t raw = Varlen();
  const int64_t magnitude = static_cast<int64_t>(raw >> 1);
  return (raw & 1) == 0 ? magnitude : -magnitude - 1;
}

absl::Span<const uint8_t> ByteReader::Bytes(uint64_t count) {
  if (remaining() < count) {
    Fail();
    return {};
  }
  const absl::Span<const uint8_t> bytes(p_, static_cast<size_t>(count));
  p_ += count;
  return bytes;
}

}  // namespace binferry::worker
