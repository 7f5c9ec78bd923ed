#include "worker/sink/kafka_sink_options.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "common/topic_name.h"
#include "worker/sink/kafka_state_topics.h"

namespace binferry::worker {
namespace {

// The client's own bound of a record.
constexpr int64_t kMaxRecordBytes = 1'000'000'000;
// Not above the default max.message.bytes of a topic, because a larger batch
// fails whole. The client's own limit of a message is at least that, so that a
// small limit of records doesn't hinder a checkpoint.
constexpr int64_t kBatchBytes = 1'000'000;

// The client's name.
std::string Codec(RecordCompression compression) {
  switch (compression) {
    case RecordCompression::kNone:
      return "none";
    case RecordCompression::kGzip:
      return "gzip";
    case RecordCompression::kSnappy:
      return "snappy";
    case RecordCompression::kLz4:
      return "lz4";
    case RecordCompression::kZstd:
      return "zstd";
  }
  return "lz4";
}

std::string Millis(absl::Duration duration) {
  return absl::StrCat(absl::ToInt64Milliseconds(duration));
}

}  // namespace

absl::Status CheckKafkaSinkOptions(const KafkaSinkOptions& options) {
  BINFERRY_RETURN_IF_ERROR(CheckKafkaCluster(options.cluster));
  BINFERRY_RETURN_IF_ERROR(
      CheckTopicName(CheckpointTopicName(options.state_prefix)));
  if (options.task_uid.empty() || options.transactional_id.empty()) {
    return absl::InvalidArgumentError(
        "a sink needs the uid of its task and a transactional id");
  }
  if (options.state_partition < 0) {
    return absl::InvalidArgumentError("the state partition is negative");
  }
  if (options.max_record_bytes < 1 ||
      options.max_record_bytes > kMaxRecordBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the record limit must be from 1 to ", kMaxRecordBytes, " bytes"));
  }
  if (options.transaction_timeout < absl::Seconds(1) ||
      options.transaction_timeout > absl::Minutes(15)) {
    return absl::InvalidArgumentError(
        "the transaction timeout must be from 1 second to 15 minutes");
  }
  return absl::OkStatus();
}

std::string KafkaClientId(const KafkaSinkOptions& options) {
  return absl::StrCat("binferry-", options.task_uid.value());
}

KafkaClient::Settings KafkaProducerSettings(const KafkaSinkOptions& options) {
  return {
      {"client.id", KafkaClientId(options)},
      {"transactional.id", options.transactional_id},
      // The client takes its message timeout from it.
      {"transaction.timeout.ms", Millis(options.transaction_timeout)},
      {"enable.idempotence", "true"},
      {"compression.codec", Codec(options.compression)},
      {"batch.size", absl::StrCat(kBatchBytes)},
      {"linger.ms", Millis(options.linger)},
      {"message.max.bytes",
       absl::StrCat(std::max(options.max_record_bytes, kBatchBytes))},
      // Whoever writes bounds the bytes under way; a record larger than the
      // client's queue would never fit into it.
      {"queue.buffering.max.kbytes", "2097151"},
      {"queue.buffering.max.messages", "10000000"},
      {"delivery.report.only.error", "true"},
      // How long a deleted topic is waited for.
      {"topic.metadata.propagation.max.ms", "5000"},
  };
}

}  // namespace binferry::worker
