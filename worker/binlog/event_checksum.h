// The checksum that an event may end with.
#ifndef BINFERRY_WORKER_BINLOG_EVENT_CHECKSUM_H_
#define BINFERRY_WORKER_BINLOG_EVENT_CHECKSUM_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace binferry::worker {

inline constexpr size_t kChecksumBytes = 4;

// Whether the last bytes of `event`, header and all, are the CRC32 of those
// before, little-endian. A file that is being written has a flag in its
// FORMAT_DESCRIPTION that the checksum leaves out.
bool HasValidChecksum(absl::Span<const uint8_t> event);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_EVENT_CHECKSUM_H_
