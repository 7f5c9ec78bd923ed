// From a stream's raw bytes to events and their places.
#ifndef BINFERRY_WORKER_BINLOG_EVENT_DECODER_H_
#define BINFERRY_WORKER_BINLOG_EVENT_DECODER_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/events.h"

namespace binferry::worker {

// One event whose frame is sound: size, checksum, place in the file.
struct EventFrame {
  EventHeader header;
  // Without header and checksum. Points into the raw event.
  absl::Span<const uint8_t> body;
  // Where the event starts in EventDecoder::file(). For an event that stands in
  // no file (artificial, heartbeat) the place that the stream has reached.
  uint64_t position = 0;

  bool IsRows() const {
    return IsBetween(EventType::kWriteRows, EventType::kDeleteRows) ||
           IsBetween(EventType::kWriteRowsV1, EventType::kDeleteRowsV1) ||
           header.Is(EventType::kPartialUpdateRows);
  }

 private:
  bool IsBetween(EventType first, EventType last) const {
    return header.type >= static_cast<uint8_t>(first) &&
           header.type <= static_cast<uint8_t>(last);
  }
};

// Decodes the events of one stream, in order.
//
// Keeps what later events depend on: checksum algorithm, file, and the 64 bit
// offset, which headers truncate to 32. Every place is checked against the
// header, so that a lost or doubled event is DATA_LOSS and not a silent gap.
//
// Reading goes in two steps, so that events which nobody wants cost only their
// checksum: Frame() for each event, then Decode() where its content matters.
//
// Statuses name file and position. DATA_LOSS: damaged bytes or a gap.
// UNIMPLEMENTED: a binlog format that Binferry does not read.
// Thread-compatible.
class EventDecoder {
 public:
  // `start`: where the stream was opened. A dump says so itself in its first
  // event; for files it must be given.
  explicit EventDecoder(Coordinates start = {});

  // Takes the next raw event (BinlogSource::Next) of the stream. After an error
  // the decoder must not be used again.
  absl::StatusOr<EventFrame> Frame(absl::Span<const uint8_t> raw);

  // Takes the next event of the TRANSACTION_PAYLOAD that Frame() returned last
  // (PayloadReader::Next). Such events have no checksum and no place of their
  // own: theirs is the payload's. DATA_LOSS for events that can't stand in one.
  absl::StatusOr<EventFrame> FrameInner(absl::Span<const uint8_t> raw) const;

  // The content of the event that Frame() or FrameInner() returned last.
  absl::StatusOr<Event> Decode(const EventFrame& frame) const;

  // The file of the last event and the place behind it: the start of the next
  // one. After a ROTATE: the file and place to come.
  const std::string& file() const { return place_.file; }
  uint64_t position() const { return place_.position; }
  const Coordinates& place() const { return place_; }

  // Where the last event starts; of an event in a payload, the payload's.
  const Coordinates& event_start() const { return event_start_; }

  // `status` with ", at FILE:POSITION" of the last event appended, for errors
  // of those who know no places: StreamGrammar, table maps, rows. OK stays.
  absl::Status Locate(const absl::Status& status) const;

 private:
  // Frame() without places in its errors.
  absl::StatusOr<EventFrame> FrameUnlocated(absl::Span<const uint8_t> raw);
  // Strips and verifies the checksum.
  absl::StatusOr<absl::Span<const uint8_t>> TakeBody(
      const EventHeader& header, absl::Span<const uint8_t> raw) const;
  // Moves `place_` behind the event, and sets where it started.
  absl::Status Advance(EventFrame* frame);
  absl::Status FollowHeartbeat(const EventFrame& frame);

  Coordinates place_;
  Coordinates event_start_;
  bool has_rotated_ = false;       // `event_start_` has the old file.
  FormatDescriptionEvent format_;  // The last one.
};

// UNIMPLEMENTED, naming the event's type and what the user can do.
absl::Status UnsupportedEventError(const UnsupportedEvent& event);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_EVENT_DECODER_H_
