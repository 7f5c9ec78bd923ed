#include "worker/precheck/source_items.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/remedy.h"
#include "worker/precheck/finding.h"
#include "worker/precheck/source_binlog_items.h"

namespace binferry::worker {
namespace {

PrecheckItem Version(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_version",
                    .title = "Version of the source",
                    .group = "version",
                    .wanted = "MySQL 8.0.1 to 9.7"};
  const std::string& version = facts.variables.version;
  const std::string found = absl::StrCat("MySQL ", version);
  const std::vector<std::string> parts = absl::StrSplit(version, '.');
  int major = 0;
  int minor = 0;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[0], &major) ||
      !absl::SimpleAtoi(parts[1], &minor))
    return Alarm(std::move(item), found,
                 "this is not how MySQL numbers its versions",
                 "make sure that the source is MySQL 8.0.1 or later");
  if (major < 8)
    return Failed(std::move(item), found,
                  "its binlog has no names of columns, without which no record "
                  "can be made",
                  "upgrade the source to MySQL 8.0.1 or later");
  if (major > 9 || (major == 9 && minor > 7))
    return Alarm(std::move(item), found,
                 "it is newer than this release of Binferry, which stops where "
                 "the binlog has something that it doesn't know",
                 "run the task on test data first, or update the workers");
  return Passed(std::move(item), found);
}

PrecheckItem Privileges(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_privileges",
                    .title = "Privileges for the binlog",
                    .group = "privileges",
                    .wanted = "REPLICATION SLAVE, REPLICATION CLIENT on *.*"};
  std::vector<std::string> missing;
  if (!facts.privileges.replication_slave)
    missing.push_back("REPLICATION SLAVE");
  if (!facts.privileges.replication_client)
    missing.push_back("REPLICATION CLIENT");
  if (missing.empty()) return Passed(std::move(item), "both are granted");
  return Failed(
      std::move(item),
      absl::StrCat(facts.account, " lacks ", absl::StrJoin(missing, " and ")),
      "without REPLICATION SLAVE the binlog can't be read, without REPLICATION "
      "CLIENT it isn't known where it is",
      absl::StrCat("GRANT ", absl::StrJoin(missing, ", "), " ON *.* TO ",
                   facts.account));
}

PrecheckItem Tls(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_tls",
                    .title = "Encryption of the connection",
                    .group = "security",
                    .wanted = "TLS"};
  switch (facts.tls_mode) {
    case TlsMode::kDisabled:
      return Alarm(std::move(item), "source.tls_mode is disabled",
                   "rows cross the network between source and worker as they "
                   "are",
                   "set source.tls_mode to verify-identity and "
                   "source.ca_certificate to the authority of the server's "
                   "certificate");
    case TlsMode::kRequired:
      return Passed(std::move(item),
                    "encrypted; who the server is isn't verified");
    case TlsMode::kVerifyCa:
      return Passed(std::move(item),
                    "encrypted; the server's authority is verified");
    case TlsMode::kVerifyIdentity:
      return Passed(std::move(item),
                    "encrypted; the server's identity is verified");
  }
  return item;
}

PrecheckItem ServerId(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_server_id",
                    .title = "Server id of the source",
                    .group = "replication",
                    .wanted = "server_id from 1 to 4294967295"};
  const std::string found =
      absl::StrCat("server_id=", facts.variables.server_id);
  if (facts.variables.server_id != 0) return Passed(std::move(item), found);
  return Failed(std::move(item), found,
                "a server with the id 0 refuses everybody who asks for its "
                "binlog",
                "SET PERSIST server_id=1, or another number that no other "
                "server of its replication has");
}

PrecheckItem DuplicateServerId(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_duplicate_server_id",
                    .title = "Server id of the task",
                    .group = "replication",
                    .wanted = "nobody else at the source has it"};
  const std::string id = absl::StrCat("the task's is ", facts.task_server_id);
  if (!facts.replicas.has_value())
    return Passed(std::move(item),
                  absl::StrCat(id,
                               "; other readers are not seen, for lack of "
                               "REPLICATION SLAVE"));
  std::string other;
  if (facts.task_server_id == facts.variables.server_id) other = "the source";
  for (const RegisteredReplica& replica : *facts.replicas) {
    if (replica.server_id == facts.task_server_id)
      other = absl::StrCat("the replica ", replica.uuid);
  }
  if (other.empty())
    return Passed(std::move(item),
                  absl::StrCat(id, "; ", facts.replicas->size(),
                               " replicas have others"));
  return Alarm(std::move(item), absl::StrCat(id, ", and so is that of ", other),
               "some versions and proxies end the older of two readers with "
               "one id",
               "give the other one another server_id (SET PERSIST "
               "server_id=…)");
}

PrecheckItem GtidMode(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_gtid_mode",
                    .title = "GTIDs",
                    .group = "replication",
                    .wanted = "gtid_mode=ON"};
  const std::string mode =
      facts.variables.gtid_mode.empty() ? "OFF" : facts.variables.gtid_mode;
  if (mode == "ON") return Passed(std::move(item), "gtid_mode=ON");
  return Alarm(
      std::move(item), absl::StrCat("gtid_mode=", mode),
      "the task resumes by file and position: it can't go on after a failover "
      "to another server, and stops there",
      "SET PERSIST enforce_gtid_consistency=ON; then, step by step, SET "
      "PERSIST "
      "gtid_mode=OFF_PERMISSIVE, ON_PERMISSIVE, ON");
}

PrecheckItem ReplicaUpdates(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_replica_updates",
                    .title = "Changes that come by replication",
                    .group = "replication",
                    .wanted = "log_replica_updates=ON on a replica"};
  if (!facts.is_replica)
    return Passed(std::move(item), "the source is not a replica");
  const std::string now = facts.other("log_replica_updates");
  const std::string value =
      now.empty() ? facts.other("log_slave_updates") : now;
  std::string found =
      absl::StrCat("the source is a replica, log_replica_updates=", value);
  if (facts.other("super_read_only") == "ON")
    absl::StrAppend(&found, ", super_read_only=ON");
  if (value == "ON") return Passed(std::move(item), std::move(found));
  return Failed(std::move(item), std::move(found),
                "what it gets by replication is not in its binlog and would "
                "not be carried",
                "add log_replica_updates=ON to the server's configuration and "
                "restart it, or give the server that it replicates from as the "
                "source");
}

PrecheckItem Start(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_start_position",
                    .title = "Start position",
                    .group = "position",
                    .wanted = "the source has all changes from it on"};
  if (facts.start.ok()) return Passed(std::move(item), *facts.start);
  const std::string remedy = RemedyOf(facts.start.status());
  return Failed(std::move(item), "not there", CauseOf(facts.start.status()),
                remedy.empty() ? "give another start position; "
                                 "GetSourcePosition tells what there is"
                               : remedy);
}

}  // namespace

std::vector<PrecheckItem> JudgeSource(const SourceServerFacts& facts) {
  std::vector<PrecheckItem> items;
  for (PrecheckItem (*judge)(const SourceServerFacts&) :
       {Version, Privileges, Tls, ServerId, DuplicateServerId, GtidMode,
        ReplicaUpdates})
    items.push_back(judge(facts));
  JudgeBinlog(facts, &items);
  if (facts.may_look_at_binlog()) items.push_back(Start(facts));
  return items;
}

PrecheckItem JudgeSourceConnection(const std::string& where,
                                   const absl::Status& status) {
  PrecheckItem item{.id = "source_connection",
                    .title = "Connection to the source",
                    .group = "connection",
                    .wanted = "the worker can connect and log in"};
  if (status.ok())
    return Passed(std::move(item), absl::StrCat("connected to ", where));
  const std::string remedy = RemedyOf(status);
  return Failed(std::move(item), absl::StrCat("no use of ", where),
                CauseOf(status),
                remedy.empty() ? "test the source's connection: its steps tell "
                                 "where it fails"
                               : remedy);
}

}  // namespace binferry::worker
