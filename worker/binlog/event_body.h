// The bodies of single event types. Pure functions of bytes: header and
// checksum are stripped, layouts are of binlog version 4 (MySQL 5.6 and later).
#ifndef BINFERRY_WORKER_BINLOG_EVENT_BODY_H_
#define BINFERRY_WORKER_BINLOG_EVENT_BODY_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/events.h"

// All return DATA_LOSS, naming the event type, for bytes that are too few or
// make no sense. Layouts: libs/mysql/binlog/event/ in mysql-server.
namespace binferry::worker {

// `body` still has the four checksum bytes where the version writes them, as
// only the event itself tells. UNIMPLEMENTED for sources before MySQL 5.6.1,
// and for checksum algorithms other than none and CRC32.
absl::StatusOr<FormatDescriptionEvent> ParseFormatDescription(
    absl::Span<const uint8_t> body);

absl::StatusOr<RotateEvent> ParseRotate(const EventHeader& header,
                                        absl::Span<const uint8_t> body);

// QUERY; EXECUTE_LOAD_QUERY, whose text is the LOAD DATA statement.
absl::StatusOr<QueryEvent> ParseQuery(const EventHeader& header,
                                      absl::Span<const uint8_t> body);

absl::StatusOr<XidEvent> ParseXid(absl::Span<const uint8_t> body);

absl::StatusOr<RowsQueryEvent> ParseRowsQuery(absl::Span<const uint8_t> body);

absl::StatusOr<IncidentEvent> ParseIncident(absl::Span<const uint8_t> body);

absl::StatusOr<XaPrepareEvent> ParseXaPrepare(absl::Span<const uint8_t> body);

absl::StatusOr<TransactionPayloadEvent> ParseTransactionPayload(
    absl::Span<const uint8_t> body);

// HEARTBEAT of both versions.
absl::StatusOr<HeartbeatEvent> ParseHeartbeat(const EventHeader& header,
                                              absl::Span<const uint8_t> body);

// GTID, ANONYMOUS_GTID and GTID_TAGGED.
absl::StatusOr<GtidEvent> ParseGtid(const EventHeader& header,
                                    absl::Span<const uint8_t> body);

absl::StatusOr<TableMapEvent> ParseTableMap(absl::Span<const uint8_t> body);

// WRITE_ROWS, UPDATE_ROWS and DELETE_ROWS of both versions, and
// PARTIAL_UPDATE_ROWS; `type` is the header's.
absl::StatusOr<RowsEvent> ParseRows(uint8_t type,
                                    absl::Span<const uint8_t> body);

// The table id of a TABLE_MAP or a rows event, without reading more.
absl::StatusOr<uint64_t> PeekTableId(absl::Span<const uint8_t> body);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_EVENT_BODY_H_
