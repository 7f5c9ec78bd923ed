// Where in a server's binlog a time lies.
#ifndef BINFERRY_WORKER_MYSQL_BINLOG_TIME_H_
#define BINFERRY_WORKER_MYSQL_BINLOG_TIME_H_

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "worker/binlog/binlog_source.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/gtid_set.h"
#include "worker/mysql/source_catalog.h"

namespace binferry::worker {

// A group of the binlog: a transaction, or a statement of its own.
struct BinlogGroup {
  Coordinates start;  // Of its GTID event.
  std::optional<Gtid> gtid;
  // When this server committed it: to the microsecond since MySQL 8.0.1, before
  // that the second in which the statement began.
  absl::Time commit_time;
  // Every transaction before it, those of purged files too; only those with a
  // GTID.
  GtidSet executed_before;
};

// The first group that the server committed at or after `time`, in the order of
// the binlog; nothing if there is none. Commit times grow from group to group
// unless somebody sets the server's clock back.
//
// Looks at the first group of about log2(files) files, and then at the groups
// of one file from its start on. `open` gives the events from the first one of
// a file on, over later files, to the binlog's end, where they end with
// OUT_OF_RANGE; UNIMPLEMENTED from a source means that the server doesn't give
// this file, because it wrote it under another gtid_mode, so before those that
// it does give. `files` are the server's, oldest first. CANCELLED after `stop`.
//
// FAILED_PRECONDITION if `time` is before the oldest file was begun that the
// server gives: what was committed then was purged. Errors of `open` and of the
// sources.
struct BinlogTimeline {
  std::string where;  // host:port
  std::vector<BinlogFile> files;
  std::function<absl::StatusOr<std::unique_ptr<BinlogSource>>(
      const std::string& file)>
      open;
};
absl::StatusOr<std::optional<BinlogGroup>> FindFirstSince(
    absl::Time time, const BinlogTimeline& timeline,
    const std::stop_token& stop);

// The file in which the search would go through the groups: cheap, whatever the
// sizes of files. Else as FindFirstSince.
absl::StatusOr<std::string> FindFileOf(absl::Time time,
                                       const BinlogTimeline& timeline,
                                       const std::stop_token& stop);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_MYSQL_BINLOG_TIME_H_
