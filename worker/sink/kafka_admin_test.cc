#include "worker/sink/kafka_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "worker/sink/kafka_state_topics.h"
#include "worker/sink/testing/kafka_environment.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

class KafkaAdminTest : public KafkaTest {};

TEST_F(KafkaAdminTest, DescribesTheCluster) {
  const absl::StatusOr<KafkaClusterDescription> cluster =
      admin_->DescribeCluster();
  ASSERT_THAT(cluster, IsOk());
  EXPECT_FALSE(cluster->cluster_id.empty());
  ASSERT_EQ(cluster->brokers.size(), 1u);
  EXPECT_EQ(
      absl::StrCat(cluster->brokers[0].host, ":", cluster->brokers[0].port),
      servers_);
}

TEST_F(KafkaAdminTest, CreatesDescribesAndGrowsTopics) {
  const std::string name = Topic("grown");
  EXPECT_THAT(
      admin_->DescribeTopic(name),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("topic " + name)));
  const NewKafkaTopic topic{.name = name,
                            .partition_count = 2,
                            .replication_factor = 1,
                            .configs = {{"max.message.bytes", "54321"}}};
  ASSERT_THAT(admin_->CreateTopic(topic), IsOk());
  ASSERT_THAT(admin_->CreateTopic(topic), IsOk());  // Exists: as it is.
  ASSERT_THAT(admin_->GrowTopic(name, 5), IsOk());
  ASSERT_THAT(admin_->GrowTopic(name, 3), IsOk());  // Has more.
  const absl::StatusOr<KafkaTopic> described = admin_->DescribeTopic(name);
  ASSERT_THAT(described, IsOk());
  EXPECT_EQ(described->partition_count, 5);
  const auto configs = admin_->DescribeTopicConfigs(name);
  ASSERT_THAT(configs, IsOk());
  EXPECT_THAT(*configs, AllOf(Contains(Pair("max.message.bytes", "54321")),
                              Contains(Pair("cleanup.policy", "delete"))));
  const absl::StatusOr<std::vector<KafkaTopic>> topics = admin_->ListTopics();
  ASSERT_THAT(topics, IsOk());
  EXPECT_TRUE(std::any_of(
      topics->begin(), topics->end(), [&](const KafkaTopic& listed) {
        return listed.name == name && listed.partition_count == 5;
      }));
}

TEST_F(KafkaAdminTest, TooManyReplicasAreExplained) {
  EXPECT_THAT(
      admin_->CreateTopic({.name = Topic("replicas"),
                           .partition_count = 1,
                           .replication_factor = 3,
                           .configs = {}}),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr(Topic("replicas")), HasSubstr("3 replicas"),
                     HasSubstr("number of brokers"))));
}

TEST_F(KafkaAdminTest, UnreachableBrokerIsNamedWithTheCauseInSeconds) {
  KafkaClusterOptions cluster;
  cluster.bootstrap_servers = "127.0.0.1:1";
  const auto admin =
      KafkaAdmin::Create({.cluster = cluster, .interrupt = {}}, &clock_);
  ASSERT_THAT(admin, IsOk());
  const MonotonicTime started = clock_.MonotonicNow();
  EXPECT_THAT((*admin)->DescribeCluster(),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("127.0.0.1:1"),
                             HasSubstr("Connection refused"))));
  EXPECT_LT(clock_.MonotonicNow() - started, absl::Seconds(5));
}

TEST_F(KafkaAdminTest, UnknownHostIsNamed) {
  KafkaClusterOptions cluster;
  cluster.bootstrap_servers = "no-such-host.invalid:9092";
  const auto admin =
      KafkaAdmin::Create({.cluster = cluster, .interrupt = {}}, &clock_);
  ASSERT_THAT(admin, IsOk());
  EXPECT_THAT(
      (*admin)->DescribeCluster(),
      StatusIs(absl::StatusCode::kUnavailable,
               AllOf(HasSubstr("no-such-host.invalid"), HasSubstr("resolve"))));
}

TEST_F(KafkaAdminTest, SaslAtABrokerWithoutItIsNoSilence) {
  KafkaClusterOptions cluster = Cluster();
  cluster.security = KafkaSecurity::kSaslPlaintext;
  cluster.username = "u";
  cluster.password = Secret("hidden");
  const auto admin =
      KafkaAdmin::Create({.cluster = cluster, .interrupt = {}}, &clock_);
  ASSERT_THAT(admin, IsOk());
  const absl::Status status = (*admin)->DescribeCluster().status();
  EXPECT_THAT(status, Not(IsOk()));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("SASL"), Not(HasSubstr("hidden"))));
}

TEST_F(KafkaAdminTest, StateTopicsAreCompactedAndGrow) {
  ASSERT_THAT(EnsureStateTopics(admin_.get(), prefix_, 0), IsOk());
  ASSERT_THAT(EnsureStateTopics(admin_.get(), prefix_, 16), IsOk());
  for (const std::string& name :
       {CheckpointTopicName(prefix_), SchemaTopicName(prefix_)}) {
    const absl::StatusOr<KafkaTopic> topic = admin_->DescribeTopic(name);
    ASSERT_THAT(topic, IsOk());
    EXPECT_EQ(topic->partition_count, 32);
    const auto configs = admin_->DescribeTopicConfigs(name);
    ASSERT_THAT(configs, IsOk());
    EXPECT_THAT(*configs,
                AllOf(Contains(Pair("cleanup.policy", "compact")),
                      Contains(Pair("min.compaction.lag.ms", "3600000")),
                      Contains(Pair("segment.bytes", "52428800")),
                      Contains(Pair("min.cleanable.dirty.ratio", "0.1"))));
  }
}

TEST_F(KafkaAdminTest, StateTopicThatDeletesIsRefused) {
  CreateTopic("checkpoints", 16);
  EXPECT_THAT(EnsureStateTopics(admin_.get(), prefix_, 0),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr(CheckpointTopicName(prefix_)),
                             HasSubstr("cleanup.policy=compact"))));
}

TEST_F(KafkaAdminTest, InterruptEndsAWait) {
  KafkaClusterOptions cluster;
  cluster.bootstrap_servers = "127.0.0.1:1";
  std::stop_source interrupt;
  const auto admin = KafkaAdmin::Create(
      {.cluster = cluster, .interrupt = interrupt.get_token()}, &clock_);
  ASSERT_THAT(admin, IsOk());
  interrupt.request_stop();
  EXPECT_THAT((*admin)->DescribeCluster(),
              StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace binferry::worker
