// The wire side of a binlog dump.
#ifndef BINFERRY_WORKER_MYSQL_BINLOG_CONNECTION_H_
#define BINFERRY_WORKER_MYSQL_BINLOG_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/gtid_set.h"
#include "worker/mysql/connection.h"

namespace binferry::worker {

struct DumpOptions {
  // Unique among everything that replicates from the source; not 0.
  uint32_t server_id = 0;
  // Stable per task and unique. The source ends an older dump of the same UUID.
  std::string replica_uuid;
  // The source sends a heartbeat when it was silent for this long; a stream
  // without a byte for three periods is given up. Whole seconds from 1.
  absl::Duration heartbeat_period = absl::Seconds(5);
  // End the stream (OUT_OF_RANGE) where the binlog ends, instead of waiting.
  bool stop_at_end = false;
};

// What to have: the set of transactions, or a place in a file below 4 GiB.
using DumpStart = std::variant<GtidSet, Coordinates>;

// A session in which a dump runs. Thread-compatible, but for Interrupt().
class BinlogConnection {
 public:
  // `connection` must have been connected with a read timeout of three
  // heartbeat periods (see WithDumpTimeout). Sets up the session and sends the
  // dump command. The server's refusal may come as the first Next()'s error.
  static absl::StatusOr<std::unique_ptr<BinlogConnection>> Start(
      std::unique_ptr<Connection> connection, const DumpOptions& options,
      const DumpStart& start);

  ~BinlogConnection();

  // As BinlogSource.
  absl::StatusOr<absl::Span<const uint8_t>> Next();
  void Interrupt() { connection_->Interrupt(); }

  // The dump's number in the server's process list.
  uint64_t session_id() const { return connection_->session_id(); }

 private:
  BinlogConnection(std::unique_ptr<Connection> connection,
                   const DumpOptions& options);

  const std::unique_ptr<Connection> connection_;
  const DumpOptions options_;
};

// `connection` with the read timeout that a dump under `dump` needs.
ConnectionOptions WithDumpTimeout(ConnectionOptions connection,
                                  const DumpOptions& dump);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_BINLOG_CONNECTION_H_
