// Where records go: a Kafka cluster, or memory in tests.
#ifndef BINFERRY_WORKER_SINK_RECORD_SINK_H_
#define BINFERRY_WORKER_SINK_RECORD_SINK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/schema/checkpoint.h"
#include "worker/schema/record.h"

namespace binferry::worker {

// An exactly-once writer of one task's records.
//
// What is written becomes visible with the next Commit, all of it together with
// the checkpoint, or never. After any error the sink is useless: destroy it,
// open a new one, and go on from the checkpoint that that one reads.
//
// Calls that wait for the destination return CANCELLED soon after the interrupt
// that the sink was opened with has been requested, so that a task can be
// stopped while the destination is away.
//
// Thread-compatible but for OpenTopic, which any thread may call.
class RecordSink {
 public:
  struct Topic {
    TopicHandle handle;
    int32_t partition_count = 0;
  };

  virtual ~RecordSink() = default;

  // Looks up `name`, creating it where the task's topic policy says so, and
  // returns its handle and its present number of partitions. The same name
  // gives the same handle. NOT_FOUND when it is missing and may not be created;
  // UNAVAILABLE when the cluster does not answer; PERMISSION_DENIED.
  virtual absl::StatusOr<Topic> OpenTopic(const std::string& name) = 0;

  // Sends `records` in order. Errors as Commit. Their bytes must stay where
  // they are until Commit returned OK or this sink was destroyed. May block
  // while the client's queue is full.
  virtual absl::Status Write(absl::Span<const Record> records) = 0;

  // Writes `checkpoint` behind the records and commits all of it. OK: durable.
  // ABORTED: the outcome is unknown or nothing was committed; read the
  // checkpoint again. PERMISSION_DENIED, FAILED_PRECONDITION,
  // RESOURCE_EXHAUSTED (a record above the destination's limit), NOT_FOUND (a
  // topic was deleted, or lacks the record's partition), UNAVAILABLE as
  // the destination says. IsFenced (sink_status.h) tells the ABORTED of a sink
  // that a newer one has replaced.
  virtual absl::Status Commit(const Checkpoint& checkpoint) = 0;

  // True once a Commit was OK but so slow or disturbed that a request of it may
  // still be under way and could end a later Kafka transaction. What was
  // committed is durable; open the sink anew before going on: every other call
  // but OpenTopic returns ABORTED.
  virtual bool NeedsReopen() const = 0;

  // Deletes the task's checkpoints of every epoch: the last act of a task that
  // is stopped for good. What was written and not committed is never visible.
  // Afterwards the sink is useless. Errors as Commit.
  virtual absl::Status DeleteState() = 0;
};

// A sink that is ready: it has fenced every earlier one of its task, and
// `checkpoint` is the last that was committed, nothing if the task has never
// committed one.
struct OpenedSink {
  std::unique_ptr<RecordSink> sink;
  std::optional<Checkpoint> checkpoint;
};

// Opens the task's sink anew, after whatever happened to the last one, which is
// best destroyed before. Errors as RecordSink::Commit, and:
// FAILED_PRECONDITION   the lease is over; NewerEpoch (sink_status.h) tells the
//                       case that the destination knows a higher epoch of this
//                       task; or the stored checkpoint can't be used;
// UNAUTHENTICATED       the destination refuses the credentials;
// INVALID_ARGUMENT      options that can't be right.
using SinkOpener = std::function<absl::StatusOr<OpenedSink>()>;

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_RECORD_SINK_H_
