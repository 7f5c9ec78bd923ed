#include "worker/mysql/start_resolution.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "worker/mysql/binlog_time.h"
#include "worker/mysql/connection.h"

namespace binferry::worker {
namespace {

absl::Status CheckTellsGroups(const SourceHistory& history) {
  for (const char* version : {"5.0.", "5.1.", "5.5.", "5.6."}) {
    if (!absl::StartsWith(history.variables.version, version)) continue;
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat("a start at a time needs MySQL 5.7 or later; the source ",
                     history.where, " is ", history.variables.version),
        "give a file and a position (mysqlbinlog --start-datetime shows them)");
  }
  return absl::OkStatus();
}

struct OpenedHistory {
  SourceHistory history;
  // Of dumps that read its files; end at the binlog's end.
  MysqlSourceOptions search;

  // Valid while this object lives.
  BinlogTimeline Timeline() const {
    return {.where = history.where,
            .files = history.files,
            .open = [this](const std::string& file)
                -> absl::StatusOr<std::unique_ptr<BinlogSource>> {
              BINFERRY_ASSIGN_OR_RETURN(
                  std::unique_ptr<BinlogSource> opened,
                  MysqlBinlogSource::OpenFile(search, file));
              return opened;
            }};
  }
};

absl::StatusOr<OpenedHistory> OpenHistory(const MysqlSourceOptions& source) {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                            Connection::Connect(source.connection));
  OpenedHistory opened{.search = source};
  BINFERRY_ASSIGN_OR_RETURN(opened.history,
                            ReadSourceHistory(connection.get()));
  opened.search.dump.stop_at_end = true;
  BINFERRY_ASSIGN_OR_RETURN(opened.search.dump.replica_uuid,
                            connection->QueryText("SELECT UUID()"));
  return opened;
}

}  // namespace

absl::StatusOr<Checkpoint> ResolveStart(const StartPosition& start,
                                        const MysqlSourceOptions& source,
                                        const std::stop_token& stop) {
  BINFERRY_ASSIGN_OR_RETURN(const OpenedHistory opened, OpenHistory(source));
  std::optional<BinlogGroup> since;
  if (const auto* at = std::get_if<StartAtTime>(&start);
      at != nullptr && at->time <= opened.history.time) {
    BINFERRY_RETURN_IF_ERROR(CheckTellsGroups(opened.history));
    BINFERRY_ASSIGN_OR_RETURN(
        since, FindFirstSince(at->time, opened.Timeline(), stop));
  }
  return ResolveStartPosition(start, opened.history, since);
}

absl::StatusOr<std::string> DescribeStart(const StartPosition& start,
                                          const MysqlSourceOptions& source,
                                          const std::stop_token& stop) {
  BINFERRY_ASSIGN_OR_RETURN(const OpenedHistory opened, OpenHistory(source));
  // As if nothing came behind the time: what is asked of it holds all the same.
  BINFERRY_ASSIGN_OR_RETURN(const Checkpoint checkpoint,
                            ResolveStartPosition(start, opened.history));
  if (const auto* at = std::get_if<StartAtTime>(&start)) {
    BINFERRY_RETURN_IF_ERROR(CheckTellsGroups(opened.history));
    BINFERRY_ASSIGN_OR_RETURN(const std::string file,
                              FindFileOf(at->time, opened.Timeline(), stop));
    return absl::StrCat("the first transaction since ",
                        absl::FormatTime(at->time, absl::UTCTimeZone()),
                        ", to be found from ", file, " on");
  }
  if (std::holds_alternative<StartAfterGtidSet>(start))
    return "all transactions that are not in the given GTID set are there";
  return absl::StrCat(std::holds_alternative<StartNow>(start)
                          ? "the end of the binlog when the task starts, now "
                          : "",
                      checkpoint.file, ":", checkpoint.position);
}

}  // namespace binferry::worker
