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
#include "worker/sink/kafka_admin.h"
#include "worker/sink/kafka_client.h"
#include "worker/sink/kafka_cluster.h"
#include "worker/sink/record_sink.h"

// Of librdkafka, which only kafka_*.cc include.
struct rd_kafka_topic_s;

namespace binferry::worker {

struct KafkaSinkOptions {
  // How missing topics are created.
  struct TopicCreation {
    int32_t partition_count = 1;
    int32_t replication_factor = -1;  // -1 = as the broker is configured.
  };

  KafkaClusterOptions cluster;
  std::string state_prefix = "binferry";  // Of state topics, transactional ids.
  std::string install_uuid;               // Of this installation of Binferry.
  TaskUid task_uid;
  Epoch epoch;
  int32_t state_partition = 0;  // The task's own, in both state topics.
  std::optional<TopicCreation> auto_create;  // Else topics must exist.
  // The broker aborts a Kafka transaction of a producer that is silent so long;
  // until then consumers wait at it. At most the broker's
  // transaction.max.timeout.ms.
  absl::Duration transaction_timeout = absl::Seconds(60);
  // The largest record, with its key, before compression. The topic's
  // max.message.bytes bounds it after compression.
  int64_t max_record_bytes = 10'000'000;
  absl::Duration linger = absl::Milliseconds(5);
  absl::Duration open_timeout = absl::Seconds(30);
  // Requested from any thread: blocked calls return CANCELLED soon.
  std::stop_token interrupt;
};

// The transactional id of a task: the same over workers and restarts, so that
// the newest producer fences all others.
std::string TransactionalId(const KafkaSinkOptions& options);

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
  // OK while the worker may start producers for the task.
  using LeaseCheck = std::function<absl::Status()>;

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

  // The partition count of `name`, which is created if it may be.
  absl::StatusOr<int32_t> FindOrCreate(const std::string& name);
  // Makes the producer know topic `name`, so that the first record to it
  // doesn't wait.
  absl::StatusOr<rd_kafka_topic_s*> OpenHandle(const std::string& name);
  // The writer's own copy of the handle, fetched once per topic.
  absl::StatusOr<OpenedTopic> TopicOf(TopicHandle handle);

  absl::Status CheckUsable() const;
  absl::Status Begin();
  absl::Status WriteOne(const Record& record);
  // To the task's partition of the checkpoint topic; no `value` = tombstone.
  absl::Status WriteState(const std::string& key,
                          const std::optional<std::string>& value);
  absl::Status CommitTransaction();
  // Remembers that the sink is useless, and returns `error`.
  absl::Status Fail(absl::Status error);
  // What ProduceError of topic and record means.
  absl::Status ProduceFailure(int error, const std::string& topic,
                              const Record& record) const;

  const KafkaSinkOptions options_;
  const std::unique_ptr<KafkaAdmin> admin_;
  const std::unique_ptr<KafkaClient> producer_;
  rd_kafka_topic_s* checkpoint_topic_ = nullptr;

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
