#include "worker/mysql/start_position.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

// COM_BINLOG_DUMP has 32 bits for the position.
constexpr uint64_t kPositionLimit = uint64_t{1} << 32;
// A binlog file's magic number comes before its first event.
constexpr uint64_t kFirstPosition = 4;

// A set's text for a message: sets can have thousands of intervals.
std::string Shortened(const GtidSet& set) {
  constexpr size_t kMaxShown = 500;
  std::string text = set.ToString();
  if (text.size() > kMaxShown) {
    text.resize(kMaxShown);
    text += "…";
  }
  return text;
}

absl::Status CheckPurged(const GtidSet& have, const SourceVariables& variables,
                         const std::string& where) {
  const GtidSet missing = variables.gtid_purged.Minus(have);
  if (missing.empty()) return absl::OkStatus();
  return RemedyError(
      absl::StatusCode::kDataLoss,
      absl::StrCat("the source ", where,
                   " purged transactions that were not read yet, ",
                   Shortened(missing), "; they are missing for good"),
      "start from a present position, and keep binlogs longer "
      "(binlog_expire_logs_seconds)");
}

absl::Status CheckSameHistory(const GtidSet& have,
                              const SourceVariables& variables,
                              const std::string& where) {
  const GtidSet& executed = variables.gtid_executed;
  if (have.empty() || have.SharesUuid(executed)) return absl::OkStatus();
  return RemedyError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("the GTID set ", Shortened(have),
                   " shares no server UUID with what the source ", where,
                   " has executed (", Shortened(executed),
                   "), so that this is another server"),
      "point source.host at the right one");
}

// The transactions of `have` that this server numbered itself and doesn't have.
// Those of other servers it may never have seen: harmless.
absl::StatusOr<GtidSet> TransactionsAhead(const GtidSet& have,
                                          const SourceVariables& variables) {
  const GtidSet ahead = have.Minus(variables.gtid_executed);
  if (ahead.empty() || variables.server_uuid.empty()) return GtidSet();
  BINFERRY_ASSIGN_OR_RETURN(
      const GtidSet own,
      GtidSet::Parse(absl::StrCat(variables.server_uuid, ":1")));
  return ahead.SharesUuid(own) ? ahead : GtidSet();
}

Checkpoint CheckpointAt(const SourceVariables& variables,
                        const Coordinates& coordinates) {
  Checkpoint checkpoint;
  checkpoint.server_uuid = variables.server_uuid;
  checkpoint.file = coordinates.file;
  checkpoint.position = coordinates.position;
  return checkpoint;
}

absl::Status CheckPositionFits(uint64_t position, const std::string& file) {
  if (position < kFirstPosition)
    return absl::InvalidArgumentError(absl::StrCat(
        "start position ", file, ":", position,
        " is before the first event of a file, which is at ", kFirstPosition));
  if (position >= kPositionLimit)
    return RemedyError(absl::StatusCode::kFailedPrecondition,
                       absl::StrCat("position ", file, ":", position,
                                    " lies above 4 GiB, where MySQL's protocol "
                                    "can't start to read"),
                       "use a GTID set (gtid_mode=ON), or FLUSH BINARY LOGS "
                       "and a position in the new file");
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> ResolveNow(const SourceHistory& history) {
  Checkpoint checkpoint =
      CheckpointAt(history.variables, history.position.coordinates);
  if (history.variables.uses_gtid()) {
    checkpoint.uses_gtid = true;
    checkpoint.gtid_set = history.position.gtid_executed.ToString();
    return checkpoint;
  }
  BINFERRY_RETURN_IF_ERROR(
      CheckPositionFits(checkpoint.position, checkpoint.file));
  return checkpoint;
}

absl::StatusOr<Checkpoint> ResolveGtidSet(const StartAfterGtidSet& start,
                                          const SourceHistory& history) {
  const SourceVariables& variables = history.variables;
  BINFERRY_ASSIGN_OR_RETURN(const GtidSet set, GtidSet::Parse(start.gtid_set));
  if (!variables.uses_gtid())
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat(
            "a start after a GTID set needs gtid_mode=ON on the "
            "source ",
            history.where, ", which has ",
            variables.gtid_mode.empty() ? "none" : variables.gtid_mode),
        "start now, or at a file and position");
  BINFERRY_ASSIGN_OR_RETURN(const GtidSet ahead,
                            TransactionsAhead(set, variables));
  if (!ahead.empty())
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat("the start's GTID set holds transactions that the source ",
                     history.where, " has not executed yet, ",
                     Shortened(ahead)),
        "leave them out");
  BINFERRY_RETURN_IF_ERROR(CheckSameHistory(set, variables, history.where));
  BINFERRY_RETURN_IF_ERROR(CheckPurged(set, variables, history.where));
  Checkpoint checkpoint = CheckpointAt(variables, Coordinates{});
  checkpoint.uses_gtid = true;
  checkpoint.gtid_set = set.ToString();
  return checkpoint;
}

absl::Status CheckNotAhead(absl::Time time, const SourceHistory& history) {
  if (time <= history.time) return absl::OkStatus();
  return RemedyError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("the start position's time ",
                   absl::FormatTime(time, absl::UTCTimeZone()),
                   " lies ahead of the clock of the source ", history.where,
                   ", which shows ",
                   absl::FormatTime(history.time, absl::UTCTimeZone())),
      "give an earlier time, or no start position and a start time");
}

absl::StatusOr<Checkpoint> ResolveTime(
    const StartAtTime& start, const SourceHistory& history,
    const std::optional<BinlogGroup>& since) {
  BINFERRY_RETURN_IF_ERROR(CheckNotAhead(start.time, history));
  // Whatever comes behind the end that was read is younger than `start.time`.
  if (!since.has_value()) return ResolveNow(history);
  Checkpoint checkpoint = CheckpointAt(history.variables, since->start);
  if (history.variables.uses_gtid() && since->gtid.has_value()) {
    checkpoint.uses_gtid = true;
    checkpoint.gtid_set = since->executed_before.ToString();
    return checkpoint;
  }
  BINFERRY_RETURN_IF_ERROR(
      CheckPositionFits(checkpoint.position, checkpoint.file));
  return checkpoint;
}

absl::StatusOr<Checkpoint> ResolveCoordinates(const StartAtCoordinates& start,
                                              const SourceHistory& history) {
  const Coordinates& at = start.coordinates;
  BINFERRY_RETURN_IF_ERROR(CheckPositionFits(at.position, at.file));
  const auto file =
      std::find_if(history.files.begin(), history.files.end(),
                   [&](const BinlogFile& f) { return f.name == at.file; });
  if (file == history.files.end()) {
    const std::string range =
        history.files.empty() ? "none"
                              : absl::StrCat(history.files.front().name, " to ",
                                             history.files.back().name);
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat("the source ", history.where, " has no binlog file '",
                     at.file, "' (it has ", range,
                     "), as it was purged or the name is wrong"),
        "give a file that SHOW BINARY LOGS lists");
  }
  if (at.position > file->bytes)
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat("start position ", at.ToString(),
                     " lies after the file's end at ", file->bytes,
                     " on the source ", history.where),
        "give a position that SHOW BINLOG EVENTS lists");
  return CheckpointAt(history.variables, at);
}

// "binlog.000012" -> "binlog" and 12; nothing for other names.
std::optional<std::pair<std::string, uint64_t>> SplitFileName(
    const std::string& name) {
  const size_t dot = name.rfind('.');
  uint64_t number = 0;
  if (dot == std::string::npos ||
      !absl::SimpleAtoi(name.substr(dot + 1), &number))
    return std::nullopt;
  return std::pair(name.substr(0, dot), number);
}

absl::Status FilesAreBehind(const Checkpoint& checkpoint,
                            const std::string& where,
                            const BinlogFile& newest) {
  return RemedyError(
      absl::StatusCode::kDataLoss,
      absl::StrCat("the binlog of the source ", where, " ends in ", newest.name,
                   " of ", newest.bytes, " bytes, but it was read up to ",
                   checkpoint.file, ":", checkpoint.position,
                   ": it was reset (RESET BINARY LOGS AND GTIDS), or the "
                   "server was restored to an earlier time"),
      "decide which history holds, then reset the task to a start position");
}

}  // namespace

absl::StatusOr<SourceHistory> ReadSourceHistory(Connection* connection) {
  SourceHistory history;
  history.where = connection->where();
  // The position first: what is purged or listed after it is judged by later
  // facts, never by earlier ones.
  BINFERRY_ASSIGN_OR_RETURN(history.time, ReadSourceTime(connection));
  BINFERRY_ASSIGN_OR_RETURN(history.position, ReadSourcePosition(connection));
  BINFERRY_ASSIGN_OR_RETURN(history.files, ListBinlogFiles(connection));
  BINFERRY_ASSIGN_OR_RETURN(history.variables, ReadSourceVariables(connection));
  return history;
}

absl::StatusOr<Checkpoint> ResolveStartPosition(
    const StartPosition& start, const SourceHistory& history,
    const std::optional<BinlogGroup>& since) {
  if (const auto* set = std::get_if<StartAfterGtidSet>(&start))
    return ResolveGtidSet(*set, history);
  if (const auto* coordinates = std::get_if<StartAtCoordinates>(&start))
    return ResolveCoordinates(*coordinates, history);
  if (const auto* time = std::get_if<StartAtTime>(&start))
    return ResolveTime(*time, history, since);
  return ResolveNow(history);
}

absl::Status CheckSameFiles(const Checkpoint& checkpoint,
                            const SourceVariables& variables,
                            const std::vector<BinlogFile>& files,
                            const std::string& where) {
  if (checkpoint.server_uuid != variables.server_uuid ||
      checkpoint.file.empty() || files.empty())
    return absl::OkStatus();
  const auto file = std::find_if(
      files.begin(), files.end(),
      [&](const BinlogFile& f) { return f.name == checkpoint.file; });
  if (file != files.end()) {
    if (checkpoint.position <= file->bytes) return absl::OkStatus();
    return FilesAreBehind(checkpoint, where, *file);
  }
  const auto read = SplitFileName(checkpoint.file);
  const auto newest = SplitFileName(files.back().name);
  // With another log_bin the numbers begin anew.
  const bool is_comparable =
      read.has_value() && newest.has_value() && read->first == newest->first;
  if (is_comparable && read->second > newest->second)
    return FilesAreBehind(checkpoint, where, files.back());
  if (checkpoint.uses_gtid) return absl::OkStatus();
  return RemedyError(
      absl::StatusCode::kDataLoss,
      absl::StrCat("the source ", where, " no longer has the binlog file ",
                   checkpoint.file, " (it has ", files.front().name, " to ",
                   files.back().name, "), from which the task reads on"),
      "its changes are missing for good; reset the task to a present start "
      "position, and keep binlogs longer (binlog_expire_logs_seconds)");
}

absl::Status CheckResumable(const Checkpoint& checkpoint,
                            const SourceVariables& variables,
                            const std::string& where) {
  if (!checkpoint.uses_gtid) {
    BINFERRY_RETURN_IF_ERROR(
        CheckPositionFits(checkpoint.position, checkpoint.file));
    if (checkpoint.server_uuid == variables.server_uuid)
      return absl::OkStatus();
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat("the source ", where, " is server ", variables.server_uuid,
                     ", the checkpoint ", checkpoint.file, ":",
                     checkpoint.position, " is of server ",
                     checkpoint.server_uuid,
                     ", and a file and position mean nothing elsewhere"),
        "point source.host at the right server, or reset the task to a start "
        "position on this one");
  }
  BINFERRY_ASSIGN_OR_RETURN(const GtidSet have,
                            GtidSet::Parse(checkpoint.gtid_set));
  if (!variables.uses_gtid())
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        absl::StrCat("gtid_mode of the source ", where, " is ",
                     variables.gtid_mode.empty() ? "OFF" : variables.gtid_mode,
                     ", but the task resumes by GTID"),
        "set gtid_mode=ON again");
  BINFERRY_ASSIGN_OR_RETURN(const GtidSet ahead,
                            TransactionsAhead(have, variables));
  if (!ahead.empty())
    return RemedyError(
        absl::StatusCode::kDataLoss,
        absl::StrCat("the source ", where,
                     " lacks transactions that were read from it, ",
                     Shortened(ahead),
                     "; it was reset, restored from a backup, or lost them in "
                     "a crash"),
        "decide which history holds, then reset the task to a start position, "
        "or point source.host at the right server");
  BINFERRY_RETURN_IF_ERROR(CheckSameHistory(have, variables, where));
  return CheckPurged(have, variables, where);
}

}  // namespace binferry::worker
