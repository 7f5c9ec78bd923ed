// What every binlog event begins with.
#ifndef BINFERRY_WORKER_BINLOG_EVENT_HEADER_H_
#define BINFERRY_WORKER_BINLOG_EVENT_HEADER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace binferry::worker {

// The event types with a meaning for Binferry; others occur as plain numbers.
// Numbers: libs/mysql/binlog/event/binlog_event.h in mysql-server.
enum class EventType : uint8_t {
  kQuery = 2,
  kStop = 3,
  kRotate = 4,
  kIntvar = 5,
  kAppendBlock = 9,
  kDeleteFile = 11,
  kRand = 13,
  kUserVar = 14,
  kFormatDescription = 15,
  kXid = 16,
  kBeginLoadQuery = 17,
  kExecuteLoadQuery = 18,
  kTableMap = 19,
  kWriteRowsV1 = 23,
  kUpdateRowsV1 = 24,
  kDeleteRowsV1 = 25,
  kIncident = 26,
  kHeartbeat = 27,
  kIgnorable = 28,
  kRowsQuery = 29,
  kWriteRows = 30,
  kUpdateRows = 31,
  kDeleteRows = 32,
  kGtid = 33,
  kAnonymousGtid = 34,
  kPreviousGtids = 35,
  kTransactionContext = 36,
  kViewChange = 37,
  kXaPrepare = 38,
  kPartialUpdateRows = 39,
  kTransactionPayload = 40,
  kHeartbeatV2 = 41,
  kTaggedGtid = 42,
};

// MySQL's or MariaDB's name and the number, e.g. "PARTIAL_UPDATE_ROWS (39)";
// "unknown event (99)" for numbers without a name.
std::string EventTypeName(uint8_t type);

// The common header, 19 bytes.
struct EventHeader {
  static constexpr size_t kBytes = 19;
  // Bits of `flags`.
  static constexpr uint16_t kInUse = 0x01;  // FORMAT_DESCRIPTION only.
  static constexpr uint16_t kArtificial = 0x20;
  static constexpr uint16_t kRelayLog = 0x40;  // A replica's own event.
  static constexpr uint16_t kIgnorable = 0x80;

  uint32_t timestamp = 0;  // Seconds since 1970, start of the statement.
  uint8_t type = 0;        // As EventType, where that has it.
  uint32_t server_id = 0;
  uint32_t event_size = 0;  // Header, body and checksum.
  uint32_t log_pos = 0;     // Where the next event starts, modulo 2^32.
  uint16_t flags = 0;

  bool Is(EventType t) const { return type == static_cast<uint8_t>(t); }
  bool has_flag(uint16_t flag) const { return (flags & flag) != 0; }
};

// DATA_LOSS if `event` is shorter than a header, or its size isn't the
// header's.
absl::StatusOr<EventHeader> ParseEventHeader(absl::Span<const uint8_t> event);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_EVENT_HEADER_H_
