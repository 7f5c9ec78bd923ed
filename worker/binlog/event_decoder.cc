#include "worker/binlog/event_decoder.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/event_checksum.h"

namespace binferry::worker {
namespace {

bool IsHeartbeat(const EventHeader& header) {
  return header.Is(EventType::kHeartbeat) || header.Is(EventType::kHeartbeatV2);
}

// Whether the event that would start at `position` stands in the file. Those
// that the dump thread makes up have no place, or say that they are artificial.
bool IsWritten(const EventHeader& header, uint64_t position) {
  if (header.has_flag(EventHeader::kArtificial) || IsHeartbeat(header)) {
    return false;
  }
  if (header.log_pos != 0) return true;
  // Also the place of an event that ends at a multiple of 4 GiB.
  return !header.Is(EventType::kFormatDescription) &&
         !header.Is(EventType::kRotate) &&
         static_cast<uint32_t>(position + header.event_size) == 0;
}

// Whether a transaction's payload may hold such an event.
bool MayStandInPayload(const EventHeader& header) {
  return !IsHeartbeat(header) && !header.Is(EventType::kTransactionPayload) &&
         !header.Is(EventType::kFormatDescription) &&
         !header.Is(EventType::kRotate) && !header.Is(EventType::kStop) &&
         !header.Is(EventType::kGtid) && !header.Is(EventType::kTaggedGtid) &&
         !header.Is(EventType::kAnonymousGtid) &&
         !header.Is(EventType::kPreviousGtids);
}

// What Decode() makes of events whose body it does not read.
Event UnreadEvent(const EventHeader& header) {
  if (header.Is(EventType::kStop)) return StopEvent{};
  if (header.has_flag(EventHeader::kIgnorable)) return IgnoredEvent{};
  return UnsupportedEvent{.type = header.type};
}

template <typename T>
absl::StatusOr<Event> AsEvent(absl::StatusOr<T> event) {
  if (!event.ok()) return std::move(event).status();
  return Event(*std::move(event));
}

absl::StatusOr<Event> DecodeBody(const EventHeader& header,
                                 absl::Span<const uint8_t> body) {
  switch (static_cast<EventType>(header.type)) {
    case EventType::kQuery:
    case EventType::kExecuteLoadQuery:
      return AsEvent(ParseQuery(header, body));
    case EventType::kRotate:
      return AsEvent(ParseRotate(header, body));
    case EventType::kXid:
      return AsEvent(ParseXid(body));
    case EventType::kTableMap:
      return AsEvent(ParseTableMap(body));
    case EventType::kWriteRowsV1:
    case EventType::kUpdateRowsV1:
    case EventType::kDeleteRowsV1:
    case EventType::kWriteRows:
    case EventType::kUpdateRows:
    case EventType::kDeleteRows:
    case EventType::kPartialUpdateRows:
      return AsEvent(ParseRows(header.type, body));
    case EventType::kGtid:
    case EventType::kAnonymousGtid:
    case EventType::kTaggedGtid:
      return AsEvent(ParseGtid(header, body));
    case EventType::kHeartbeat:
    case EventType::kHeartbeatV2:
      return AsEvent(ParseHeartbeat(header, body));
    case EventType::kPreviousGtids:
      return Event(PreviousGtidsEvent{.encoded = AsText(body)});
    case EventType::kIncident:
      return AsEvent(ParseIncident(body));
    case EventType::kRowsQuery:
      return AsEvent(ParseRowsQuery(body));
    case EventType::kXaPrepare:
      return AsEvent(ParseXaPrepare(body));
    case EventType::kTransactionPayload:
      return AsEvent(ParseTransactionPayload(body));
    // They only come before a statement in text form, which tells enough.
    case EventType::kIntvar:
    case EventType::kRand:
    case EventType::kUserVar:
    case EventType::kBeginLoadQuery:
    case EventType::kAppendBlock:
    case EventType::kDeleteFile:
    // No changes.
    case EventType::kIgnorable:
    case EventType::kTransactionContext:
    case EventType::kViewChange:
      return Event(IgnoredEvent{});
    case EventType::kFormatDescription:  // Kept by the decoder.
    case EventType::kStop:
      break;
  }
  return UnreadEvent(header);
}

}  // namespace

EventDecoder::EventDecoder(Coordinates start)
    : place_(std::move(start)), event_start_(place_) {}

absl::StatusOr<EventFrame> EventDecoder::Frame(absl::Span<const uint8_t> raw) {
  // The file changes with ROTATE events alone.
  if (has_rotated_) {
    event_start_.file = place_.file;
    has_rotated_ = false;
  }
  event_start_.position = place_.position;
  absl::StatusOr<EventFrame> frame = FrameUnlocated(raw);
  if (!frame.ok()) return Locate(frame.status());
  return frame;
}

absl::StatusOr<EventFrame> EventDecoder::FrameUnlocated(
    absl::Span<const uint8_t> raw) {
  EventFrame frame;
  BINFERRY_ASSIGN_OR_RETURN(frame.header, ParseEventHeader(raw));
  if (frame.header.Is(EventType::kFormatDescription)) {
    BINFERRY_ASSIGN_OR_RETURN(
        format_, ParseFormatDescription(raw.subspan(EventHeader::kBytes)));
  } else if (format_.server_version.empty() &&
             !frame.header.Is(EventType::kRotate)) {
    // Nothing tells whether the event has a checksum.
    return absl::DataLossError(absl::StrCat(
        "the stream begins with the event ", EventTypeName(frame.header.type),
        " in place of a FORMAT_DESCRIPTION"));
  }
  BINFERRY_ASSIGN_OR_RETURN(frame.body, TakeBody(frame.header, raw));
  BINFERRY_RETURN_IF_ERROR(Advance(&frame));
  return frame;
}

absl::StatusOr<EventFrame> EventDecoder::FrameInner(
    absl::Span<const uint8_t> raw) const {
  EventFrame frame;
  const absl::StatusOr<EventHeader> header = ParseEventHeader(raw);
  if (!header.ok()) return Locate(header.status());
  if (!MayStandInPayload(*header)) {
    return Locate(absl::DataLossError(absl::StrCat(
        "a TRANSACTION_PAYLOAD holds the event ", EventTypeName(header->type),
        ", which no source puts "
        "into one")));
  }
  frame.header = *header;
  frame.body = raw.subspan(EventHeader::kBytes);
  frame.position = event_start_.position;
  return frame;
}

absl::StatusOr<absl::Span<const uint8_t>> EventDecoder::TakeBody(
    const EventHeader& header, absl::Span<const uint8_t> raw) const {
  const absl::Span<const uint8_t> body = raw.subspan(EventHeader::kBytes);
  // The dump thread makes a ROTATE before it has read the file, and gives it a
  // checksum or not whatever the file's algorithm is. It stands nowhere: a real
  // one whose flag is damaged must not pass for it.
  const bool is_made_up =
      header.timestamp == 0 ||
      (header.has_flag(EventHeader::kArtificial) && header.log_pos == 0);
  if (header.Is(EventType::kRotate) && is_made_up) {
    return HasValidChecksum(raw) ? body.first(body.size() - kChecksumBytes)
                                 : body;
  }
  if (format_.checksum == ChecksumAlgorithm::kNone) {
    // FORMAT_DESCRIPTION has room for a checksum even so.
    return header.Is(EventType::kFormatDescription)
               ? body.first(body.size() - kChecksumBytes)
               : body;
  }
  if (!HasValidChecksum(raw)) {
    return absl::DataLossError(absl::StrCat(
        "the event ", EventTypeName(header.type),
        " does not match its checksum: it was damaged in the source's binlog "
        "file or on the way"));
  }
  return body.first(body.size() - kChecksumBytes);
}

absl::Status EventDecoder::Advance(EventFrame* frame) {
  const EventHeader& header = frame->header;
  frame->position = place_.position;
  if (IsHeartbeat(header)) return FollowHeartbeat(*frame);
  if (IsWritten(header, place_.position)) {
    const uint64_t end = place_.position + header.event_size;
    if (static_cast<uint32_t>(end) != header.log_pos) {
      return absl::DataLossError(absl::StrCat(
          "events are missing or doubled: the event ",
          EventTypeName(header.type), " should end at ", end,
          " and says that it ends at ", header.log_pos, " modulo 2^32"));
    }
    place_.position = end;
  }
  if (header.Is(EventType::kRotate)) {
    BINFERRY_ASSIGN_OR_RETURN(const RotateEvent rotate,
                              ParseRotate(header, frame->body));
    place_.file = std::string(rotate.file);
    place_.position = rotate.position;
    has_rotated_ = true;
  }
  return absl::OkStatus();
}

// A heartbeat also stands for transactions that the source passed over because
// the reader has them: it tells where the stream goes on.
absl::Status EventDecoder::FollowHeartbeat(const EventFrame& frame) {
  BINFERRY_ASSIGN_OR_RETURN(const HeartbeatEvent heartbeat,
                            ParseHeartbeat(frame.header, frame.body));
  if (heartbeat.file != place_.file) return absl::OkStatus();
  uint64_t position = heartbeat.position;
  if (frame.header.Is(EventType::kHeartbeat)) {
    // The next place with these low 32 bits, unless it is rather one that lies
    // a little behind. Transactions passed over may be larger than that.
    constexpr uint32_t kMaxForward = 0xc0000000;
    const uint32_t distance =
        frame.header.log_pos - static_cast<uint32_t>(place_.position);
    if (distance > kMaxForward) return absl::OkStatus();
    position = place_.position + distance;
  }
  if (position > place_.position) place_.position = position;
  return absl::OkStatus();
}

absl::StatusOr<Event> EventDecoder::Decode(const EventFrame& frame) const {
  if (frame.header.Is(EventType::kFormatDescription)) return Event(format_);
  absl::StatusOr<Event> event = DecodeBody(frame.header, frame.body);
  if (!event.ok()) return Locate(event.status());
  if (auto* heartbeat = std::get_if<HeartbeatEvent>(&*event)) {
    heartbeat->position = place_.position;
  }
  return event;
}

absl::Status EventDecoder::Locate(const absl::Status& status) const {
  return AtCoordinates(status, event_start_);
}

absl::Status UnsupportedEventError(const UnsupportedEvent& event) {
  constexpr uint8_t kFirstMariadbType = 160;
  return absl::UnimplementedError(absl::StrCat(
      "Binferry does not read the event ", EventTypeName(event.type), ": ",
      event.type >= kFirstMariadbType
          ? "only MySQL's binlogs are read; use a MySQL source"
          : "start behind this place if no selected table is concerned"));
}

}  // namespace binferry::worker
