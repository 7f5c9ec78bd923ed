// The binlog events of a MySQL server.
#ifndef BINFERRY_WORKER_MYSQL_MYSQL_BINLOG_SOURCE_H_
#define BINFERRY_WORKER_MYSQL_MYSQL_BINLOG_SOURCE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/binlog/binlog_source.h"
#include "worker/mysql/binlog_connection.h"
#include "worker/mysql/connection_options.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

struct MysqlSourceOptions {
  ConnectionOptions connection;
  DumpOptions dump;
};

// A live dump. One object is one connection: when Next() says UNAVAILABLE,
// create another at the last checkpoint.
//
// Thread-compatible, but for Interrupt().
class MysqlBinlogSource : public BinlogSource {
 public:
  // Connects, makes sure that the server is the one of `checkpoint` and still
  // has what follows it, and starts the dump: by `gtid_set` if `uses_gtid`, the
  // set not holding the transaction that is under way, else at `file` and
  // `position`. Can't be interrupted; takes a few connect timeouts at most.
  // Errors: as ConnectError, QueryError, CheckResumable, CheckSameFiles
  // and DumpError.
  static absl::StatusOr<std::unique_ptr<MysqlBinlogSource>> Create(
      const MysqlSourceOptions& options, const Checkpoint& checkpoint);

  // Connects and starts a dump at `file`'s first event, whosever server it is.
  // Errors: as ConnectError and DumpError.
  static absl::StatusOr<std::unique_ptr<MysqlBinlogSource>> OpenFile(
      const MysqlSourceOptions& options, const std::string& file);

  absl::StatusOr<absl::Span<const uint8_t>> Next() override;
  std::string server_uuid() const override { return server_uuid_; }
  void Interrupt() override;

  // The dump's number in the server's process list.
  uint64_t session_id() const { return dump_->session_id(); }

 private:
  MysqlBinlogSource(std::unique_ptr<BinlogConnection> dump,
                    std::string server_uuid);

  const std::unique_ptr<BinlogConnection> dump_;
  const std::string server_uuid_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_MYSQL_BINLOG_SOURCE_H_
