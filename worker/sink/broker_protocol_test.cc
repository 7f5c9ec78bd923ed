#include "worker/sink/broker_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"
#include "worker/sink/wire.h"

namespace binferry::worker {
namespace {

std::string Metadata() {
  WireWriter writer;
  writer.Int(0, 4);
  writer.Int(1, 4);  // Brokers.
  writer.Int(7, 4);
  writer.String("b1");
  writer.Int(9092, 4);
  writer.Int(-1, 2);
  writer.String("cluster");
  writer.Int(7, 4);
  writer.Int(1, 4);  // Topics.
  writer.Int(0, 2);
  writer.String("orders");
  writer.Int(0, 1);
  writer.Int(1, 4);  // Partitions.
  writer.Int(0, 2);
  writer.Int(0, 4);
  writer.Int(7, 4);
  writer.Int(0, 4);
  writer.Int(1, 4);
  writer.Int(7, 4);
  writer.Int(1, 4);
  writer.Int(7, 4);
  writer.Int(0, 4);
  writer.Int(1 << 4 | 1 << 8, 4);
  writer.Int(1 << 8, 4);
  return std::move(writer).Take();
}

TEST(BrokerProtocolTest, ReadsMetadataWithRights) {
  const absl::StatusOr<BrokerMetadata> metadata = ReadMetadata(Metadata(), 8);
  ASSERT_THAT(metadata, IsOk());
  EXPECT_EQ(metadata->brokers.at(0).host, "b1");
  EXPECT_EQ(metadata->brokers.at(0).port, 9092);
  EXPECT_EQ(metadata->cluster_id, "cluster");
  const BrokerMetadata::Topic& topic = metadata->topics.at(0);
  EXPECT_EQ(topic.name, "orders");
  EXPECT_EQ(topic.partition_count, 1);
  EXPECT_EQ(topic.replication_factor, 1);
  EXPECT_TRUE(Allows(topic.operations, AclOperation::kWrite));
  EXPECT_FALSE(Allows(topic.operations, AclOperation::kRead));
  EXPECT_FALSE(Allows(metadata->cluster_operations, AclOperation::kCreate));
  EXPECT_TRUE(Allows(-1, AclOperation::kRead));
}

TEST(BrokerProtocolTest, RefusesAnswersThatAreCutOff) {
  const std::string whole = Metadata();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_THAT(ReadMetadata(whole.substr(0, size), 8).status(),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
  // A length that promises more than there is.
  EXPECT_THAT(
      ReadMetadata(std::string("\0\0\0\0\x7f\xff\xff\xff", 8), 8).status(),
      StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_THAT(ReadApiVersions("\0\0").status(),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(BrokerProtocolTest, TellsTheRelease) {
  const auto release = [](int16_t least, int16_t most) {
    BrokerVersions versions;
    versions.apis[1] = {.least = least, .most = most};
    versions.apis[22] = {.least = 0, .most = 1};
    return versions.Release();
  };
  EXPECT_EQ(release(4, 18), "4.0 or later");
  EXPECT_EQ(release(0, 17), "3.9 or later");
  EXPECT_EQ(release(0, 15), "3.5 or later, before 3.7");
  EXPECT_EQ(release(0, 5), "0.11");
}

}  // namespace
}  // namespace binferry::worker
