#include "worker/sink/kafka_sink.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "worker/sink/kafka_state_topics.h"
#include "worker/sink/sink_status.h"
#include "worker/sink/testing/kafka_environment.h"
#include "worker/sink/testing/kafka_topic_reader.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

absl::Status LiveLease() { return absl::OkStatus(); }

class KafkaSinkTest : public KafkaTest {
 protected:
  void SetUp() override {
    KafkaTest::SetUp();
    if (IsSkipped()) return;
    options_.cluster = Cluster();
    options_.state_prefix = prefix_;
    options_.transactional_id = absl::StrCat(prefix_, "-task");
    options_.task_uid = TaskUid("task");
    options_.epoch = Epoch(1);
    options_.state_partition = 3;
    options_.transaction_timeout = absl::Seconds(10);
  }

  OpenedSink Open() {
    absl::StatusOr<OpenedSink> opened =
        KafkaSink::Open(options_, LiveLease, &clock_);
    EXPECT_THAT(opened, IsOk());
    return opened.ok() ? *std::move(opened) : OpenedSink{};
  }
  // `value` must outlive the commit.
  absl::Status WriteOne(RecordSink* sink, absl::string_view value,
                        uint64_t id = 1) {
    const absl::StatusOr<RecordSink::Topic> topic =
        sink->OpenTopic(Topic("rows"));
    if (!topic.ok()) return topic.status();
    const Record record{topic->handle, 0, true, "key", value, true, id};
    return sink->Write({record});
  }
  Checkpoint Numbered(int64_t number) const {
    Checkpoint checkpoint;
    checkpoint.task_uid = options_.task_uid;
    checkpoint.epoch = options_.epoch;
    checkpoint.number = number;
    checkpoint.last_id = static_cast<uint64_t>(number) * 10;
    checkpoint.gtid_set = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5";
    return checkpoint;
  }
  std::vector<std::string> Values() {
    const auto records = ReadCommitted(servers_, Topic("rows"), 0);
    EXPECT_THAT(records, IsOk());
    std::vector<std::string> values;
    if (!records.ok()) return values;
    for (const ConsumedRecord& record : *records) {
      values.push_back(record.value.value_or("(null)"));
    }
    return values;
  }

  KafkaSinkOptions options_;
};

TEST_F(KafkaSinkTest, CommittedRecordsAndCheckpointAreThereWhenReopened) {
  CreateTopic("rows", 2);
  OpenedSink opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  EXPECT_EQ(opened.checkpoint, std::nullopt);
  const absl::StatusOr<RecordSink::Topic> topic =
      opened.sink->OpenTopic(Topic("rows"));
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->partition_count, 2);
  const std::vector<Record> records = {
      {topic->handle, 0, true, "k", "a", true, 1},
      {topic->handle, 1, false, "", "b", true, 2},
      {topic->handle, 0, true, "", "", true, 3}};
  ASSERT_THAT(opened.sink->Write(records), IsOk());
  ASSERT_THAT(opened.sink->Commit(Numbered(1)), IsOk());
  EXPECT_FALSE(opened.sink->NeedsReopen());
  ASSERT_THAT(WriteOne(opened.sink.get(), "c"), IsOk());
  ASSERT_THAT(opened.sink->Commit(Numbered(2)), IsOk());
  opened.sink.reset();

  EXPECT_EQ(Open().checkpoint, Numbered(2));
  const auto first = ReadCommitted(servers_, Topic("rows"), 0);
  ASSERT_THAT(first, IsOk());
  ASSERT_EQ(first->size(), 3u);
  EXPECT_EQ((*first)[0].key, "k");
  EXPECT_EQ((*first)[0].value, "a");
  EXPECT_EQ((*first)[1].key, "");  // Empty is not null.
  EXPECT_EQ((*first)[1].value, "");
  EXPECT_EQ((*first)[2].value, "c");
  const auto second = ReadCommitted(servers_, Topic("rows"), 1);
  ASSERT_THAT(second, IsOk());
  ASSERT_EQ(second->size(), 1u);
  EXPECT_EQ((*second)[0].key, std::nullopt);
}

TEST_F(KafkaSinkTest, UncommittedRecordsVanish) {
  CreateTopic("rows", 1);
  OpenedSink opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  ASSERT_THAT(WriteOne(opened.sink.get(), "kept"), IsOk());
  ASSERT_THAT(opened.sink->Commit(Numbered(1)), IsOk());
  ASSERT_THAT(WriteOne(opened.sink.get(), "lost"), IsOk());
  // Until the broker has it.
  absl::StatusOr<KafkaAdmin::Offsets> offsets;
  const MonotonicTime deadline = clock_.MonotonicNow() + absl::Seconds(10);
  do {
    offsets = admin_->DescribePartition(Topic("rows"), 0);
    ASSERT_THAT(offsets, IsOk());
    ASSERT_LT(clock_.MonotonicNow(), deadline);
  } while (offsets->end < 3);  // "kept", its marker, "lost".
  opened.sink.reset();

  EXPECT_EQ(Open().checkpoint, Numbered(1));
  EXPECT_THAT(Values(), ElementsAre("kept"));
}

TEST_F(KafkaSinkTest, SecondSinkFencesTheFirst) {
  CreateTopic("rows", 1);
  OpenedSink zombie = Open();
  ASSERT_NE(zombie.sink, nullptr);
  ASSERT_THAT(WriteOne(zombie.sink.get(), "zombie's"), IsOk());
  OpenedSink owner = Open();
  ASSERT_NE(owner.sink, nullptr);
  const absl::Status refused = zombie.sink->Commit(Numbered(1));
  EXPECT_TRUE(IsFenced(refused)) << refused;
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kAborted));
  ASSERT_THAT(WriteOne(owner.sink.get(), "owner's"), IsOk());
  ASSERT_THAT(owner.sink->Commit(Numbered(1)), IsOk());
  EXPECT_THAT(Values(), ElementsAre("owner's"));
}

TEST_F(KafkaSinkTest, LeaseLostWhileStartingEndsInNothing) {
  OpenedSink owner = Open();
  ASSERT_NE(owner.sink, nullptr);
  ASSERT_THAT(owner.sink->Commit(Numbered(1)), IsOk());
  // Live before and while the producer is initialized. What comes behind fences
  // the owner: only that shows that init was over.
  bool fenced = false;
  const auto lease = [&]() -> absl::Status {
    const absl::Status commit = owner.sink->Commit(Numbered(2));
    if (commit.ok()) {
      return absl::OkStatus();
    }
    fenced = true;
    return absl::FailedPreconditionError("the lease is over");
  };
  // The owner's second commit repeats its number, which only a reader minds.
  EXPECT_THAT(
      KafkaSink::Open(options_, lease, &clock_),
      StatusIs(absl::StatusCode::kFailedPrecondition, "the lease is over"));
  EXPECT_TRUE(fenced);
}

TEST_F(KafkaSinkTest, LeaseThatIsOverStartsNothing) {
  OpenedSink owner = Open();
  ASSERT_NE(owner.sink, nullptr);
  const auto lease = [] {
    return absl::FailedPreconditionError("the lease is over");
  };
  EXPECT_THAT(KafkaSink::Open(options_, lease, &clock_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(owner.sink->Commit(Numbered(1)), IsOk());  // Not fenced.
}

TEST_F(KafkaSinkTest, HigherEpochWinsAndBuriesTheLower) {
  OpenedSink first = Open();
  ASSERT_NE(first.sink, nullptr);
  ASSERT_THAT(first.sink->Commit(Numbered(1)), IsOk());
  options_.epoch = Epoch(2);
  OpenedSink second = Open();
  ASSERT_NE(second.sink, nullptr);
  EXPECT_EQ(second.checkpoint->epoch, Epoch(1));
  ASSERT_THAT(second.sink->Commit(Numbered(2)), IsOk());
  EXPECT_EQ(Open().checkpoint, Numbered(2));

  const auto records = ReadCommitted(servers_, CheckpointTopicName(prefix_), 3);
  ASSERT_THAT(records, IsOk());
  ASSERT_EQ(records->size(), 3u);
  EXPECT_EQ((*records)[1].key, "task/1");
  EXPECT_EQ((*records)[1].value, std::nullopt);
  EXPECT_EQ((*records)[2].key, "task/2");

  options_.epoch = Epoch(1);
  const absl::Status behind =
      KafkaSink::Open(options_, LiveLease, &clock_).status();
  EXPECT_EQ(NewerEpoch(behind), Epoch(2)) << behind;
}

TEST_F(KafkaSinkTest, CheckpointIsFoundFarBehindTheEnd) {
  CreateTopic("rows", 1);
  OpenedSink opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  ASSERT_THAT(opened.sink->Commit(Numbered(1)), IsOk());
  // Another task's records, more than the first reach, in the same partition.
  options_.task_uid = TaskUid("other");
  OpenedSink other = Open();
  ASSERT_NE(other.sink, nullptr);
  for (int number = 1; number <= 50; ++number) {
    ASSERT_THAT(other.sink->Commit(Numbered(number)), IsOk());
  }
  options_.task_uid = TaskUid("task");
  EXPECT_EQ(Open().checkpoint, Numbered(1));
}

TEST_F(KafkaSinkTest, DeletedStateIsGoneWithItsUncommittedRecords) {
  CreateTopic("rows", 1);
  OpenedSink first = Open();
  ASSERT_NE(first.sink, nullptr);
  ASSERT_THAT(first.sink->Commit(Numbered(1)), IsOk());
  options_.epoch = Epoch(2);
  OpenedSink opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  ASSERT_THAT(opened.sink->Commit(Numbered(2)), IsOk());
  ASSERT_THAT(WriteOne(opened.sink.get(), "never"), IsOk());
  ASSERT_THAT(opened.sink->DeleteState(), IsOk());
  EXPECT_THAT(opened.sink->Commit(Numbered(3)),
              StatusIs(absl::StatusCode::kAborted));
  options_.epoch = Epoch(3);
  EXPECT_EQ(Open().checkpoint, std::nullopt);
  EXPECT_THAT(Values(), IsEmpty());
}

TEST_F(KafkaSinkTest, MissingTopicIsNamedOrCreated) {
  OpenedSink opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  EXPECT_THAT(opened.sink->OpenTopic(Topic("rows")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr(Topic("rows"))));
  options_.auto_create = KafkaSinkOptions::TopicCreation{.partition_count = 3};
  opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  const auto topic = opened.sink->OpenTopic(Topic("rows"));
  ASSERT_THAT(topic, IsOk());
  EXPECT_EQ(topic->partition_count, 3);
  const auto again = opened.sink->OpenTopic(Topic("rows"));
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ(again->handle.index, topic->handle.index);
}

TEST_F(KafkaSinkTest, RecordAboveTheTasksLimitIsRefusedByName) {
  CreateTopic("rows", 1);
  options_.max_record_bytes = 1000;
  OpenedSink opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  const std::string large(1000, 'x');
  EXPECT_THAT(WriteOne(opened.sink.get(), large, 77),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("record 77"), HasSubstr(Topic("rows")),
                             HasSubstr("1003 bytes"))));
}

TEST_F(KafkaSinkTest, RecordAboveTheTopicsLimitIsRefusedByName) {
  ASSERT_THAT(admin_->CreateTopic({.name = Topic("rows"),
                                   .partition_count = 1,
                                   .replication_factor = 1,
                                   .configs = {{"max.message.bytes", "2000"}}}),
              IsOk());
  OpenedSink opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  std::string large(100'000, 'x');
  uint32_t random = 1;  // Which lz4 can't shrink.
  for (char& byte : large) {
    random = random * 1'664'525 + 1'013'904'223;
    byte = static_cast<char>(random >> 24);
  }
  ASSERT_THAT(WriteOne(opened.sink.get(), large, 78), IsOk());
  EXPECT_THAT(opened.sink->Commit(Numbered(1)),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("record 78"), HasSubstr(Topic("rows")),
                             HasSubstr("max.message.bytes"))));
  opened.sink.reset();
  EXPECT_EQ(Open().checkpoint, std::nullopt);
}

TEST_F(KafkaSinkTest, UnreachableBrokerIsToldInSeconds) {
  options_.cluster.bootstrap_servers = "127.0.0.1:1";
  const MonotonicTime started = clock_.MonotonicNow();
  EXPECT_THAT(KafkaSink::Open(options_, LiveLease, &clock_),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("127.0.0.1:1"),
                             HasSubstr("Connection refused"))));
  EXPECT_LT(clock_.MonotonicNow() - started, absl::Seconds(5));
}

TEST_F(KafkaSinkTest, InterruptEndsOpenAtABrokerThatNeverAnswers) {
  // The kernel accepts connections, and nobody reads them.
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(bind(listener, any, size), 0);
  ASSERT_EQ(listen(listener, 16), 0);
  ASSERT_EQ(getsockname(listener, any, &size), 0);
  options_.cluster.bootstrap_servers =
      absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  std::stop_source interrupt;
  options_.interrupt = interrupt.get_token();
  absl::Status status;
  std::jthread opening(
      [&] { status = KafkaSink::Open(options_, LiveLease, &clock_).status(); });
  pollfd connected = {listener, POLLIN, 0};
  ASSERT_EQ(poll(&connected, 1, 10'000), 1);  // It is waiting for an answer.
  const MonotonicTime started = clock_.MonotonicNow();
  interrupt.request_stop();
  opening.join();
  close(listener);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
  EXPECT_LT(clock_.MonotonicNow() - started, absl::Seconds(1));
}

TEST_F(KafkaSinkTest, ManyRecordsKeepTheirOrder) {
  CreateTopic("rows", 1);
  OpenedSink opened = Open();
  ASSERT_NE(opened.sink, nullptr);
  const auto topic = opened.sink->OpenTopic(Topic("rows"));
  ASSERT_THAT(topic, IsOk());
  std::vector<std::string> values;
  for (int i = 0; i < 20'000; ++i) values.push_back(absl::StrCat(i));
  std::vector<Record> records;
  for (const std::string& value : values) {
    records.push_back(
        {topic->handle, 0, false, "", value, true, records.size() + 1});
  }
  ASSERT_THAT(opened.sink->Write(records), IsOk());
  ASSERT_THAT(opened.sink->Commit(Numbered(1)), IsOk());
  EXPECT_EQ(Values(), values);
}

}  // namespace
}  // namespace binferry::worker
