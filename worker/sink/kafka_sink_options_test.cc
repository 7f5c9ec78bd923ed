#include "worker/sink/kafka_sink_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"
#include "worker/sink/kafka_state_topics.h"

namespace binferry::worker {
namespace {

KafkaSinkOptions GoodOptions() {
  KafkaSinkOptions options;
  options.cluster.bootstrap_servers = "a:1";
  options.transactional_id = "binferry-task";
  options.task_uid = TaskUid("task");
  return options;
}

TEST(KafkaSinkOptionsTest, SenselessOptionsAreRefused) {
  EXPECT_THAT(CheckKafkaSinkOptions(GoodOptions()), IsOk());
  void (*const faults[])(KafkaSinkOptions*) = {
      [](KafkaSinkOptions* o) { o->cluster.bootstrap_servers = ""; },
      [](KafkaSinkOptions* o) { o->state_prefix = "a b"; },
      [](KafkaSinkOptions* o) { o->transactional_id = ""; },
      [](KafkaSinkOptions* o) { o->task_uid = TaskUid(); },
      [](KafkaSinkOptions* o) { o->state_partition = -1; },
      [](KafkaSinkOptions* o) { o->max_record_bytes = 0; },
      [](KafkaSinkOptions* o) { o->max_record_bytes = 1'000'000'001; },
      [](KafkaSinkOptions* o) { o->transaction_timeout = absl::Minutes(16); },
  };
  for (const auto fault : faults) {
    KafkaSinkOptions options = GoodOptions();
    fault(&options);
    EXPECT_THAT(CheckKafkaSinkOptions(options),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(KafkaSinkOptionsTest, RecordsAreCompressedAsAsked) {
  const auto codec = [](RecordCompression compression) {
    KafkaSinkOptions options = GoodOptions();
    options.compression = compression;
    for (const auto& [name, value] : KafkaProducerSettings(options)) {
      if (name == "compression.codec") return std::string(value);
    }
    return std::string();
  };
  EXPECT_EQ(codec(KafkaSinkOptions().compression), "lz4");
  EXPECT_EQ(codec(RecordCompression::kNone), "none");
  EXPECT_EQ(codec(RecordCompression::kGzip), "gzip");
  EXPECT_EQ(codec(RecordCompression::kSnappy), "snappy");
  EXPECT_EQ(codec(RecordCompression::kZstd), "zstd");
}

TEST(KafkaSinkOptionsTest, StateTopicsGrowInSteps) {
  EXPECT_EQ(StateTopicPartitionCount(0), 16);
  EXPECT_EQ(StateTopicPartitionCount(15), 16);
  EXPECT_EQ(StateTopicPartitionCount(16), 32);
}

}  // namespace
}  // namespace binferry::worker
