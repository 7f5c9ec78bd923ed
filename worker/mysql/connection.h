// A session with a MySQL server.
#ifndef BINFERRY_WORKER_MYSQL_CONNECTION_H_
#define BINFERRY_WORKER_MYSQL_CONNECTION_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "worker/mysql/connection_options.h"

struct st_mysql;  // The client library's; see connection.cc.

namespace binferry::worker {

// One row of a result, as text; no value = NULL.
using TextRow = std::vector<std::optional<std::string>>;

// What the client library reports: a server's error (1000-1999, 3000-) or its
// own (2000-2999), with its text.
struct MysqlError {
  unsigned int code = 0;
  std::string message;
};

// A failure to connect, as a status. PERMISSION_DENIED: the server refuses user
// or password; trying again can lock the account. UNAVAILABLE: it can't be
// reached, or breaks off (the message tells an unknown host, a closed port and
// a time-out apart). FAILED_PRECONDITION: TLS or authentication settings don't
// fit the server's.
absl::Status ConnectError(const ConnectionOptions& options,
                          const MysqlError& error);

// A failed statement, as a status. UNAVAILABLE: the connection broke.
// PERMISSION_DENIED: a privilege is missing. UNIMPLEMENTED: the server does not
// know the statement or a variable in it (an older version's name may do).
// FAILED_PRECONDITION: any other refusal. `where` is `host:port`.
absl::Status QueryError(absl::string_view where, absl::string_view statement,
                        const MysqlError& error);

// Thread-compatible, but for Interrupt().
class Connection {
 public:
  // Results above this are an error, not memory.
  static constexpr size_t kMaxResultBytes = size_t{256} << 20;

  // Blocks for at most about the connect timeout. Errors: as ConnectError.
  static absl::StatusOr<std::unique_ptr<Connection>> Connect(
      const ConnectionOptions& options);

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs one statement. Errors: as QueryError; CANCELLED after Interrupt().
  absl::StatusOr<std::vector<TextRow>> Query(absl::string_view statement);

  // `text` as a string literal, quotes included, for this session's charset.
  std::string Quote(absl::string_view text) const;

  // As the handshake says, without MariaDB's `5.5.5-`: "9.7.4",
  // "10.11.19-MariaDB-log".
  const std::string& server_version() const { return server_version_; }
  // The session's number in the server's process list.
  uint64_t session_id() const;
  // `host:port`, for messages.
  const std::string& where() const { return where_; }

  // Breaks the connection: whatever blocks on it returns at once. Any thread,
  // any number of times, while this object lives.
  void Interrupt();
  bool interrupted() const;

  // The library's own object, for BinlogConnection alone.
  st_mysql* handle() const { return mysql_; }

 private:
  Connection(st_mysql* mysql, std::string where);

  st_mysql* const mysql_;
  const std::string where_;
  const std::string server_version_;
  mutable absl::Mutex mu_;
  bool interrupted_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_CONNECTION_H_
