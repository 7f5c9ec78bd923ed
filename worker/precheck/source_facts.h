// What a precheck needs to know of the server itself.
#ifndef BINFERRY_WORKER_PRECHECK_SOURCE_FACTS_H_
#define BINFERRY_WORKER_PRECHECK_SOURCE_FACTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/connection_options.h"
#include "worker/mysql/source_catalog.h"

namespace binferry::worker {

// A replica, or another reader, that is registered at the source.
struct RegisteredReplica {
  uint32_t server_id = 0;
  std::string uuid;
};

struct SourceServerFacts {
  std::string where;    // host:port
  std::string account;  // As GRANT takes it.
  TlsMode tls_mode = TlsMode::kDisabled;
  bool is_encrypted = false;
  // Of the task: what it registers as.
  uint32_t task_server_id = 0;
  SourceVariables variables;
  // Other global variables by name, values as the server prints them; none for
  // those that its version lacks.
  std::map<std::string, std::string> others;
  SourcePrivileges privileges;
  // Databases that the binlog is limited to, and that it leaves out.
  std::string binlog_do_db;
  std::string binlog_ignore_db;
  // It replicates from elsewhere.
  bool is_replica = false;
  // Nothing where the user may not see them.
  std::optional<std::vector<RegisteredReplica>> replicas;
  std::optional<uint64_t> prepared_xa;  // Prepared XA transactions.
  // Sessions whose own binlog_format isn't ROW or binlog_row_image isn't FULL.
  std::optional<uint64_t> deviating_sessions;
  // What became of the start position: where it is, or why it can't be.
  absl::StatusOr<std::string> start = absl::UnknownError("not asked");

  bool may_look_at_binlog() const {
    return variables.log_bin && privileges.replication_client &&
           privileges.replication_slave;
  }

  // "" where the server lacks it.
  std::string other(const std::string& name) const {
    const auto found = others.find(name);
    return found == others.end() ? "" : found->second;
  }
};

// All but `account`, `tls_mode`, `task_server_id` and `start`. Errors: of
// ReadSourceVariables and Query; what the user may not see is no error.
absl::StatusOr<SourceServerFacts> ReadSourceServerFacts(Connection* connection);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PRECHECK_SOURCE_FACTS_H_
