#include "worker/select/object_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;

TableSelector SelectorOf(ObjectSelection selection) {
  absl::StatusOr<TableSelector> selector = TableSelector::Create(selection);
  EXPECT_THAT(selector, IsOk());
  return *std::move(selector);
}

void ExpectRefused(const ObjectSelection& selection, absl::string_view text) {
  EXPECT_THAT(TableSelector::Create(selection),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr(std::string(text))));
}

TEST(TableSelectorTest, SelectsNamedTables) {
  const TableSelector selector =
      SelectorOf({{{"shop", "", false, {{"orders", ""}, {"items", ""}}}}});
  EXPECT_EQ(selector.Select("shop", "orders"),
            (SelectedTable{"shop", "orders"}));
  EXPECT_EQ(selector.Select("shop", "items"), (SelectedTable{"shop", "items"}));
  EXPECT_EQ(selector.Select("shop", "users"), std::nullopt);
  EXPECT_EQ(selector.Select("crm", "orders"), std::nullopt);
}

TEST(TableSelectorTest, SelectsEveryTableOfADatabase) {
  const TableSelector selector = SelectorOf({{{"shop", "", true, {}}}});
  EXPECT_EQ(selector.Select("shop", "made later"),
            (SelectedTable{"shop", "made later"}));
  EXPECT_EQ(selector.Select("shop2", "t"), std::nullopt);
}

TEST(TableSelectorTest, MapsNames) {
  const TableSelector selector =
      SelectorOf({{{"shop", "store", false, {{"orders", "o"}, {"items", ""}}},
                   {"crm", "store", true, {{"users", "people"}}}}});
  EXPECT_EQ(selector.Select("shop", "orders"), (SelectedTable{"store", "o"}));
  EXPECT_EQ(selector.Select("shop", "items"),
            (SelectedTable{"store", "items"}));
  EXPECT_EQ(selector.Select("crm", "users"),
            (SelectedTable{"store", "people"}));
  EXPECT_EQ(selector.Select("crm", "calls"), (SelectedTable{"store", "calls"}));
  EXPECT_EQ(selector.Select("store", "o"), std::nullopt);
}

TEST(TableSelectorTest, ComparesNamesExactly) {
  const TableSelector selector =
      SelectorOf({{{"Shop", "", false, {{"Orders", ""}}}}});
  EXPECT_EQ(selector.Select("shop", "Orders"), std::nullopt);
  EXPECT_EQ(selector.Select("Shop", "orders"), std::nullopt);
  EXPECT_EQ(selector.Select("Shop", "Orders "), std::nullopt);
}

TEST(TableSelectorTest, SurvivesAMove) {
  TableSelector first = SelectorOf({{{"a", "b", false, {{"c", "d"}}}}});
  const TableSelector second = std::move(first);
  EXPECT_EQ(second.Select("a", "c"), (SelectedTable{"b", "d"}));
}

TEST(TableSelectorTest, RefusesEmptySelections) {
  ExpectRefused({}, "databases: nothing is selected");
  ExpectRefused({{{"", "", true, {}}}}, "databases[0].name: ");
  ExpectRefused({{{"a", "", true, {}}, {"b", "", false, {}}}},
                "databases[1].tables: no table of database b");
  ExpectRefused({{{"a", "", false, {{"t", ""}, {"", ""}}}}},
                "databases[0].tables[1].name: ");
}

TEST(TableSelectorTest, RefusesNamesThatStandTwice) {
  ExpectRefused({{{"a", "", true, {}}, {"a", "x", true, {}}}},
                "databases[1].name: database a stands twice");
  ExpectRefused({{{"a", "", false, {{"t", ""}, {"t", "x"}}}}},
                "databases[0].tables[1].name: table a.t stands twice");
}

TEST(TableSelectorTest, NeverSelectsSystemSchemas) {
  for (const char* name :
       {"mysql", "information_schema", "performance_schema", "sys"}) {
    ExpectRefused({{{name, "", true, {}}}}, "databases[0].name: ");
  }
}

TEST(TableSelectorTest, FindsSelectedDatabasesInStatements) {
  const TableSelector selector =
      SelectorOf({{{"shop", "", false, {{"orders", ""}}}}});
  EXPECT_TRUE(selector.SelectsDatabase("shop"));
  EXPECT_FALSE(selector.SelectsDatabase("workshop"));
  EXPECT_TRUE(selector.MayNameDatabase("UPDATE Shop.orders SET c = 1"));
  EXPECT_TRUE(selector.MayNameDatabase("UPDATE `shop` . `orders` SET c = 1"));
  EXPECT_TRUE(selector.MayNameDatabase("DELETE FROM shop2, shop.t"));
  EXPECT_FALSE(selector.MayNameDatabase("UPDATE orders SET c = 'shop'"));
  EXPECT_FALSE(selector.MayNameDatabase("UPDATE shop"));
}

TEST(SelectionFingerprintTest, IsThatOfTheTablesWhateverTheirOrderAndNames) {
  const uint64_t two = SelectionFingerprint(
      {{{"a", "", false, {{"t", ""}, {"u", ""}}}, {"b", "", true, {}}}});
  EXPECT_EQ(two, SelectionFingerprint(
                     {{{"b", "x", true, {{"v", "w"}}},
                       {"a", "y", false, {{"u", "z"}, {"t", ""}}}}}));
  const ObjectSelection others[] = {
      {},
      {{{"a", "", false, {{"t", ""}}}, {"b", "", true, {}}}},
      {{{"a", "", true, {}}, {"b", "", true, {}}}},
      {{{"a", "", false, {{"t", ""}, {"u", ""}}}, {"b", "", false, {}}}},
      {{{"a", "", false, {{"tu", ""}}}, {"b", "", true, {}}}},
      {{{"at", "", false, {{"u", ""}}}, {"b", "", true, {}}}},
  };
  for (const ObjectSelection& other : others) {
    EXPECT_NE(SelectionFingerprint(other), two);
    EXPECT_NE(SelectionFingerprint(other), 0u);
  }
}

// Checkpoints of other versions have it.
TEST(SelectionFingerprintTest, StaysWhatItIs) {
  EXPECT_EQ(SelectionFingerprint({{{"shop", "", true, {}}}}),
            0xd6360c260b953117u);
}

}  // namespace
}  // namespace binferry::worker
