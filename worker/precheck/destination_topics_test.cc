#include "worker/precheck/destination_topics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

std::vector<KafkaTopic> Topics() {
  return {{"__consumer_offsets", 4, 1},
          {"binferry-checkpoints", 16, 1},
          {"binferry-schemas", 16, 1},
          {"Orders", 3, 2},
          {"orders-old", 1, 1}};
}

TopicPage Page(const TopicQuestion& question) {
  const absl::StatusOr<TopicPage> page = PageOfTopics(Topics(), question);
  return page.ok() ? *page : TopicPage{};
}

TEST(DestinationTopicsTest, SaysWhatCantBeChosen) {
  const TopicPage page = Page({.state_prefix = "binferry"});
  ASSERT_EQ(page.topics.size(), 5u);
  EXPECT_EQ(page.topics[0].not_selectable_reason, "internal to Kafka");
  EXPECT_EQ(page.topics[1].not_selectable_reason,
            "holds the state of Binferry's tasks");
  EXPECT_EQ(page.topics[2].not_selectable_reason,
            "holds the state of Binferry's tasks");
  EXPECT_EQ(page.topics[3].not_selectable_reason, "");
  EXPECT_EQ(page.topics[3].replication_factor, 2);
  EXPECT_EQ(page.next_page_token, "");
}

TEST(DestinationTopicsTest, SearchesInWhateverLetterCaseAndPages) {
  TopicQuestion question{.name_contains = "ORDERS", .page_size = 1};
  const TopicPage first = Page(question);
  ASSERT_EQ(first.topics.size(), 1u);
  EXPECT_EQ(first.topics[0].name, "Orders");
  question.page_token = first.next_page_token;
  const TopicPage second = Page(question);
  ASSERT_EQ(second.topics.size(), 1u);
  EXPECT_EQ(second.topics[0].name, "orders-old");
  EXPECT_EQ(second.next_page_token, "");
}

TEST(DestinationTopicsTest, RefusesATokenOfSomethingElse) {
  EXPECT_THAT(PageOfTopics(Topics(), {.page_token = "x"}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       testing::HasSubstr("page_token")));
}

}  // namespace
}  // namespace binferry::worker
