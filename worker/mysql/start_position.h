// Where a task starts to read, and whether it can go on from there.
#ifndef BINFERRY_WORKER_MYSQL_START_POSITION_H_
#define BINFERRY_WORKER_MYSQL_START_POSITION_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/binlog/coordinates.h"
#include "worker/mysql/binlog_time.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/source_catalog.h"
#include "worker/schema/checkpoint.h"

namespace binferry::worker {

struct StartNow {};

// After the transactions of this set, in MySQL's text form.
struct StartAfterGtidSet {
  std::string gtid_set;
};

// At the start of a transaction, or the end of one.
struct StartAtCoordinates {
  Coordinates coordinates;
};

// At the first transaction that the source itself committed at or after `time`.
struct StartAtTime {
  absl::Time time;
};

using StartPosition =
    std::variant<StartNow, StartAfterGtidSet, StartAtCoordinates, StartAtTime>;

// What a server holds, read at one time.
struct SourceHistory {
  std::string where;  // host:port
  // The server's clock before the rest was read.
  absl::Time time;
  SourceVariables variables;
  SourcePosition position;
  std::vector<BinlogFile> files;  // Oldest first.
};

absl::StatusOr<SourceHistory> ReadSourceHistory(Connection* connection);

// A checkpoint with `server_uuid`, `gtid_set`, `uses_gtid`, `file` and
// `position` set, the rest as constructed. Now and a GTID set resume by GTID
// where gtid_mode is ON; coordinates always resume by file and position, with
// an empty set, also on a source with GTIDs. With a GTID set `file` is empty:
// the stream tells it.
//
// DATA_LOSS: what lies after the start was purged (the message lists it).
// INVALID_ARGUMENT: not a GTID set, or a position below 4. FAILED_PRECONDITION:
// a GTID set on a source without GTIDs, or of another server, or ahead of this
// one; a file that isn't there, or shorter than the position; a position from 4
// GiB, which the protocol can't ask for.
//
// For StartAtTime `since` is what FindFirstSince found in this history; nothing
// means the present end. Resumes by GTID where that group has one and gtid_mode
// is ON. FAILED_PRECONDITION for a time ahead of the server's clock.
absl::StatusOr<Checkpoint> ResolveStartPosition(
    const StartPosition& start, const SourceHistory& history,
    const std::optional<BinlogGroup>& since = std::nullopt);

// OK if a stream can be opened at `checkpoint`; the server makes the same tests
// but for the first one, less clearly told. FAILED_PRECONDITION: another server
// (no common UUID with its executed set; in file mode another server_uuid).
// DATA_LOSS: purged, or the server has lost transactions that we have.
absl::Status CheckResumable(const Checkpoint& checkpoint,
                            const SourceVariables& variables,
                            const std::string& where);

// OK if the server, where it is the one that `checkpoint` was read from, still
// has the file in which reading ended, or has gone on to later ones; another
// server's files say nothing. DATA_LOSS: its files are behind that place, so
// that it was reset or restored to an earlier time, though it may have executed
// as many transactions again; without GTIDs also where the file was purged.
absl::Status CheckSameFiles(const Checkpoint& checkpoint,
                            const SourceVariables& variables,
                            const std::vector<BinlogFile>& files,
                            const std::string& where);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_START_POSITION_H_
