// What a task says to its pipeline.
#ifndef BINFERRY_WORKER_PIPELINE_PIPELINE_OPTIONS_H_
#define BINFERRY_WORKER_PIPELINE_PIPELINE_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/ids.h"
#include "common/secret.h"
#include "common/topic_name.h"
#include "worker/binlog/binlog_source.h"
#include "worker/charset/charset.h"
#include "worker/encode/table_plan.h"
#include "worker/route/partitioner.h"
#include "worker/schema/checkpoint.h"
#include "worker/select/object_selection.h"
#include "worker/sink/record_sink.h"

namespace binferry::worker {

// Which topic a table's records go to.
struct TopicPolicy {
  // All tables go to this one, which must exist; "" = a topic per name that
  // `name_format` makes.
  std::string specified_topic;
  std::string name_format{kDefaultTopicNameFormat};
};

// What is known about the task's earlier runs, apart from its checkpoint.
enum class TaskHistory : uint8_t {
  kNew,      // It may never have had a checkpoint.
  kStarted,  // A start position was committed: an absent checkpoint is a loss.
};

// What to do with a change whose rows the binlog doesn't have; see
// PipelineAlert.
enum class UnreadableChange : uint8_t {
  kStop,   // End, and let somebody decide.
  kAlert,  // Go on without it, and tell.
};

// A change that selected tables may have seen and that the records lack.
struct PipelineAlert {
  enum class Reason : uint8_t {
    // A statement that changes rows stands in the binlog as text.
    kUnreadStatement,
    // The source itself says that it lost changes.
    kIncident,
    // A JSON column was changed in part, and the row image lacks the document
    // to which the changes apply: the column is absent in these records.
    kMissingJsonDocument,
  };

  Reason reason = Reason::kUnreadStatement;
  std::string file;  // Of the event.
  uint64_t position = 4;
  // What happened and what to do, without values of rows.
  std::string message;
};

struct PipelineOptions {
  TaskUid task_uid;
  Epoch epoch;
  Generation generation;
  TaskHistory history = TaskHistory::kNew;
  // How often the task was reset. A checkpoint that knows of fewer resets is
  // replaced by one at the start position before anything is read.
  int64_t resets = 0;

  // Must select the same tables as the checkpoint's generation did while the
  // checkpoint's `rows_done` isn't 0 (see Checkpoint::selection_fingerprint):
  // these rows are counted, not named.
  ObjectSelection objects;
  RecordFormat format = RecordFormat::kJson;
  TopicPolicy topic_policy;
  PartitionPolicy partition_policy = PartitionPolicy::kTableHash;
  // What stands for bytes that are invalid in their column's character set.
  InvalidText invalid_text = InvalidText::kStop;
  UnreadableChange unreadable_change = UnreadableChange::kStop;
  // Of HashText in the rules of `objects`; needed with such a rule.
  Secret hash_salt;
  // Records have RecordHeaders.
  bool position_headers = false;
  // Behind each record of a DELETE one with its key and no value.
  bool tombstones = false;
  // How fast the source is read at most; 0 = as fast as it goes.
  uint64_t max_binlog_bytes_per_second = 0;

  // All memory for rows between the source's buffer and the commit.
  size_t budget_bytes = size_t{64} << 20;
  int encoder_threads = 2;  // From 1.
  // Records wait so long for their commit while the source has more to give.
  absl::Duration commit_interval = absl::Milliseconds(100);
  // With nothing more to read, so long is waited for more before a commit.
  absl::Duration idle_grace = absl::Milliseconds(2);
  // A chunk with events waits so long to be filled before it is encoded.
  absl::Duration chunk_linger = absl::Milliseconds(1);
  // Progress over rows of tables that aren't selected is committed that often.
  absl::Duration checkpoint_interval = absl::Seconds(1);
  // And a checkpoint without any progress that often, so that nothing expires.
  absl::Duration idle_commit_interval = absl::Hours(1);
  // Of the source.
  absl::Duration heartbeat_period = absl::Seconds(5);
};

// Opens a stream that goes on at a checkpoint: behind its GTID set if
// `uses_gtid`, else at its file and position. Errors as BinlogSource::Next.
using SourceOpener =
    std::function<absl::StatusOr<std::unique_ptr<BinlogSource>>(
        const Checkpoint&)>;

// The start position of a task that has none yet: the source's part of a
// checkpoint (`server_uuid`, `gtid_set`, `uses_gtid`, `file`, `position`).
using StartResolver = std::function<absl::StatusOr<Checkpoint>()>;

// Where a pipeline that is told to leave ends.
enum class LeavePlace : uint8_t {
  kNextCommit,           // What was read is committed.
  kTransactionBoundary,  // The same, behind the source transaction under way.
};

// But for on_alert, all are called from the thread of Pipeline::Run alone.
struct PipelineConnections {
  SinkOpener open_sink;
  StartResolver resolve_start;
  SourceOpener open_source;
  // Rows flow from now on; the start position is committed. May be empty.
  std::function<void()> on_streaming;
  // Called with the checkpoint that a run begins at, and with each that it has
  // committed. May call Pipeline::Leave. May be empty.
  std::function<void(const Checkpoint&)> on_checkpoint = nullptr;
  // Called at each alert under UnreadableChange::kAlert, before it is committed
  // and once more whenever its event is read again; Checkpoint::alerts counts
  // it once. From the reader's or an encoder's thread, which waits meanwhile;
  // several may call at a time. May be empty.
  std::function<void(const PipelineAlert&)> on_alert;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_PIPELINE_OPTIONS_H_
