#include "worker/sink/testing/kafka_topic_reader.h"

#include <memory>

#include "common/clock.h"
#include "common/status_macros.h"
#include "librdkafka/rdkafka.h"
#include "worker/sink/kafka_admin.h"
#include "worker/sink/kafka_client.h"
#include "worker/sink/kafka_error.h"

namespace binferry::worker {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(20);

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const {
    rd_kafka_topic_destroy(topic);
  }
};

// The field's bytes; nothing for Kafka's null.
std::optional<std::string> Field(const void* bytes, size_t size) {
  if (bytes == nullptr) return std::nullopt;
  return std::string(static_cast<const char*>(bytes), size);
}

// Takes what comes until the position is `end`.
absl::Status ReadUntil(rd_kafka_topic_t* topic, int32_t partition, int64_t end,
                       const Clock& clock,
                       std::vector<ConsumedRecord>* records) {
  const MonotonicTime deadline = clock.MonotonicNow() + kTimeout;
  int64_t position = 0;
  while (position < end) {
    if (clock.MonotonicNow() > deadline) {
      return absl::DeadlineExceededError("the end was not reached");
    }
    rd_kafka_message_t* message = rd_kafka_consume(topic, partition, 100);
    if (message == nullptr) continue;
    const int error = message->err;
    position = message->offset;
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      records->push_back({message->offset,
                          Field(message->key, message->key_len),
                          Field(message->payload, message->len)});
      ++position;
    }
    rd_kafka_message_destroy(message);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR &&
        error != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      return KafkaError(error, "reading a topic");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ConsumedRecord>> ReadCommitted(
    const std::string& bootstrap_servers, const std::string& topic,
    int32_t partition) {
  const SystemClock clock;
  KafkaClusterOptions cluster;
  cluster.bootstrap_servers = bootstrap_servers;
  BINFERRY_ASSIGN_OR_RETURN(
      const auto admin,
      KafkaAdmin::Create({.cluster = cluster, .interrupt = {}}, &clock));
  BINFERRY_ASSIGN_OR_RETURN(const KafkaAdmin::Offsets offsets,
                            admin->DescribePartition(topic, partition));
  BINFERRY_ASSIGN_OR_RETURN(
      const auto client,
      KafkaClient::Create({.cluster = cluster,
                           .kind = KafkaClient::Kind::kConsumer,
                           .settings = {{"isolation.level", "read_committed"},
                                        {"enable.partition.eof", "true"},
                                        {"auto.offset.reset", "earliest"},
                                        {"fetch.wait.max.ms", "10"}},
                           .interrupt = {}},
                          &clock));
  const std::unique_ptr<rd_kafka_topic_t, TopicDeleter> handle(
      rd_kafka_topic_new(client->handle(), topic.c_str(), nullptr));
  std::vector<ConsumedRecord> records;
  if (offsets.end == offsets.first) return records;
  if (rd_kafka_consume_start(handle.get(), partition, offsets.first) != 0) {
    return KafkaError(rd_kafka_last_error(), "reading a topic");
  }
  const absl::Status status =
      ReadUntil(handle.get(), partition, offsets.end, clock, &records);
  rd_kafka_consume_stop(handle.get(), partition);
  BINFERRY_RETURN_IF_ERROR(status);
  return records;
}

}  // namespace binferry::worker
