#include "worker/precheck/source_binlog_items.h"

#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "worker/precheck/finding.h"

namespace binferry::worker {
namespace {

constexpr char kGroup[] = "binlog";

PrecheckItem Binlog(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_binlog",
                    .title = "Binlog of the source",
                    .group = kGroup,
                    .wanted = "log_bin=ON"};
  if (facts.variables.log_bin) return Passed(std::move(item), "log_bin=ON");
  return Failed(std::move(item), "log_bin=OFF",
                "changes are read from the binlog, and the source writes none",
                "add log_bin=binlog to the server's configuration and restart "
                "it");
}

PrecheckItem Format(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_binlog_format",
                    .title = "Binlog format",
                    .group = kGroup,
                    .wanted = "binlog_format=ROW"};
  const std::string found =
      absl::StrCat("binlog_format=", facts.variables.binlog_format);
  if (facts.variables.binlog_format == "ROW")
    return Passed(std::move(item), found);
  return Failed(std::move(item), found,
                "the binlog holds statements in place of the rows that they "
                "changed",
                "SET PERSIST binlog_format=ROW (or binlog_format=ROW in the "
                "server's configuration), and reconnect the applications: "
                "sessions keep the format that they began with");
}

PrecheckItem Sessions(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_sessions",
                    .title = "Sessions with a binlog format of their own",
                    .group = kGroup,
                    .wanted =
                        "every session has binlog_format=ROW and "
                        "binlog_row_image=FULL"};
  if (!facts.deviating_sessions.has_value())
    return Passed(
        std::move(item),
        "not seen: the account has no SELECT on performance_schema, so only "
        "the global settings are known");
  if (*facts.deviating_sessions == 0)
    return Passed(std::move(item), "no session deviates");
  return Alarm(
      std::move(item),
      absl::StrCat(*facts.deviating_sessions, " sessions deviate"),
      "what they change stands in the binlog as statements, or with columns "
      "missing, whatever the global settings are",
      "SELECT t.PROCESSLIST_ID, v.VARIABLE_NAME, v.VARIABLE_VALUE FROM "
      "performance_schema.variables_by_thread v JOIN "
      "performance_schema.threads t USING (THREAD_ID) WHERE v.VARIABLE_NAME IN "
      "('binlog_format', 'binlog_row_image') AND v.VARIABLE_VALUE NOT IN "
      "('ROW', 'FULL'); then KILL those sessions, so that they reconnect");
}

PrecheckItem RowImage(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_row_image",
                    .title = "Row images",
                    .group = kGroup,
                    .wanted = "binlog_row_image=FULL"};
  const std::string& image = facts.variables.binlog_row_image;
  if (image.empty() || image == "FULL")
    return Passed(std::move(item), "binlog_row_image=FULL");
  return Alarm(std::move(item), absl::StrCat("binlog_row_image=", image),
               "records of UPDATE and DELETE carry only the columns that the "
               "binlog has",
               "SET PERSIST binlog_row_image=FULL, and reconnect the "
               "applications");
}

PrecheckItem RowMetadata(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_row_metadata",
                    .title = "Row metadata",
                    .group = kGroup,
                    .wanted = "binlog_row_metadata=FULL"};
  const std::string& metadata = facts.variables.binlog_row_metadata;
  if (metadata == "FULL")
    return Passed(std::move(item), "binlog_row_metadata=FULL");
  if (metadata.empty())
    return Failed(std::move(item),
                  absl::StrCat("MySQL ", facts.variables.version,
                               " has no binlog_row_metadata"),
                  "the binlog of this version has no names of columns",
                  "upgrade the source to MySQL 8.0.1 or later");
  return Failed(std::move(item), absl::StrCat("binlog_row_metadata=", metadata),
                "the binlog has no names of columns",
                "SET PERSIST binlog_row_metadata=FULL");
}

PrecheckItem PartialJson(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_partial_json",
                    .title = "Partial JSON updates",
                    .group = kGroup,
                    .wanted =
                        "binlog_row_value_options='', or "
                        "binlog_row_image=FULL beside PARTIAL_JSON"};
  const std::string& options = facts.variables.binlog_row_value_options;
  const std::string found =
      absl::StrCat("binlog_row_value_options='", options, "'");
  if (!absl::StrContains(options, "PARTIAL_JSON") ||
      facts.variables.binlog_row_image == "FULL")
    return Passed(std::move(item), found);
  return Alarm(
      std::move(item),
      absl::StrCat(found,
                   ", binlog_row_image=", facts.variables.binlog_row_image),
      "the binlog has changes of JSON columns without the documents that they "
      "apply to: the task fails at the first one, or, with "
      "unreadable_change_policy ALERT, leaves out the column",
      "SET PERSIST binlog_row_image=FULL, or SET PERSIST "
      "binlog_row_value_options=''");
}

PrecheckItem Compression(const SourceServerFacts& facts) {
  const std::string& compression =
      facts.variables.binlog_transaction_compression;
  return Passed({.id = "source_compression",
                 .title = "Compressed transactions",
                 .group = kGroup,
                 .wanted = "any: both are read"},
                absl::StrCat("binlog_transaction_compression=",
                             compression.empty() ? "OFF" : compression));
}

PrecheckItem Encryption(const SourceServerFacts& facts) {
  const std::string encryption = facts.other("binlog_encryption");
  return Passed({.id = "source_binlog_encryption",
                 .title = "Encryption of binlog files",
                 .group = kGroup,
                 .wanted = "any: the server decrypts what it sends"},
                absl::StrCat("binlog_encryption=",
                             encryption.empty() ? "OFF" : encryption));
}

PrecheckItem Retention(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_retention",
                    .title = "How long the source keeps its binlogs",
                    .group = kGroup,
                    .wanted = "3 days or longer"};
  constexpr uint64_t kWantedSeconds = 3 * 24 * 60 * 60;
  const bool is_off = facts.other("binlog_expire_logs_auto_purge") == "OFF";
  const uint64_t seconds =
      is_off ? 0 : facts.variables.binlog_expire_logs_seconds.value_or(0);
  uint64_t space_limit = 0;
  if (absl::SimpleAtoi(facts.other("binlog_space_limit"), &space_limit) &&
      space_limit != 0)
    return Alarm(std::move(item),
                 absl::StrCat("binlog_space_limit=", space_limit),
                 "the source purges binlogs by their size: a task that is "
                 "paused or held up for long may lose changes",
                 "SET GLOBAL binlog_space_limit=0, or one that holds 3 days");
  if (seconds == 0)
    return Passed(std::move(item),
                  "for ever: nothing is purged by age; mind the disk");
  const std::string found =
      absl::FormatDuration(absl::Seconds(static_cast<int64_t>(seconds)));
  if (seconds >= kWantedSeconds) return Passed(std::move(item), found);
  return Alarm(std::move(item), found,
               "a task that is paused or held up for longer loses changes for "
               "good",
               absl::StartsWith(facts.variables.version, "5.")
                   ? "SET GLOBAL expire_logs_days=7"
                   : "SET PERSIST binlog_expire_logs_seconds=604800");
}

PrecheckItem Filters(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_binlog_filters",
                    .title = "Databases that the binlog leaves out",
                    .group = kGroup,
                    .wanted = "neither binlog_do_db nor binlog_ignore_db"};
  if (facts.binlog_do_db.empty() && facts.binlog_ignore_db.empty())
    return Passed(std::move(item), "none");
  return Alarm(
      std::move(item),
      absl::StrCat("binlog_do_db='", facts.binlog_do_db,
                   "', binlog_ignore_db='", facts.binlog_ignore_db, "'"),
      "changes of databases that are left out are in no binlog and "
      "are not carried",
      "remove both from the server's configuration and restart it, "
      "or be sure that the selected databases are not concerned");
}

PrecheckItem PreparedXa(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_xa",
                    .title = "Prepared XA transactions",
                    .group = kGroup,
                    .wanted = "none: XA transactions are not carried"};
  if (!facts.prepared_xa.has_value())
    return Passed(std::move(item),
                  "not seen: the account lacks XA_RECOVER_ADMIN");
  if (*facts.prepared_xa == 0) return Passed(std::move(item), "none");
  return Alarm(std::move(item), absl::StrCat(*facts.prepared_xa, " prepared"),
               "the task stops where the binlog has an XA transaction, "
               "prepared or committed",
               "XA RECOVER shows them; end each by XA COMMIT or XA ROLLBACK, "
               "and start the task behind them");
}

PrecheckItem MaxAllowedPacket(const SourceServerFacts& facts) {
  return Passed(
      {.id = "source_max_allowed_packet",
       .title = "Packet limit",
       .group = kGroup,
       .wanted = "any: the source sends events up to 1 GiB to those "
                 "who read its binlog"},
      absl::StrCat("max_allowed_packet=", facts.other("max_allowed_packet")));
}

PrecheckItem Durability(const SourceServerFacts& facts) {
  PrecheckItem item{.id = "source_sync_binlog",
                    .title = "Durability of the binlog",
                    .group = kGroup,
                    .wanted = "sync_binlog=1"};
  const std::string found =
      absl::StrCat("sync_binlog=", facts.other("sync_binlog"));
  if (facts.other("sync_binlog") == "1") return Passed(std::move(item), found);
  return Alarm(std::move(item), found,
               "when its machine crashes, the source can lose transactions "
               "that the task has carried already; the task then stops",
               "SET PERSIST sync_binlog=1");
}

}  // namespace

void JudgeBinlog(const SourceServerFacts& facts,
                 std::vector<PrecheckItem>* items) {
  items->push_back(Binlog(facts));
  if (!facts.variables.log_bin) return;
  for (PrecheckItem (*judge)(const SourceServerFacts&) :
       {Format, Sessions, RowImage, RowMetadata, PartialJson, Compression,
        Encryption, Retention, Filters, PreparedXa, MaxAllowedPacket,
        Durability})
    items->push_back(judge(facts));
}

}  // namespace binferry::worker
