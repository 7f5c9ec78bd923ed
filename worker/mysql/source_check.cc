#include "worker/mysql/source_check.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

void CheckBinlog(const SourceFacts& facts, SourceReport& report) {
  const SourceVariables& v = facts.variables;
  const auto violates = [&](auto&&... parts) {
    report.violations.push_back(absl::FailedPreconditionError(
        absl::StrCat("source ", facts.where, ": ", parts...)));
  };
  if (!v.log_bin) {
    // Nothing else about the binlog matters then.
    violates("the binlog is off (log_bin=OFF): start the server with log_bin");
    return;
  }
  if (v.server_id == 0)
    violates(
        "server_id is 0, with which a server refuses replicas: set it to "
        "another number");
  if (v.binlog_format != "ROW")
    violates("binlog_format is ", v.binlog_format,
             ", which logs statements and not rows: SET GLOBAL "
             "binlog_format=ROW (and in the server's configuration), then "
             "reconnect the applications; sessions keep the old format");
  if (v.binlog_row_metadata != "FULL")
    violates("binlog_row_metadata is ",
             v.binlog_row_metadata.empty() ? "not known to version " + v.version
                                           : v.binlog_row_metadata,
             ", so that the binlog lacks column names: SET PERSIST "
             "binlog_row_metadata=FULL (MySQL 8.0.1 and later)");
}

void CheckAccess(const SourceFacts& facts, SourceReport& report) {
  const auto lacks = [&](absl::string_view privilege) {
    report.violations.push_back(absl::PermissionDeniedError(
        absl::StrCat("source.username: user ", facts.user, " at ", facts.where,
                     " lacks the privilege ", privilege, ": GRANT ", privilege,
                     " ON *.* to it")));
  };
  if (!facts.privileges.replication_slave) lacks("REPLICATION SLAVE");
  if (!facts.privileges.replication_client) lacks("REPLICATION CLIENT");
  for (const RequiredObject& object : facts.missing_objects) {
    const bool is_database = object.table.empty();
    report.violations.push_back(absl::FailedPreconditionError(absl::StrCat(
        object.field, ": ", is_database ? "database " : "table ",
        is_database ? object.database
                    : absl::StrCat(object.database, ".", object.table),
        " does not exist on ", facts.where, ", or user ", facts.user,
        " may not see it: check the name (letter case counts) and GRANT SELECT "
        "on it")));
  }
}

// What row images lack.
void AddImageNotes(const SourceFacts& facts, SourceReport& report) {
  const SourceVariables& v = facts.variables;
  if (v.binlog_row_image.empty() || v.binlog_row_image == "FULL") return;
  const auto note = [&](auto&&... parts) {
    report.notes.push_back(absl::StrCat("source ", facts.where,
                                        ": binlog_row_image is ",
                                        v.binlog_row_image, parts...));
  };
  note(
      ": records carry only the columns that the binlog has; set FULL to have "
      "all");
  if (facts.records_go_by_key)
    note(
        " and the partition policy PRIMARY_KEY_HASH: an UPDATE that changes "
        "its row's key becomes a DELETE and an INSERT, and the INSERT lacks "
        "the unchanged columns that the binlog lacks; set FULL, or choose "
        "TABLE_HASH");
  if (absl::StrContains(v.binlog_row_value_options, "PARTIAL_JSON"))
    note(
        " and binlog_row_value_options is PARTIAL_JSON: the binlog has changes "
        "of JSON columns without the documents that they apply to, and the "
        "task fails at the first one, or, with unreadable_change_policy ALERT, "
        "leaves out the column; SET PERSIST binlog_row_image=FULL, or SET "
        "PERSIST binlog_row_value_options=''");
}

void AddNotes(const SourceFacts& facts, SourceReport& report) {
  const SourceVariables& v = facts.variables;
  const auto note = [&](auto&&... parts) {
    report.notes.push_back(
        absl::StrCat("source ", facts.where, ": ", parts...));
  };
  if (!v.log_bin) return;
  AddImageNotes(facts, report);
  if (!v.uses_gtid())
    note("gtid_mode is ", v.gtid_mode.empty() ? "OFF" : v.gtid_mode,
         ": the task resumes by file and position, and can't follow a "
         "failover to another server");
  constexpr uint64_t kShortRetention = 24 * 60 * 60;
  const uint64_t expire_s = v.binlog_expire_logs_seconds.value_or(0);
  if (expire_s != 0 && expire_s < kShortRetention)
    note("binlogs are purged after ", expire_s,
         " s (binlog_expire_logs_seconds): a longer outage loses changes");
}

}  // namespace

absl::Status SourceReport::ToStatus() const {
  if (violations.empty()) return absl::OkStatus();
  return absl::Status(
      violations.front().code(),
      absl::StrJoin(
          violations, "; ", [](std::string* out, const absl::Status& status) {
            out->append(status.message().data(), status.message().size());
          }));
}

SourceReport CheckSource(const SourceFacts& facts) {
  SourceReport report;
  CheckBinlog(facts, report);
  CheckAccess(facts, report);
  AddNotes(facts, report);
  return report;
}

absl::StatusOr<SourceFacts> ReadSourceFacts(
    Connection* connection, const std::string& user,
    const std::vector<RequiredObject>& objects) {
  SourceFacts facts;
  facts.where = connection->where();
  facts.user = user;
  BINFERRY_ASSIGN_OR_RETURN(facts.variables, ReadSourceVariables(connection));
  BINFERRY_ASSIGN_OR_RETURN(facts.privileges, ReadSourcePrivileges(connection));
  BINFERRY_ASSIGN_OR_RETURN(facts.missing_objects,
                            FindMissingObjects(connection, objects));
  return facts;
}

}  // namespace binferry::worker
