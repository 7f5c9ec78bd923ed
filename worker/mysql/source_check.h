// Whether a source is set up for a task.
#ifndef BINFERRY_WORKER_MYSQL_SOURCE_CHECK_H_
#define BINFERRY_WORKER_MYSQL_SOURCE_CHECK_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/source_catalog.h"

namespace binferry::worker {

struct SourceFacts {
  std::string where;  // host:port
  std::string user;
  SourceVariables variables;
  SourcePrivileges privileges;
  std::vector<RequiredObject> missing_objects;
  // Of the task: its records go to partitions by their keys.
  bool records_go_by_key = false;
};

struct SourceReport {
  // What keeps a task from running; each FAILED_PRECONDITION (for a missing
  // privilege PERMISSION_DENIED) with cause and remedy.
  std::vector<absl::Status> violations;
  // What a user should know and may accept. Nothing relies on them: sessions
  // can change most of it for themselves at any time.
  std::vector<std::string> notes;

  // OK, or one status with the text of every violation and the first's code.
  absl::Status ToStatus() const;
};

SourceReport CheckSource(const SourceFacts& facts);

// Reads the facts of the server behind `connection`.
absl::StatusOr<SourceFacts> ReadSourceFacts(
    Connection* connection, const std::string& user,
    const std::vector<RequiredObject>& objects);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_SOURCE_CHECK_H_
