// What a task's Kafka sink is told.
#ifndef BINFERRY_WORKER_SINK_KAFKA_SINK_OPTIONS_H_
#define BINFERRY_WORKER_SINK_KAFKA_SINK_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/ids.h"
#include "worker/sink/kafka_client.h"
#include "worker/sink/kafka_cluster.h"

namespace binferry::worker {

// How batches of records are compressed.
enum class RecordCompression : uint8_t { kNone, kGzip, kSnappy, kLz4, kZstd };

struct KafkaSinkOptions {
  // How missing topics are created.
  struct TopicCreation {
    int32_t partition_count = 1;
    int32_t replication_factor = -1;  // -1 = as the broker is configured.
  };

  KafkaClusterOptions cluster;
  std::string state_prefix = "binferry";  // Of the state topics.
  // The task's own, and the same over workers and restarts, so that the newest
  // producer fences all others.
  std::string transactional_id;
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
  RecordCompression compression = RecordCompression::kLz4;
  absl::Duration open_timeout = absl::Seconds(30);
  // Requested from any thread: blocked calls return CANCELLED soon.
  std::stop_token interrupt;
};

// INVALID_ARGUMENT, naming the field, for options that can't work.
absl::Status CheckKafkaSinkOptions(const KafkaSinkOptions& options);

// How the task's handles call themselves to brokers, for quotas and logs.
std::string KafkaClientId(const KafkaSinkOptions& options);

// The producer's settings beside those of the cluster.
KafkaClient::Settings KafkaProducerSettings(const KafkaSinkOptions& options);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SINK_KAFKA_SINK_OPTIONS_H_
