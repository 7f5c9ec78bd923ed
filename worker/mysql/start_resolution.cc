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

absl::StatusOr<std::optional<BinlogGroup>> FindGroup(
    const StartAtTime& start, const SourceHistory& history,
    MysqlSourceOptions source, const std::stop_token& stop) {
  BINFERRY_RETURN_IF_ERROR(CheckTellsGroups(history));
  source.dump.stop_at_end = true;
  return FindFirstSince(start.time,
                        {.where = history.where,
                         .files = history.files,
                         .open = [&source](const std::string& file)
                             -> absl::StatusOr<std::unique_ptr<BinlogSource>> {
                           BINFERRY_ASSIGN_OR_RETURN(
                               std::unique_ptr<BinlogSource> opened,
                               MysqlBinlogSource::OpenFile(source, file));
                           return opened;
                         }},
                        stop);
}

}  // namespace

absl::StatusOr<Checkpoint> ResolveStart(const StartPosition& start,
                                        const MysqlSourceOptions& source,
                                        const std::stop_token& stop) {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                            Connection::Connect(source.connection));
  BINFERRY_ASSIGN_OR_RETURN(const SourceHistory history,
                            ReadSourceHistory(connection.get()));
  std::optional<BinlogGroup> since;
  if (const auto* at = std::get_if<StartAtTime>(&start);
      at != nullptr && at->time <= history.time) {
    MysqlSourceOptions search = source;
    BINFERRY_ASSIGN_OR_RETURN(search.dump.replica_uuid,
                              connection->QueryText("SELECT UUID()"));
    BINFERRY_ASSIGN_OR_RETURN(since,
                              FindGroup(*at, history, std::move(search), stop));
  }
  return ResolveStartPosition(start, history, since);
}

}  // namespace binferry::worker
