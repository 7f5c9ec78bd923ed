// From a stream's raw events to lines.
#ifndef BINFERRY_WORKER_DECODE_BINLOG_PRINTER_H_
#define BINFERRY_WORKER_DECODE_BINLOG_PRINTER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/events.h"
#include "worker/binlog/row_decoder.h"
#include "worker/binlog/transaction_payload.h"
#include "worker/decode/event_content.h"
#include "worker/decode/line_writer.h"
#include "worker/decode/row_image.h"
#include "worker/decode/table_directory.h"
#include "worker/decode/table_filter.h"
#include "worker/schema/row.h"

namespace binferry::worker {

struct PrintOptions {
  bool prints_events = true;
  bool prints_changes = true;
  // Events that stand in no file too: heartbeats and artificial ones.
  bool prints_artificial = false;
  TableFilter filter;  // Of changes.
  RecordFormat format = RecordFormat::kJson;
  // Called for an event whose frame is sound and whose content can't be read,
  // which is then passed over; if empty, the stream ends there.
  std::function<void(const absl::Status&)> on_unreadable;
};

// Prints events and row changes in the form of docs/decode.md. Whatever a
// stream may hold is printed, in whatever order: XA transactions before they
// are committed, changes that a ROLLBACK follows.
//
// Thread-compatible.
class BinlogPrinter {
 public:
  // `out` must outlive this object. `start`: see EventDecoder.
  BinlogPrinter(PrintOptions options, LineWriter* out, Coordinates start = {});

  // Prints what the next raw event of the stream holds. Errors: LineWriter's;
  // else, naming FILE:POSITION, DATA_LOSS for damaged bytes, UNIMPLEMENTED for
  // what isn't read, and other statuses of the decoders. What stands in front
  // of the error was printed.
  absl::Status Print(absl::Span<const uint8_t> raw);

  // The place behind the last event.
  const Coordinates& place() const { return decoder_.place(); }

 private:
  // An event, and whether it stands in a TRANSACTION_PAYLOAD.
  struct Occurrence {
    EventFrame frame;
    std::string file;
    uint64_t end = 0;
    bool is_inner = false;
  };

  absl::Status PrintEvent(const Occurrence& occurrence);
  absl::Status PrintContent(const Occurrence& occurrence, const Event& event);
  // Keeps up with transactions and tables, and gives what the event alone
  // doesn't tell.
  absl::Status Follow(const Event& event, EventSurroundings* surroundings);
  absl::Status FollowTableMap(const TableMapEvent& event,
                              EventSurroundings* surroundings);
  absl::Status FollowRows(const RowsEvent& rows,
                          EventSurroundings* surroundings);
  void BeginGroup(std::string gtid);
  // Prints the line of an event, with `problem` or, where that is OK, the
  // problem that its content turns out to be.
  absl::Status PrintLine(const Occurrence& occurrence, const Event* event,
                         const EventSurroundings& surroundings,
                         absl::Status* problem);
  absl::Status PrintPayload(const Occurrence& outer,
                            const TransactionPayloadEvent& payload);
  absl::Status PrintChanges(const Occurrence& occurrence,
                            const PrintedTable& table, const RowsEvent& rows);
  absl::Status PrintChange(const Occurrence& occurrence,
                           const std::string& time, const PrintedTable& table,
                           const RowsEvent& rows);
  // Hands on what can't be read, or returns it.
  absl::Status Unreadable(const absl::Status& status) const;
  bool IsPrinted(const Occurrence& occurrence) const;
  bool IsSelected(const PrintedTable& table) const;

  const PrintOptions options_;
  LineWriter* const out_;
  EventDecoder decoder_;
  PayloadReader payload_;
  TableDirectory tables_;
  RowDecoder rows_{MissingDocument::kLeaveOut};
  RowImageWriter images_;
  std::vector<Value> before_;
  std::vector<Value> after_;
  // Of the transaction under way:
  std::string gtid_;  // "" = not known, or none.
  uint64_t change_count_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_BINLOG_PRINTER_H_
