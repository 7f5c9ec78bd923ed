#include "worker/binlog/event_checksum.h"

#include <zlib.h>

#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_header.h"

namespace binferry::worker {
namespace {

// Where a raw event's header has them.
constexpr size_t kTypeOffset = 4;
constexpr size_t kFlagsOffset = 17;

uint32_t ComputeChecksum(absl::Span<const uint8_t> bytes) {
  if (bytes[kTypeOffset] !=
      static_cast<uint8_t>(EventType::kFormatDescription)) {
    return static_cast<uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
  }
  const uint8_t flags =
      static_cast<uint8_t>(bytes[kFlagsOffset] & ~EventHeader::kInUse);
  uLong crc = crc32_z(0, bytes.data(), kFlagsOffset);
  crc = crc32_z(crc, &flags, 1);
  const auto rest = bytes.subspan(kFlagsOffset + 1);
  return static_cast<uint32_t>(crc32_z(crc, rest.data(), rest.size()));
}

}  // namespace

bool HasValidChecksum(absl::Span<const uint8_t> event) {
  if (event.size() < EventHeader::kBytes + kChecksumBytes) return false;
  const size_t bytes = event.size() - kChecksumBytes;
  return ComputeChecksum(event.first(bytes)) ==
         ReadLittleEndian(event.data() + bytes, kChecksumBytes);
}

}  // namespace binferry::worker
