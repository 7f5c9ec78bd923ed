// What the source's binlog holds between two places, event by event.
#ifndef BINFERRY_TESTS_CONFORMANCE_SOURCE_LOG_H_
#define BINFERRY_TESTS_CONFORMANCE_SOURCE_LOG_H_

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/binlog/binlog_source.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/events.h"
#include "worker/binlog/table_map.h"
#include "worker/binlog/transaction_payload.h"
#include "worker/select/object_selection.h"

namespace binferry::worker {

// Writes one JSON object per event and line, in stream order. All have `file`,
// `position` (where the event starts, a payload's for those inside) and `kind`:
//
//   group      the start of a group
//   query      `text` and `database` (bytes, in hex), `collation` (of the text;
//              null where the source doesn't say)
//   xid
//   rows       `database`, `table`, `change` (insert, update or delete) and
//              `count`; for tables of the selection alone
//   payload, payload_end    around the events of a compressed transaction
//   other      `type`: its number; `first_byte` of the body, null without one.
//              For INTVAR, RAND, USER_VAR, INCIDENT, XA_PREPARE
//
// Everything else is left out: table maps, heads of files, heartbeats.
// Thread-compatible.
class SourceLog {
 public:
  // Both must outlive this object.
  SourceLog(const TableSelector* selector, std::ostream* out)
      : selector_(selector), out_(out) {}

  // Reads `source`, opened at `from`, until the place `to` or its end. Errors
  // as BinlogSource::Next, EventDecoder and BuildTableMap.
  absl::Status Write(const Coordinates& from, const Coordinates& to,
                     BinlogSource* source);

 private:
  absl::Status Handle(const EventFrame& frame);
  absl::Status HandleRows(const EventFrame& frame);
  absl::Status HandlePayload(const EventFrame& frame,
                             const TransactionPayloadEvent& event);
  absl::Status HandleTableMap(const TableMapEvent& event);
  void HandleQuery(const EventFrame& frame, const QueryEvent& query);
  void Print(const EventFrame& frame, absl::string_view kind,
             nlohmann::json line);

  const TableSelector* const selector_;
  std::ostream* const out_;
  EventDecoder decoder_;
  PayloadReader payload_reader_;
  // Of the selection, by id.
  absl::flat_hash_map<uint64_t, TableMap> tables_;
};

// Whether a stream that has come to `place` has all before `to`. Files are told
// apart by the number at the end of their names.
bool HasReached(const Coordinates& place, const Coordinates& to);

}  // namespace binferry::worker

#endif  // BINFERRY_TESTS_CONFORMANCE_SOURCE_LOG_H_
