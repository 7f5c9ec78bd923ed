// Records into a Kafka cluster, exactly once.
#ifndef BINFERRY_WORKER_SINK_KAFKA_SINK_H_
#define BINFERRY_WORKER_SINK_KAFKA_SINK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "common/ids.h"
#include "worker/sink/checkpoint_tail.h"
#include "worker/sink/kafka_admin.h"
#include "worker/sink/kafka_checkpoint_reader.h"
#include "worker/sink/kafka_client.h"
#include "worker/sink/kafka_produce.h"
#include "worker/sink/kafka_sink_options.h"
#include "worker/sink/kafka_transactional_producer.h"
#include "worker/sink/record_sink.h"

// Of librdkafka, which only kafka_*.cc include.
struct rd_kafka_topic_s;

namespace binferry::worker {

// A producer with one transactional id per task; the checkpoint is the last
// record of each Kafka transaction.
//
// Why it is exactly-once: Open initializes the producer, by which Kafka fences
// every earlier one and ends its transaction, and only then reads the
// checkpoint; so what is read is the end of all that can ever have been
// committed. A worker that was frozen before that step and wakes up later
// would fence the rightful owner; therefore the lease is checked again behind
// it.
//
// Thread-compatible but for OpenTopic, which any thread may call.
class KafkaSink : public RecordSink {
 public:
  // Checks the lease, ensures the state topics, fences, checks the lease again,
  // reads the checkpoint. `clock` must outlive the sink.
  static absl::StatusOr<OpenedSink> Open(const KafkaSinkOptions& options,
                                         const LeaseCheck& check_lease,
                                         const Clock* clock);

  // A SinkOpener over Open.
  static SinkOpener Opener(KafkaSinkOptions options, LeaseCheck check_lease,
                           const Clock* clock);

  // Leaves an open Kafka transaction to the next Open, which ends it.
  ~KafkaSink() override;

  absl::StatusOr<Topic> OpenTopic(const std::string& name) override;
  absl::Status Write(absl::Span<const Record> records) override;
  absl::Status Commit(const Checkpoint& checkpoint) override;
  bool NeedsReopen() const override { return needs_reopen_; }
  absl::Status DeleteState() override;

 private:
  struct OpenedTopic {
    std::string name;
    int32_t partition_count = 0;
    rd_kafka_topic_s* handle = nullptr;
  };

  KafkaSink(const KafkaSinkOptions& options, std::unique_ptr<KafkaAdmin> admin,
            std::unique_ptr<KafkaClient> producer)
      : options_(options),
        admin_(std::move(admin)),
        producer_(std::move(producer)) {}

  // Creates topic `name` if it is missing and may be created.
  absl::Status EnsureTopic(const std::string& name);
  // Makes the producer know an existing topic, so that the first record to it
  // doesn't wait. The caller destroys the handle.
  absl::StatusOr<OpenedTopic> OpenHandle(const std::string& name);
  // Out of the writer's own copy of the list, fetched when it is too short.
  absl::StatusOr<const OpenedTopic*> TopicOf(TopicHandle handle);
  absl::StatusOr<CheckpointTail> ReadState(CheckpointReach reach);

  absl::Status CheckUsable() const;
  absl::Status Begin();
  absl::Status WriteOne(const Record& record);
  // To the task's partition of the checkpoint topic; no `value` = a tombstone.
  absl::Status WriteState(Epoch epoch, const std::optional<std::string>& value);
  // Hands one record to the client, waiting while its queue is full.
  absl::Status Produce(const OpenedTopic& topic, ValueBytes bytes,
                       const Record& record);
  absl::Status CommitTransaction();
  absl::Status AbortTransaction();
  // Remembers that the sink is useless, and returns `error`.
  absl::Status Fail(absl::Status error);
  // The status of the client's `error` when `doing`, or rather of the cause of
  // it that the client has told elsewhere.
  absl::Status FailureOf(int error, absl::string_view doing,
                         absl::string_view detail) const;

  const KafkaSinkOptions options_;
  const std::unique_ptr<KafkaAdmin> admin_;
  const std::unique_ptr<KafkaClient> producer_;
  OpenedTopic checkpoint_topic_;

  absl::Mutex topics_mu_;
  std::vector<OpenedTopic> topics_ ABSL_GUARDED_BY(topics_mu_);

  // Of the writing thread.
  std::vector<OpenedTopic> writer_topics_;
  std::vector<Epoch> older_epochs_;  // To be tombstoned with the next commit.
  absl::Status failure_;             // The first, once the sink is useless.
  bool in_transaction_ = false;
  bool needs_reopen_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_SINK_H_
