// Where binlog events come from: a server's dump, or files.
#ifndef BINFERRY_WORKER_BINLOG_BINLOG_SOURCE_H_
#define BINFERRY_WORKER_BINLOG_BINLOG_SOURCE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace binferry::worker {

// A stream of raw binlog events, in order, from where it was opened.
//
// Thread-compatible, but for Interrupt().
class BinlogSource {
 public:
  virtual ~BinlogSource() = default;

  // Blocks for the next event and returns its bytes: the 19 byte header, the
  // body, and the checksum where the stream has one. Valid until the next call.
  // Errors: UNAVAILABLE when the stream broke or nothing, not even a heartbeat,
  // came for three heartbeat periods (open a new one); CANCELLED after
  // Interrupt(); OUT_OF_RANGE at the end of a source that ends; DATA_LOSS,
  // PERMISSION_DENIED, FAILED_PRECONDITION as the server's reply demands.
  virtual absl::StatusOr<absl::Span<const uint8_t>> Next() = 0;

  // Whose binlog it is, as `@@server_uuid`; "" where nobody says.
  virtual std::string server_uuid() const { return ""; }

  // Makes the present and every later Next() return CANCELLED. Any thread, any
  // number of times.
  virtual void Interrupt() = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_BINLOG_SOURCE_H_
