#include "worker/precheck/topic_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/precheck/topic_plan.h"

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kFormat[] = "$database$-$tablename$";

PrecheckItem Item(const DestinationFacts& facts, const DestinationUse& use,
                  const std::string& id) {
  for (const PrecheckItem& item : TopicItems(facts, use)) {
    if (item.id == id) return item;
  }
  ADD_FAILURE() << "no item " << id;
  return {};
}

DestinationUse Auto(const std::vector<TopicTable>& tables,
                    const std::string& format = kFormat) {
  DestinationUse use;
  use.principal = "User:a";
  use.creation = KafkaSinkOptions::TopicCreation{};
  use.plan = PlanTopics(tables, "", format);
  return use;
}

TEST(TopicPlanTest, GoesByRuleThenTopicThenFormat) {
  const TopicPlan specified =
      PlanTopics({{"shop", "a"}, {"shop", "b", "special", false}}, "all", "");
  ASSERT_EQ(specified.topics.size(), 2u);
  EXPECT_EQ(specified.topics[0].name, "all");
  EXPECT_EQ(specified.topics[0].table_count, 1u);
  EXPECT_EQ(specified.topics[1].name, "special");
  EXPECT_EQ(specified.topics[1].keyless_count, 1u);
  const TopicPlan made = PlanTopics({{"shop", "a"}}, "", kFormat);
  ASSERT_EQ(made.topics.size(), 1u);
  EXPECT_EQ(made.topics[0].name, "shop-a");
  EXPECT_TRUE(made.topics[0].by_format);
  EXPECT_EQ(PlanTopics({}, "all", "").topics.size(), 1u);
}

TEST(TopicItemsTest, NamesThatKafkaDoesNotTakeAreTold) {
  const PrecheckItem item =
      Item({}, Auto({{"shop", "straße"}, {"shop", "a"}}), "topics_names");
  EXPECT_EQ(item.result, PrecheckResult::kFailed);
  EXPECT_THAT(item.objects, ElementsAre("shop.straße"));
}

TEST(TopicItemsTest, TopicsThatDifferOnlyInDotsCollide) {
  DestinationFacts facts;
  facts.all_topics = {"shop-a.b"};
  const PrecheckItem item =
      Item(facts, Auto({{"shop", "a_b"}}), "topics_collisions");
  EXPECT_EQ(item.result, PrecheckResult::kFailed);
  EXPECT_THAT(item.found, HasSubstr("shop-a_b and shop-a.b"));
  facts.all_topics = {"shop-a_b"};  // The topic itself.
  EXPECT_EQ(Item(facts, Auto({{"shop", "a_b"}}), "topics_collisions").result,
            PrecheckResult::kPassed);
}

TEST(TopicItemsTest, TablesThatShareAMadeTopicAreTold) {
  const std::vector<TopicTable> tables = {{"a-b", "c"}, {"a", "b-c"}};
  EXPECT_EQ(Item({}, Auto(tables), "topics_sharing").result,
            PrecheckResult::kAlarm);
  DestinationUse use = Auto({});
  use.plan = PlanTopics(tables, "all", "");
  EXPECT_EQ(Item({}, use, "topics_sharing").result, PrecheckResult::kPassed);
}

TEST(TopicItemsTest, TombstonesWantCompaction) {
  DestinationFacts facts;
  TopicFacts topic;
  topic.name = "shop-a";
  topic.exists = true;
  topic.configs = KafkaAdmin::Configs{{"cleanup.policy", "delete"}};
  facts.topics = {topic};
  DestinationUse use = Auto({{"shop", "a"}});
  use.tombstones = true;
  EXPECT_EQ(Item(facts, use, "topics_tombstones").result,
            PrecheckResult::kAlarm);
  facts.topics[0].configs =
      KafkaAdmin::Configs{{"cleanup.policy", "compact,delete"}};
  EXPECT_EQ(Item(facts, use, "topics_tombstones").result,
            PrecheckResult::kPassed);
}

}  // namespace
}  // namespace binferry::worker
