// What the test broker can't be made to show: other versions, more brokers.
#include "worker/precheck/destination_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace binferry::worker {
namespace {

using testing::HasSubstr;

DestinationFacts Facts() {
  DestinationFacts facts;
  facts.versions.apis[22] = {.least = 0, .most = 4};
  facts.versions.apis[60] = {.least = 0, .most = 1};
  facts.broker_count = 3;
  facts.security = KafkaSecurity::kSaslSsl;
  facts.broker_configs = KafkaAdmin::Configs{};
  return facts;
}

DestinationUse Use() {
  DestinationUse use;
  use.principal = "User:a";
  use.transactional_id = "binferry.1";
  return use;
}

PrecheckItem Item(const DestinationFacts& facts, const std::string& id) {
  for (const PrecheckItem& item : DestinationItems(facts, Use())) {
    if (item.id == id) return item;
  }
  ADD_FAILURE() << "no item " << id;
  return {};
}

TEST(DestinationItemsTest, NothingIsWrongWithAGoodCluster) {
  for (const PrecheckItem& item : DestinationItems(Facts(), Use())) {
    EXPECT_EQ(item.result, PrecheckResult::kPassed) << item.id;
    EXPECT_FALSE(item.found.empty()) << item.id;
    EXPECT_FALSE(item.wanted.empty()) << item.id;
  }
}

TEST(DestinationItemsTest, OldBrokersAskForIdempotentWrite) {
  DestinationFacts facts = Facts();
  facts.versions.apis.erase(60);
  facts.cluster_operations = 0;
  const PrecheckItem item = Item(facts, "destination_idempotence");
  EXPECT_EQ(item.result, PrecheckResult::kFailed);
  EXPECT_THAT(item.remedy, HasSubstr("--operation IdempotentWrite --cluster"));
  facts.cluster_operations = 1 << 12;
  EXPECT_EQ(Item(facts, "destination_idempotence").result,
            PrecheckResult::kPassed);
}

TEST(DestinationItemsTest, SettingsOfBrokersAreJudged) {
  DestinationFacts facts = Facts();
  facts.broker_configs =
      KafkaAdmin::Configs{{"transaction.state.log.replication.factor", "5"},
                          {"auto.create.topics.enable", "true"},
                          {"message.max.bytes", "1000"}};
  EXPECT_EQ(Item(facts, "destination_transaction_log").result,
            PrecheckResult::kAlarm);
  EXPECT_EQ(Item(facts, "destination_auto_creation").result,
            PrecheckResult::kAlarm);
  EXPECT_THAT(Item(facts, "destination_record_size").remedy,
              HasSubstr("message.max.bytes=1000000"));
}

TEST(DestinationItemsTest, OneReplicaOfTheStateIsTold) {
  DestinationFacts facts = Facts();
  TopicFacts topic;
  topic.name = "binferry-checkpoints";
  topic.exists = true;
  topic.replication_factor = 1;
  facts.state_topics = {topic};
  const PrecheckItem item = Item(facts, "destination_state_replicas");
  EXPECT_EQ(item.result, PrecheckResult::kAlarm);
  EXPECT_THAT(item.objects, testing::ElementsAre("binferry-checkpoints"));
  facts.broker_count = 1;
  EXPECT_EQ(Item(facts, "destination_state_replicas").result,
            PrecheckResult::kPassed);
}

}  // namespace
}  // namespace binferry::worker
