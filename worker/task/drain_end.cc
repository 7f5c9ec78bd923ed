#include "worker/task/drain_end.h"

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "worker/binlog/gtid_set.h"

namespace binferry::worker {
namespace {

// The number at the end of a binlog file's name grows, beyond its six digits
// too: "binlog.999999", "binlog.1000000".
std::pair<size_t, absl::string_view> FileOrder(absl::string_view file) {
  absl::string_view number = file.substr(file.rfind('.') + 1);
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  return {number.size(), number};
}

bool HasReachedCoordinates(const Checkpoint& checkpoint,
                           const v1::BinlogCoordinates& end) {
  const auto here = FileOrder(checkpoint.file);
  const auto there = FileOrder(end.file());
  if (here != there) return here > there;
  return checkpoint.position >= end.position();
}

}  // namespace

bool HasReached(const Checkpoint& checkpoint, const DrainEnd& end) {
  if (checkpoint.rows_done > 0) return false;
  if (checkpoint.uses_gtid) {
    const absl::StatusOr<GtidSet> executed =
        GtidSet::Parse(checkpoint.gtid_set);
    const absl::StatusOr<GtidSet> wanted =
        GtidSet::Parse(end.position.gtid_set());
    if (executed.ok() && wanted.ok() && executed->Contains(*wanted)) {
      return true;
    }
  }
  // A set may name transactions that no binlog has (gtid_purged was set).
  return !checkpoint.file.empty() &&
         checkpoint.server_uuid == end.server_uuid &&
         HasReachedCoordinates(checkpoint, end.position.coordinates());
}

}  // namespace binferry::worker
