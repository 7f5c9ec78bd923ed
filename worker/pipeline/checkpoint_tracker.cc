#include "worker/pipeline/checkpoint_tracker.h"

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace binferry::worker {

absl::StatusOr<CheckpointTracker> CheckpointTracker::Create(
    const Checkpoint& start, const PipelineOptions& options) {
  absl::StatusOr<GtidSet> executed = GtidSet::Parse(start.gtid_set);
  if (!executed.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the checkpoint's GTID set can't be read: ",
                     executed.status().message()));
  }
  CheckpointTracker tracker(start, *std::move(executed));
  tracker.checkpoint_.epoch = options.epoch;
  tracker.checkpoint_.generation = options.generation;
  tracker.selection_fingerprint_ = SelectionFingerprint(options.objects);
  tracker.SetRowsDone(start.rows_done);
  return tracker;
}

void CheckpointTracker::Advance(const Chunk& chunk) {
  has_progress_ = true;
  Checkpoint& to = checkpoint_;
  for (const Gtid& gtid : chunk.gtids) executed_.Add(gtid);
  to.file = chunk.place.file;
  to.position = chunk.place.position;
  SetRowsDone(chunk.RowsDoneBehind(to.rows_done));
  if (chunk.source_time_ms != 0) to.source_time_ms = chunk.source_time_ms;
  // Tombstones have the ids of the records before them.
  const uint64_t ids = chunk.records.size() - chunk.tombstones;
  to.last_id += ids;
  to.records += ids;
  to.inserts += chunk.changes[static_cast<size_t>(ChangeKind::kInsert)];
  to.updates += chunk.changes[static_cast<size_t>(ChangeKind::kUpdate)];
  to.deletes += chunk.changes[static_cast<size_t>(ChangeKind::kDelete)];
  to.replaced_texts += chunk.replaced_texts;
  to.alerts += chunk.alerts;
  for (const std::shared_ptr<const PlannedTable>& table : chunk.tables) {
    to.partition_counts.emplace(table->plan.options.topic,
                                table->plan.options.partition_count);
  }
}

void CheckpointTracker::SetRowsDone(uint64_t rows) {
  checkpoint_.rows_done = rows;
  checkpoint_.selection_fingerprint = rows == 0 ? 0 : selection_fingerprint_;
}

Checkpoint CheckpointTracker::Next() const {
  Checkpoint next = checkpoint_;
  ++next.number;
  next.gtid_set = executed_.ToString();
  return next;
}

void CheckpointTracker::Committed() {
  ++checkpoint_.number;
  has_progress_ = false;
}

}  // namespace binferry::worker
