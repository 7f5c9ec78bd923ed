// What errors of MySQL servers and of the client library mean to a task.
#ifndef BINFERRY_WORKER_MYSQL_MYSQL_ERROR_H_
#define BINFERRY_WORKER_MYSQL_MYSQL_ERROR_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/mysql/connection_options.h"

namespace binferry::worker {

// What the client library reports: a server's error (1000-1999, 3000-) or its
// own (2000-2999, 5000-5999), with its text.
struct MysqlError {
  unsigned int code = 0;
  std::string message;
};

// A failure to connect, as a status. PERMISSION_DENIED: the server refuses user
// or password; trying again can lock the account. UNAVAILABLE: it can't be
// reached, or breaks off (the message tells an unknown host, a closed port and
// a time-out apart). FAILED_PRECONDITION: TLS or authentication settings don't
// fit the server's. Where a setting of the task is the cause, the message names
// its field: source.host, source.port, source.username, source.password,
// source.tls_mode.
absl::Status ConnectError(const ConnectionOptions& options,
                          const MysqlError& error);

// A failed statement, as a status. UNAVAILABLE: the connection broke.
// PERMISSION_DENIED: a privilege is missing. UNIMPLEMENTED: the server does not
// know the statement or a variable in it (an older version's name may do).
// FAILED_PRECONDITION: any other refusal. `where` is `host:port`; `statement`
// must hold no secret.
absl::Status QueryError(absl::string_view where, absl::string_view statement,
                        const MysqlError& error);

// The status that an error packet of a binlog dump (or of the command that
// starts it) means, with what the user can do (the texts: rpl_binlog_sender.cc
// of mysql-server). DATA_LOSS: history is gone, or isn't the one that the
// checkpoint knows. ABORTED: another reader with our identity has replaced us;
// it may be a former owner of the task that woke up, so try again.
// FAILED_PRECONDITION: the binlog is off; a retry can't help. UNIMPLEMENTED:
// what was asked for was written under another gtid_mode.
// PERMISSION_DENIED: REPLICATION SLAVE is missing. UNAVAILABLE: the connection
// broke.
absl::Status DumpError(absl::string_view where, const MysqlError& error);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_MYSQL_ERROR_H_
