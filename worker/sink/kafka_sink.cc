#include "worker/sink/kafka_sink.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/broken_rule.h"
#include "common/fault_point.h"
#include "common/status_macros.h"
#include "librdkafka/rdkafka.h"
#include "worker/sink/checkpoint_record.h"
#include "worker/sink/kafka_error.h"
#include "worker/sink/kafka_state_topics.h"

namespace binferry::worker {
namespace {

// A commit that takes longer may have left a request under way that ends the
// next Kafka transaction.
constexpr absl::Duration kQuickCommit = absl::Seconds(5);
// Commits and aborts are called in slices, so that an interrupt is noticed.
constexpr absl::Duration kSlice = absl::Milliseconds(250);
constexpr absl::Duration kQueueFullWait = absl::Milliseconds(5);
constexpr absl::Duration kAbortTimeout = absl::Seconds(10);
// A broker that restarts is back by then. One that isn't is a fault to be told:
// the outcome is found by opening anew.
constexpr absl::Duration kCommitPatience = absl::Seconds(20);

struct ErrorDeleter {
  void operator()(rd_kafka_error_t* error) const {
    rd_kafka_error_destroy(error);
  }
};
using Error = std::unique_ptr<rd_kafka_error_t, ErrorDeleter>;

int Millis(absl::Duration duration) {
  return static_cast<int>(absl::ToInt64Milliseconds(duration));
}

}  // namespace

absl::StatusOr<OpenedSink> KafkaSink::Open(const KafkaSinkOptions& options,
                                           const LeaseCheck& check_lease,
                                           const Clock* clock) {
  BINFERRY_RETURN_IF_ERROR(CheckKafkaSinkOptions(options));
  BINFERRY_RETURN_IF_ERROR(check_lease());
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<KafkaAdmin> admin,
      KafkaAdmin::Create({.cluster = options.cluster,
                          .client_id = KafkaClientId(options),
                          .interrupt = options.interrupt},
                         clock));
  BINFERRY_RETURN_IF_ERROR(EnsureStateTopics(admin.get(), options.state_prefix,
                                             options.state_partition));
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<KafkaClient> producer,
      StartTransactionalProducer({.cluster = options.cluster,
                                  .kind = KafkaClient::Kind::kProducer,
                                  .settings = KafkaProducerSettings(options),
                                  .interrupt = options.interrupt},
                                 options.open_timeout, check_lease, clock));
  FaultPoint("after_init_before_lease_check");
  // A worker that was frozen in there has just fenced the rightful owner; it
  // must go no further, and the owner opens anew.
  if (kBrokenRule != BrokenRule::kNoLeaseCheckAfterInit) {
    BINFERRY_RETURN_IF_ERROR(check_lease());
  }
  auto sink = std::unique_ptr<KafkaSink>(
      new KafkaSink(options, std::move(admin), std::move(producer)));
  BINFERRY_ASSIGN_OR_RETURN(const CheckpointTail tail,
                            sink->ReadState(CheckpointReach::kTail));
  BINFERRY_ASSIGN_OR_RETURN(std::optional<Checkpoint> checkpoint,
                            tail.Pick(options.epoch));
  sink->older_epochs_ = tail.Epochs();
  std::erase(sink->older_epochs_, options.epoch);
  BINFERRY_ASSIGN_OR_RETURN(
      sink->checkpoint_topic_,
      sink->OpenHandle(CheckpointTopicName(options.state_prefix)));
  return OpenedSink{std::move(sink), std::move(checkpoint)};
}

SinkOpener KafkaSink::Opener(KafkaSinkOptions options, LeaseCheck check_lease,
                             const Clock* clock) {
  return [options = std::move(options), check_lease = std::move(check_lease),
          clock] { return Open(options, check_lease, clock); };
}

KafkaSink::~KafkaSink() {
  // Before the handle that they belong to.
  if (checkpoint_topic_.handle != nullptr) {
    rd_kafka_topic_destroy(checkpoint_topic_.handle);
  }
  absl::MutexLock lock(&topics_mu_);
  for (const OpenedTopic& topic : topics_) rd_kafka_topic_destroy(topic.handle);
}

absl::StatusOr<CheckpointTail> KafkaSink::ReadState(CheckpointReach reach) {
  return ReadCheckpointTail(
      {.cluster = options_.cluster,
       .client_id = KafkaClientId(options_),
       .topic = CheckpointTopicName(options_.state_prefix),
       .partition = options_.state_partition,
       .task_uid = options_.task_uid,
       .timeout = options_.open_timeout,
       .interrupt = options_.interrupt},
      reach, admin_.get(), &producer_->clock());
}

absl::Status KafkaSink::EnsureTopic(const std::string& name) {
  const absl::StatusOr<KafkaTopic> topic = admin_->DescribeTopic(name);
  if (!absl::IsNotFound(topic.status())) return topic.status();
  if (!options_.auto_create.has_value()) return topic.status();
  return admin_->CreateTopic(
      {.name = name,
       .partition_count = options_.auto_create->partition_count,
       .replication_factor = options_.auto_create->replication_factor,
       .configs = {}});
}

absl::StatusOr<KafkaSink::OpenedTopic> KafkaSink::OpenHandle(
    const std::string& name) {
  rd_kafka_topic_t* handle =
      rd_kafka_topic_new(producer_->handle(), name.c_str(), nullptr);
  if (handle == nullptr) {
    return KafkaError(rd_kafka_last_error(),
                      absl::StrCat("opening topic ", name));
  }
  const std::string doing = absl::StrCat("looking up topic ", name,
                                         " in Kafka at ", producer_->servers());
  int32_t partition_count = 0;
  const absl::Status found = producer_->Retry(
      options_.open_timeout, [&](absl::Duration wait) -> absl::Status {
        const rd_kafka_metadata_t* metadata = nullptr;
        rd_kafka_resp_err_t error = rd_kafka_metadata(
            producer_->handle(), 0, handle, &metadata, Millis(wait));
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
          return KafkaError(error, doing);
        }
        // Not every broker knows a new topic at once.
        error = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
        if (metadata->topic_cnt == 1) {
          error = metadata->topics[0].err;
          partition_count = metadata->topics[0].partition_cnt;
          if (error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
            error = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
          }
        }
        rd_kafka_metadata_destroy(metadata);
        return error == RD_KAFKA_RESP_ERR_NO_ERROR ? absl::OkStatus()
                                                   : KafkaError(error, doing);
      });
  if (!found.ok()) {
    rd_kafka_topic_destroy(handle);
    return found;
  }
  return OpenedTopic{name, partition_count, handle};
}

absl::StatusOr<RecordSink::Topic> KafkaSink::OpenTopic(
    const std::string& name) {
  const auto find = [this, &name]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(
                        topics_mu_) -> std::optional<Topic> {
    for (size_t i = 0; i < topics_.size(); ++i) {
      if (topics_[i].name != name) continue;
      return Topic{TopicHandle{static_cast<int32_t>(i)},
                   topics_[i].partition_count};
    }
    return std::nullopt;
  };
  {
    absl::MutexLock lock(&topics_mu_);
    if (const std::optional<Topic> topic = find(); topic.has_value()) {
      return *topic;
    }
  }
  BINFERRY_RETURN_IF_ERROR(EnsureTopic(name));
  BINFERRY_ASSIGN_OR_RETURN(const OpenedTopic opened, OpenHandle(name));
  absl::MutexLock lock(&topics_mu_);
  if (const std::optional<Topic> topic = find(); topic.has_value()) {
    rd_kafka_topic_destroy(opened.handle);  // Another thread was faster.
    return *topic;
  }
  topics_.push_back(opened);
  return *find();
}

absl::StatusOr<const KafkaSink::OpenedTopic*> KafkaSink::TopicOf(
    TopicHandle handle) {
  const auto index = static_cast<size_t>(handle.index);
  if (handle.index >= 0 && index >= writer_topics_.size()) {
    absl::MutexLock lock(&topics_mu_);
    writer_topics_ = topics_;
  }
  if (handle.index < 0 || index >= writer_topics_.size()) {
    return absl::InternalError("a record has a topic that was not opened");
  }
  return &writer_topics_[index];
}

absl::Status KafkaSink::CheckUsable() const {
  if (!failure_.ok()) return failure_;
  if (needs_reopen_) {
    return absl::AbortedError(
        "the last commit was disturbed: the producer must be made anew");
  }
  return producer_->CheckInterrupt();
}

absl::Status KafkaSink::Fail(absl::Status error) {
  if (failure_.ok()) failure_ = error;
  return error;
}

absl::Status KafkaSink::FailureOf(int error, absl::string_view doing,
                                  absl::string_view detail) const {
  char reason[512] = "";
  const rd_kafka_resp_err_t fatal =
      rd_kafka_fatal_error(producer_->handle(), reason, sizeof(reason));
  const std::optional<KafkaClient::FailedDelivery> delivery =
      producer_->failed_delivery();
  const bool purged = delivery.has_value() &&
                      (delivery->error == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                       delivery->error == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
  absl::Status status;
  if (fatal != RD_KAFKA_RESP_ERR_NO_ERROR) {
    status = KafkaError(fatal, doing, reason);
  } else if (delivery.has_value() && !purged) {
    status = KafkaError(
        delivery->error,
        absl::StrCat(delivery->record_id == 0
                         ? "writing a checkpoint"
                         : absl::StrCat("writing record ", delivery->record_id),
                     " of ", delivery->bytes, " bytes to partition ",
                     delivery->partition, " of topic ", delivery->topic));
  } else {
    status = KafkaError(error, doing, detail);
  }
  if (!absl::IsDeadlineExceeded(status) && !absl::IsUnavailable(status)) {
    return status;
  }
  return absl::UnavailableError(absl::StrCat(status.message(), " (Kafka at ",
                                             producer_->servers(), ")",
                                             producer_->Cause()));
}

absl::Status KafkaSink::Begin() {
  if (in_transaction_) return absl::OkStatus();
  const Error error(rd_kafka_begin_transaction(producer_->handle()));
  if (error != nullptr) {
    return FailureOf(rd_kafka_error_code(error.get()),
                     "beginning a Kafka transaction",
                     rd_kafka_error_string(error.get()));
  }
  in_transaction_ = true;
  return absl::OkStatus();
}

absl::Status KafkaSink::Write(absl::Span<const Record> records) {
  BINFERRY_RETURN_IF_ERROR(CheckUsable());
  if (records.empty()) return absl::OkStatus();
  absl::Status status = Begin();
  for (const Record& record : records) {
    if (!status.ok()) break;
    status = WriteOne(record);
  }
  if (!status.ok()) return Fail(std::move(status));
  producer_->Poll(absl::ZeroDuration());
  return absl::OkStatus();
}

absl::Status KafkaSink::WriteOne(const Record& record) {
  BINFERRY_ASSIGN_OR_RETURN(const OpenedTopic* topic, TopicOf(record.topic));
  const auto bytes =
      static_cast<int64_t>(record.key.size() + record.value.size());
  if (bytes > options_.max_record_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "record ", record.id, " for topic ", topic->name, " has ", bytes,
        " bytes, and the task's limit is ", options_.max_record_bytes,
        ". Raise the limit, and max.message.bytes of the topic with it"));
  }
  // The bytes live until the commit, so nothing is copied.
  return Produce(*topic,
                 record.has_value ? ValueBytes::kBorrowed : ValueBytes::kNone,
                 record);
}

absl::Status KafkaSink::WriteState(Epoch epoch,
                                   const std::optional<std::string>& value) {
  const std::string key = SerializeCheckpointKey({options_.task_uid, epoch});
  const Record record{.topic = {},
                      .partition = options_.state_partition,
                      .has_key = true,
                      .key = key,
                      .value = value.has_value() ? absl::string_view(*value)
                                                 : absl::string_view()};
  return Produce(checkpoint_topic_,
                 value.has_value() ? ValueBytes::kCopied : ValueBytes::kNone,
                 record);
}

absl::Status KafkaSink::Produce(const OpenedTopic& topic, ValueBytes bytes,
                                const Record& record) {
  while (true) {
    const rd_kafka_resp_err_t error =
        QueueRecord(producer_->handle(), topic.handle, bytes, record);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      BINFERRY_RETURN_IF_ERROR(producer_->CheckInterrupt());
      producer_->Poll(kQueueFullWait);
      continue;
    }
    producer_->Poll(absl::ZeroDuration());
    if (error == RD_KAFKA_RESP_ERR__STATE) {
      // The Kafka transaction has failed already; a commit that can't succeed
      // any more tells why.
      BINFERRY_RETURN_IF_ERROR(CommitTransaction());
      return absl::InternalError("a Kafka transaction ended by itself");
    }
    return FailureOf(
        error,
        absl::StrCat("writing record ", record.id, " to partition ",
                     record.partition, " of topic ", topic.name),
        "");
  }
}

absl::Status KafkaSink::Commit(const Checkpoint& checkpoint) {
  BINFERRY_RETURN_IF_ERROR(CheckUsable());
  if (checkpoint.task_uid != options_.task_uid ||
      checkpoint.epoch != options_.epoch) {
    return Fail(absl::InternalError(
        "a checkpoint of another task or epoch than the sink's"));
  }
  absl::Status status = Begin();
  // Their successor is in the same Kafka transaction.
  for (const Epoch epoch : older_epochs_) {
    if (status.ok()) status = WriteState(epoch, std::nullopt);
  }
  if (status.ok()) {
    status = WriteState(checkpoint.epoch, SerializeCheckpoint(checkpoint));
  }
  if (status.ok()) status = CommitTransaction();
  if (!status.ok()) return Fail(std::move(status));
  older_epochs_.clear();
  return absl::OkStatus();
}

absl::Status KafkaSink::CommitTransaction() {
  producer_->Poll(absl::ZeroDuration());
  const int64_t disturbances = producer_->disturbance_count();
  const Clock& clock = producer_->clock();
  const MonotonicTime started = clock.MonotonicNow();
  while (true) {
    const Error error(
        rd_kafka_commit_transaction(producer_->handle(), Millis(kSlice)));
    if (error == nullptr) break;
    BINFERRY_RETURN_IF_ERROR(producer_->CheckInterrupt());
    producer_->Poll(absl::ZeroDuration());
    const bool again = rd_kafka_error_is_retriable(error.get()) != 0 &&
                       clock.MonotonicNow() - started < kCommitPatience;
    if (!again) {
      return FailureOf(rd_kafka_error_code(error.get()),
                       "committing a Kafka transaction",
                       rd_kafka_error_string(error.get()));
    }
    // Some are told at once.
    producer_->Poll(kQueueFullWait);
  }
  in_transaction_ = false;
  producer_->Poll(absl::ZeroDuration());
  needs_reopen_ = clock.MonotonicNow() - started > kQuickCommit ||
                  producer_->disturbance_count() != disturbances;
  return absl::OkStatus();
}

absl::Status KafkaSink::AbortTransaction() {
  if (!in_transaction_) return absl::OkStatus();
  const Clock& clock = producer_->clock();
  const MonotonicTime deadline = clock.MonotonicNow() + kAbortTimeout;
  while (true) {
    const Error error(
        rd_kafka_abort_transaction(producer_->handle(), Millis(kSlice)));
    if (error == nullptr) break;
    BINFERRY_RETURN_IF_ERROR(producer_->CheckInterrupt());
    if (rd_kafka_error_is_retriable(error.get()) == 0 ||
        clock.MonotonicNow() >= deadline) {
      return FailureOf(rd_kafka_error_code(error.get()),
                       "aborting a Kafka transaction",
                       rd_kafka_error_string(error.get()));
    }
    producer_->Poll(kQueueFullWait);
  }
  in_transaction_ = false;
  return absl::OkStatus();
}

absl::Status KafkaSink::DeleteState() {
  BINFERRY_RETURN_IF_ERROR(CheckUsable());
  absl::Status status = AbortTransaction();
  std::vector<Epoch> epochs;
  if (status.ok()) {
    const absl::StatusOr<CheckpointTail> tail =
        ReadState(CheckpointReach::kPartition);
    status = tail.status();
    if (status.ok()) epochs = tail->Epochs();
  }
  if (status.ok() && !epochs.empty()) {
    status = Begin();
    for (const Epoch epoch : epochs) {
      if (status.ok()) status = WriteState(epoch, std::nullopt);
    }
    if (status.ok()) status = CommitTransaction();
  }
  if (!status.ok()) return Fail(std::move(status));
  failure_ = absl::AbortedError("the task's state was deleted");
  return absl::OkStatus();
}

}  // namespace binferry::worker
