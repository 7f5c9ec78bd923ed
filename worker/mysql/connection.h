// A session with a MySQL server.
#ifndef BINFERRY_WORKER_MYSQL_CONNECTION_H_
#define BINFERRY_WORKER_MYSQL_CONNECTION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/mysql/client_library.h"
#include "worker/mysql/connection_options.h"
#include "worker/mysql/mysql_error.h"

namespace binferry::worker {

// One row of a result, as text; no value = NULL.
using TextRow = std::vector<std::optional<std::string>>;

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

  // The first value of the statement's first row; "" for NULL or no row.
  absl::StatusOr<std::string> QueryText(absl::string_view statement);

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
  bool interrupted() const { return interrupted_; }

  // For BinlogConnection alone: the library's own object, its last error, and
  // the socket (bytes read from it are lost to the library).
  ClientHandle* handle() const { return mysql_; }
  MysqlError LastError() const;
  int socket() const { return socket_; }
  bool is_encrypted() const { return is_encrypted_; }

 private:
  Connection(ClientHandle* mysql, int socket, const ConnectionOptions& options);

  ClientHandle* const mysql_;
  // A duplicate: the library closes its own descriptor at the first error, and
  // its number may be another socket's when Interrupt() comes.
  const int socket_;
  const std::string where_;
  const std::string server_version_;
  const bool is_encrypted_;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_CONNECTION_H_
