// Reading a stream of binlog events to the last value, for tests.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_STREAM_WALKER_H_
#define BINFERRY_WORKER_BINLOG_TESTING_STREAM_WALKER_H_

#include <cstdint>
#include <map>
#include <memory>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/events.h"
#include "worker/binlog/stream_grammar.h"
#include "worker/binlog/table_map.h"

namespace binferry::worker {

// Decodes all that the pipeline decodes: events, those in payloads, statements,
// sets of GTIDs, tables and rows, and reads each byte that a value points to.
// The order of events is looked at but not judged. A copy goes on from the same
// place on its own. Thread-compatible.
class StreamWalker {
 public:
  // Takes the next raw event (BinlogSource::Next). INTERNAL only if two ways to
  // read the same bytes disagree; other errors are those of the bytes, and
  // leave the walker as if the event hadn't come, if it may go on.
  absl::Status Take(absl::Span<const uint8_t> raw);

  const EventDecoder& decoder() const { return decoder_; }
  // Rows decoded since construction.
  uint64_t rows() const { return rows_; }
  // Of all bytes that values pointed to; for whoever must prove that they were
  // read.
  uint64_t sum() const { return sum_; }

 private:
  absl::Status TakeFrame(const EventFrame& frame);
  absl::Status TakePayload(const TransactionPayloadEvent& payload);
  absl::Status TakeTableMap(const TableMapEvent& event);
  absl::Status TakeRows(const RowsEvent& rows);

  EventDecoder decoder_;
  StreamGrammar grammar_;
  // Null where there is a table that can't be read. Shared by copies.
  std::map<uint64_t, std::shared_ptr<const TableMap>> maps_;
  uint64_t rows_ = 0;
  uint64_t sum_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_STREAM_WALKER_H_
