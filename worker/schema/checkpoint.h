// A durable resume point.
#ifndef BINFERRY_WORKER_SCHEMA_CHECKPOINT_H_
#define BINFERRY_WORKER_SCHEMA_CHECKPOINT_H_

#include <cstdint>
#include <map>
#include <string>

#include "common/ids.h"

namespace binferry::worker {

// Where a task resumes, and what it has delivered so far. Written in the same
// Kafka transaction as the records before it.
//
// `file` and `position` are those of the start of the source transaction that
// is under way when `rows_done` > 0 (its GTID event), else the end of the last
// complete one.
struct Checkpoint {
  TaskUid task_uid;
  Epoch epoch;
  Generation generation;
  int64_t number = 0;    // 0 is the start position; +1 with each commit.
  uint64_t last_id = 0;  // The id of the last record before this checkpoint; 0
                         // before the first.
  std::string
      server_uuid;  // Of the source, as `@@server_uuid`; "" where it has none.
  std::string gtid_set;  // Executed GTID set in MySQL's text form; "" where
                         // GTIDs are off.
  bool uses_gtid =
      false;  // Resume by `gtid_set`; else by `file` and `position`.
  std::string file;
  uint64_t position = 4;
  // Source rows of selected tables of the transaction at (`file`, `position`)
  // whose records stand before this checkpoint. Never between the halves of a
  // split UPDATE.
  uint64_t rows_done = 0;
  // Of the selection that `rows_done` counts by (SelectionFingerprint): only
  // under an equal one can the rest of the transaction be carried. 0 while
  // `rows_done` is 0, or where an earlier version wrote it.
  uint64_t selection_fingerprint = 0;
  int64_t source_time_ms =
      0;  // Commit time of the last source transaction seen; 0 = none yet.
  // How many resets of the task this checkpoint knows of. The first one behind
  // a reset stands at the task's new start position, with `number`, `last_id`
  // and totals going on from the one before.
  int64_t resets = 0;
  // Totals since checkpoint 0.
  uint64_t inserts = 0;
  uint64_t updates = 0;
  uint64_t deletes = 0;
  uint64_t records = 0;
  // Texts in which U+FFFD stands for bytes that are invalid in their character
  // set.
  uint64_t replaced_texts = 0;
  // Changes that the binlog doesn't have, each counted once however often it
  // was read; see PipelineAlert.
  uint64_t alerts = 0;
  // Topic -> its partition count, frozen when the task first used the topic.
  std::map<std::string, int32_t> partition_counts;

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SCHEMA_CHECKPOINT_H_
