#include "worker/sink/kafka_checkpoint_reader.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "librdkafka/rdkafka.h"
#include "worker/sink/kafka_client.h"
#include "worker/sink/kafka_error.h"

namespace binferry::worker {
namespace {

constexpr int64_t kFirstReach = 64;
constexpr int64_t kWidening = 16;
constexpr int kConsumeWaitMillis = 50;

struct TopicDeleter {
  void operator()(rd_kafka_topic_t* topic) const {
    rd_kafka_topic_destroy(topic);
  }
};
using TopicObject = std::unique_ptr<rd_kafka_topic_t, TopicDeleter>;

struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const {
    rd_kafka_message_destroy(message);
  }
};
using Message = std::unique_ptr<rd_kafka_message_t, MessageDeleter>;

// Stops consuming when it goes.
class Consumption {
 public:
  Consumption(rd_kafka_topic_t* topic, int32_t partition)
      : topic_(topic), partition_(partition) {}
  ~Consumption() { rd_kafka_consume_stop(topic_, partition_); }
  Consumption(const Consumption&) = delete;
  Consumption& operator=(const Consumption&) = delete;

 private:
  rd_kafka_topic_t* const topic_;
  const int32_t partition_;
};

absl::string_view Bytes(const void* data, size_t size) {
  return {static_cast<const char*>(data), size};
}

// Takes one message into `tail`, and returns the position behind it.
absl::StatusOr<int64_t> Take(const rd_kafka_message_t& message,
                             const std::string& doing, CheckpointTail* tail) {
  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return message.offset;
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return KafkaError(message.err, doing, rd_kafka_message_errstr(&message));
  }
  std::optional<absl::string_view> value;
  if (message.payload != nullptr) value = Bytes(message.payload, message.len);
  tail->Add(Bytes(message.key, message.key_len), value, message.offset);
  return message.offset + 1;
}

// Reads from `first` until the position is `end`.
absl::StatusOr<CheckpointTail> ReadFrom(const CheckpointSource& source,
                                        KafkaClient* client,
                                        rd_kafka_topic_t* topic, int64_t first,
                                        int64_t end) {
  const std::string doing =
      absl::StrCat("reading partition ", source.partition, " of topic ",
                   source.topic, " in Kafka at ", client->servers());
  if (rd_kafka_consume_start(topic, source.partition, first) != 0) {
    return KafkaError(rd_kafka_last_error(), doing);
  }
  const Consumption consumption(topic, source.partition);
  CheckpointTail tail(source.task_uid);
  const MonotonicTime deadline =
      client->clock().MonotonicNow() + source.timeout;
  int64_t position = first;
  while (position < end) {
    const Message message(
        rd_kafka_consume(topic, source.partition, kConsumeWaitMillis));
    if (message != nullptr) {
      BINFERRY_ASSIGN_OR_RETURN(position, Take(*message, doing, &tail));
      continue;
    }
    BINFERRY_RETURN_IF_ERROR(client->CheckReachable());
    if (client->clock().MonotonicNow() >= deadline) {
      return absl::UnavailableError(absl::StrCat(
          doing, ": offset ", position, " of ", end, " was reached within ",
          absl::FormatDuration(source.timeout), client->Cause(),
          ". An open Kafka transaction of another producer may hold back the "
          "rest"));
    }
  }
  return tail;
}

}  // namespace

absl::StatusOr<CheckpointTail> ReadCheckpointTail(
    const CheckpointSource& source, CheckpointReach reach, KafkaAdmin* admin,
    const Clock* clock) {
  BINFERRY_ASSIGN_OR_RETURN(
      const KafkaAdmin::Offsets offsets,
      admin->DescribePartition(source.topic, source.partition));
  if (offsets.first >= offsets.end) return CheckpointTail(source.task_uid);
  BINFERRY_ASSIGN_OR_RETURN(
      const std::unique_ptr<KafkaClient> client,
      KafkaClient::Create(
          {.cluster = source.cluster,
           .kind = KafkaClient::Kind::kConsumer,
           .settings = {{"client.id", source.client_id},
                        {"allow.auto.create.topics", "false"},
                        {"isolation.level", "read_committed"},
                        {"enable.partition.eof", "true"},
                        {"auto.offset.reset", "earliest"},
                        // The time that the end takes.
                        {"fetch.wait.max.ms", "1"},
                        {"fetch.error.backoff.ms", "20"},
                        {"queued.max.messages.kbytes", "16384"}},
           .interrupt = source.interrupt},
          clock));
  const TopicObject topic(
      rd_kafka_topic_new(client->handle(), source.topic.c_str(), nullptr));
  if (topic == nullptr) {
    return KafkaError(rd_kafka_last_error(),
                      absl::StrCat("reading topic ", source.topic));
  }
  int64_t width = kFirstReach;
  while (true) {
    const int64_t first = reach == CheckpointReach::kPartition
                              ? offsets.first
                              : std::max(offsets.first, offsets.end - width);
    BINFERRY_ASSIGN_OR_RETURN(
        CheckpointTail tail,
        ReadFrom(source, client.get(), topic.get(), first, offsets.end));
    if (first == offsets.first || !tail.Epochs().empty()) return tail;
    width *= kWidening;
  }
}

}  // namespace binferry::worker
