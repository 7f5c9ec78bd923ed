// What events hold, as members of a JSON object.
#ifndef BINFERRY_WORKER_DECODE_EVENT_CONTENT_H_
#define BINFERRY_WORKER_DECODE_EVENT_CONTENT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/events.h"
#include "worker/decode/json_object.h"
#include "worker/decode/table_directory.h"

namespace binferry::worker {

// What an event alone doesn't tell.
struct EventSurroundings {
  // Of a TABLE_MAP and a rows event: its table, null where it isn't read.
  const PrintedTable* table = nullptr;
  // Of a rows event with a table.
  std::optional<uint64_t> row_count;
};

// Writes the members that docs/decode.md lists for the event's type. DATA_LOSS
// for damaged bytes; names no place.
absl::Status WriteEventContent(const EventFrame& frame, const Event& event,
                               const EventSurroundings& surroundings,
                               JsonObject* object);

// `seconds` or `micros` since 1970 as `2026-11-24T22:13:20Z` or
// `2026-11-24T22:13:20.123456Z`.
std::string UtcTime(uint32_t seconds);
std::string UtcTimeOfMicros(uint64_t micros);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_EVENT_CONTENT_H_
