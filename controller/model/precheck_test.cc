#include "controller/model/precheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace binferry::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PrecheckItem Item(const std::string& id, PrecheckResult result) {
  return {.id = id,
          .result = result,
          .found = "OFF",
          .cause = "it is off",
          .objects = {"shop.orders"},
          .objects_total = 1};
}

const PrecheckConfirmation kConfirmed = {.by = "ann",
                                         .time = absl::FromUnixSeconds(1)};

TEST(PrecheckTest, IsReadyOnceNothingFailedAndEveryAlarmIsConfirmed) {
  std::vector<PrecheckItem> items = {Item("source_a", PrecheckResult::kPassed),
                                     Item("source_b", PrecheckResult::kAlarm),
                                     Item("objects_c", PrecheckResult::kFailed),
                                     Item("topics_d", PrecheckResult::kVoid)};
  const PrecheckSummary before = Summarize(items);
  EXPECT_FALSE(before.ready);
  EXPECT_THAT(before.open_items,
              ElementsAre("source_b: ALARM, not confirmed: it is off",
                          "objects_c: FAILED: it is off",
                          HasSubstr("topics_d: the task was changed")));

  items[1].confirmation = kConfirmed;
  items[2].result = PrecheckResult::kPassed;
  items[3].result = PrecheckResult::kPassed;
  EXPECT_EQ(Summarize(items), (PrecheckSummary{.ready = true}));
}

TEST(PrecheckTest, WithoutItemsIsNotReady) {
  EXPECT_FALSE(Summarize({}).ready);
}

TEST(PrecheckTest, AConfirmationHoldsForExactlyItsFinding) {
  PrecheckItem old = Item("source_b", PrecheckResult::kAlarm);
  old.confirmation = kConfirmed;

  std::vector<PrecheckItem> same = {Item("source_b", PrecheckResult::kAlarm)};
  KeepConfirmations({old}, &same);
  EXPECT_EQ(same[0].confirmation, kConfirmed);

  std::vector<PrecheckItem> others = {
      Item("source_b", PrecheckResult::kAlarm),
      Item("source_x", PrecheckResult::kAlarm),
      Item("source_b", PrecheckResult::kFailed)};
  others[0].objects.push_back("shop.items");
  KeepConfirmations({old}, &others);
  for (const PrecheckItem& item : others) {
    EXPECT_FALSE(item.confirmation.has_value()) << item.id;
  }
}

TEST(PrecheckTest, AChangeVoidsWhatItAffects) {
  TaskSpec before;
  before.source.host = "db1";
  EXPECT_THAT(VoidedPrefixes(before, before, {}), IsEmpty());

  TaskSpec after = before;
  after.description = "other";
  after.tags["a"] = "b";
  EXPECT_THAT(VoidedPrefixes(before, after, {}), IsEmpty());

  after = before;
  after.source.host = "db2";
  EXPECT_THAT(VoidedPrefixes(before, after, {}),
              ElementsAre("objects", "source"));

  after = before;
  after.start_position = GtidSetPosition{.gtid_set = "x"};
  EXPECT_THAT(VoidedPrefixes(before, after, {}), ElementsAre("source"));

  after = before;
  after.topic_policy = SpecifiedTopic{.name = "t"};
  EXPECT_THAT(VoidedPrefixes(before, after, {}), ElementsAre("topics"));

  after = before;
  after.databases = {{.name = "shop", .all_tables = true}};
  EXPECT_THAT(VoidedPrefixes(before, after, {}),
              ElementsAre("objects", "topics"));

  EXPECT_THAT(
      VoidedPrefixes(before, before, {SecretField::kDestinationPassword}),
      ElementsAre("destination", "topics"));
}

TEST(PrecheckTest, NamesOfResultsAreRead) {
  for (const PrecheckResult result :
       {PrecheckResult::kPassed, PrecheckResult::kAlarm,
        PrecheckResult::kFailed, PrecheckResult::kVoid}) {
    EXPECT_EQ(ParsePrecheckResult(PrecheckResultName(result)), result);
  }
  EXPECT_FALSE(ParsePrecheckResult("OK").has_value());
}

}  // namespace
}  // namespace binferry::controller
