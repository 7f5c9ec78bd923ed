// The events of a binlog, decoded.
#ifndef BINFERRY_WORKER_BINLOG_EVENTS_H_
#define BINFERRY_WORKER_BINLOG_EVENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/binlog/gtid_set.h"

// All views point into the raw event.
namespace binferry::worker {

enum class ChecksumAlgorithm : uint8_t { kNone = 0, kCrc32 = 1 };

// How the events of this file are written.
struct FormatDescriptionEvent {
  std::string server_version;  // E.g. "9.7.4-2".
  // The source (re)started here: a transaction that is still open never
  // ended and is void.
  bool is_server_start = false;
  ChecksumAlgorithm checksum = ChecksumAlgorithm::kNone;
};

// The events that follow stand in `file` from `position` on.
struct RotateEvent {
  absl::string_view file;
  uint64_t position = 4;
  // Made by the dump thread, not written in a file.
  bool is_artificial = false;
};

// A statement as text: BEGIN, COMMIT, DDL, or a change in statement format.
struct QueryEvent {
  uint32_t thread_id = 0;
  uint16_t error_code = 0;  // != 0: it failed half-way on the source.
  std::optional<uint64_t> sql_mode;
  // Collation id of character_set_client, in which `text` is written.
  std::optional<uint16_t> client_collation;
  // Databases of all tables that the statement may have changed, be it by
  // triggers, views, functions or foreign keys: names, each with a NUL behind
  // it. None where the source doesn't tell or there are too many.
  std::optional<absl::string_view> updated_databases;
  absl::string_view database;  // The default database; may be "".
  absl::string_view text;
};

// The end of a transaction.
struct XidEvent {
  uint64_t xid = 0;
};

// The start of a group: a transaction or a statement of its own.
struct GtidEvent {
  std::optional<Gtid> gtid;  // None: ANONYMOUS_GTID.
  // The group may hold statements beside rows. Sources before 5.7.19 say so of
  // every group.
  bool may_have_statements = false;
  // Commit time on the server where it was first committed, microseconds since
  // 1970; 0 where the source does not write it (before 8.0.1).
  uint64_t original_commit_us = 0;
  // The same on the server whose binlog this is.
  uint64_t immediate_commit_us = 0;
  // Bytes of the group, this event included; 0 where unknown (before 8.0.2).
  uint64_t transaction_length = 0;
};

// The table of the rows events to come with the same id.
struct TableMapEvent {
  uint64_t table_id = 0;
  absl::string_view database;  // UTF-8.
  absl::string_view table;
  // All bytes but the id: equal bytes mean an equal table version.
  absl::string_view identity;
};

// Rows of one table, of versions 1 (before MySQL 5.6, or with
// log_bin_use_v1_row_events) and 2, which differ in nothing that matters here.
// `kind` is the event's: each row is an after image, a before and an after
// image, or a before image.
struct RowsEvent {
  enum class Kind : uint8_t { kWrite, kUpdate, kDelete };

  // The table id that only ends a statement; there is no table.
  static constexpr uint64_t kDummyTableId = 0xffffff;

  Kind kind = Kind::kWrite;
  // PARTIAL_UPDATE_ROWS: each after image begins with packed value options; if
  // their bit 0 is set, a bit per JSON column of the table follows, least
  // significant first: whether the image has diffs in place of the document.
  // Only with kUpdate.
  bool is_partial = false;
  uint64_t table_id = 0;
  bool ends_statement = false;
  uint64_t column_count = 0;
  // A bit per column, least significant first: whether the image has it. Each
  // has (column_count + 7) / 8 bytes; empty for an image that `kind` lacks.
  absl::Span<const uint8_t> before_columns;
  absl::Span<const uint8_t> after_columns;
  absl::Span<const uint8_t> rows;
};

// The source is alive and has sent everything before this place.
struct HeartbeatEvent {
  absl::string_view file;
  // Version 1 carries only the low 32 bits; EventDecoder has the whole.
  uint64_t position = 0;
};

// The GTIDs of all earlier files, for GtidSet::Decode.
struct PreviousGtidsEvent {
  absl::string_view encoded;
};

// The statement that made the rows events behind it, in the session's character
// set, which the event doesn't tell.
struct RowsQueryEvent {
  absl::string_view sql;
};

// The source lost changes: what stands behind this event may lack some.
struct IncidentEvent {
  uint16_t number = 0;  // 1 = LOST_EVENTS, the only one that MySQL writes.
  absl::string_view text;
};

// The end of the first half of an XA transaction: its rows are valid only with
// the XA COMMIT of the same id, in a group of its own.
struct XaPrepareEvent {
  // XA COMMIT ... ONE PHASE: valid at once, no second half follows.
  bool is_one_phase = false;
  uint32_t format_id = 0;
  absl::string_view global_id;  // Bytes, as `branch_id`.
  absl::string_view branch_id;
};

// The events of a transaction behind its GTID, compressed: for PayloadReader.
struct TransactionPayloadEvent {
  static constexpr uint64_t kZstd = 0;
  static constexpr uint64_t kNotCompressed = 255;

  uint64_t algorithm = kZstd;
  uint64_t uncompressed_size = 0;  // Bytes; as written, not to be believed.
  absl::Span<const uint8_t> payload;
};

// Orderly shutdown of the source.
struct StopEvent {};

// Nothing for us: harmless, or marked as ignorable.
struct IgnoredEvent {};

// An event that may carry changes and that Binferry does not read: pass it to
// UnsupportedEventError.
struct UnsupportedEvent {
  uint8_t type = 0;
};

using Event =
    std::variant<FormatDescriptionEvent, RotateEvent, QueryEvent, XidEvent,
                 GtidEvent, TableMapEvent, RowsEvent, HeartbeatEvent,
                 PreviousGtidsEvent, RowsQueryEvent, IncidentEvent,
                 XaPrepareEvent, TransactionPayloadEvent, StopEvent,
                 IgnoredEvent, UnsupportedEvent>;

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_EVENTS_H_
