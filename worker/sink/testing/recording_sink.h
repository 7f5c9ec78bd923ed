// A destination in memory, for tests of what writes to a RecordSink.
#ifndef BINFERRY_WORKER_SINK_TESTING_RECORDING_SINK_H_
#define BINFERRY_WORKER_SINK_TESTING_RECORDING_SINK_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "worker/schema/checkpoint.h"
#include "worker/sink/record_sink.h"

namespace binferry::worker {

// What a RecordingSink keeps of a record.
struct RecordedRecord {
  std::string topic;
  int32_t partition = 0;
  std::optional<std::string> key;
  std::string value;
  uint64_t id = 0;
  bool has_value = true;
  // "gtid position row generation"; "" without headers.
  std::string headers;
};

// Stands for the Kafka cluster: what was committed, by whichever sink, and the
// faults that a test has ordered. Must outlive its sinks and openers.
// Thread-safe.
class RecordingDestination {
 public:
  RecordingDestination() = default;
  RecordingDestination(const RecordingDestination&) = delete;
  RecordingDestination& operator=(const RecordingDestination&) = delete;

  // Opens sinks; each fences the ones before it and reads the last checkpoint.
  SinkOpener Opener();

  // Topics that exist. Others are NOT_FOUND until SetAutoCreate.
  void AddTopic(const std::string& name, int32_t partition_count);
  void SetAutoCreate(int32_t partition_count);
  // What the next sink that is opened finds, as if committed before.
  void SetCheckpoint(const Checkpoint& checkpoint);

  // Faults. `nth` counts from 1 = the next such call of any sink. The call
  // returns `error` and has no effect.
  void FailOpen(int nth, const absl::Status& error);
  void FailWrite(int nth, const absl::Status& error);
  void FailCommit(int nth, const absl::Status& error);
  // The nth Commit takes effect, but returns ABORTED.
  void LoseCommitAnswer(int nth);
  // The nth Commit is OK and leaves NeedsReopen true.
  void DisturbCommit(int nth);

  // Committed records, in the order of writing.
  std::vector<RecordedRecord> committed() const;
  // One per commit, in order. `record_count` = records committed up to it.
  struct CommittedCheckpoint {
    Checkpoint checkpoint;
    size_t record_count = 0;
  };
  std::vector<CommittedCheckpoint> checkpoints() const;
  // What a sink opened now would find.
  std::optional<Checkpoint> last_checkpoint() const;
  // Written by the newest sink and not committed yet.
  size_t uncommitted_count() const;
  int open_count() const;
  // Waits until `count` records are committed; false after `timeout`.
  bool WaitForRecords(size_t count, absl::Duration timeout) const;

 private:
  friend class RecordingSink;

  // Faults of one kind of call.
  struct Faults {
    int calls = 0;
    std::map<int, absl::Status> errors;  // By number of the call.
    // Counts a call and takes its fault.
    absl::Status Next();
  };

  absl::StatusOr<OpenedSink> Open();

  mutable absl::Mutex mu_;
  // The name's place is the handle's index.
  std::vector<std::string> topic_names_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, int32_t> partition_counts_ ABSL_GUARDED_BY(mu_);
  std::optional<int32_t> auto_create_ ABSL_GUARDED_BY(mu_);
  Faults open_faults_ ABSL_GUARDED_BY(mu_);
  Faults write_faults_ ABSL_GUARDED_BY(mu_);
  Faults commit_faults_ ABSL_GUARDED_BY(mu_);
  std::map<int, bool> lost_answers_ ABSL_GUARDED_BY(mu_);
  std::map<int, bool> disturbed_ ABSL_GUARDED_BY(mu_);
  std::vector<RecordedRecord> committed_ ABSL_GUARDED_BY(mu_);
  std::vector<CommittedCheckpoint> checkpoints_ ABSL_GUARDED_BY(mu_);
  std::optional<Checkpoint> last_checkpoint_ ABSL_GUARDED_BY(mu_);
  size_t uncommitted_count_ ABSL_GUARDED_BY(mu_) = 0;
  int open_count_ ABSL_GUARDED_BY(mu_) = 0;
};

// Keeps views of what is written and copies the bytes only at Commit, as the
// Kafka sink may read them until then: a user that frees them early is caught
// by AddressSanitizer. Thread-compatible but for OpenTopic.
class RecordingSink : public RecordSink {
 public:
  // `destination` must outlive this object.
  RecordingSink(RecordingDestination* destination, int open_number)
      : destination_(destination), open_number_(open_number) {}
  ~RecordingSink() override;

  absl::StatusOr<Topic> OpenTopic(const std::string& name) override;
  absl::Status Write(absl::Span<const Record> records) override;
  absl::Status Commit(const Checkpoint& checkpoint) override;
  bool NeedsReopen() const override { return needs_reopen_; }
  absl::Status DeleteState() override;

 private:
  absl::Status CheckUsable() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(destination_->mu_);
  absl::Status CheckRecord(const Record& record) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(destination_->mu_);

  RecordingDestination* const destination_;
  const int open_number_;  // The newest sink has the highest.
  std::vector<Record> written_;
  bool failed_ = false;
  bool needs_reopen_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_TESTING_RECORDING_SINK_H_
