#include "worker/select/object_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
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

TableRules Rules(absl::string_view topic) {
  TableRules rules;
  rules.topic = std::string(topic);
  return rules;
}

// "" where the table isn't selected, "-" without rules.
std::string TopicOf(const TableSelector& selector, absl::string_view database,
                    absl::string_view table) {
  const auto selected = selector.Select(database, table);
  if (!selected.has_value()) return "";
  return selected->rules == nullptr ? "-" : selected->rules->topic;
}

TEST(TableSelectorTest, SelectsByPatterns) {
  const TableSelector selector =
      SelectorOf({{{.name = "shop", .table_patterns = {{"order.*", {}}}},
                   {.tables = {{"users", "people"}},
                    .name_pattern = "tenant_[0-9]+",
                    .table_patterns = {{"o.*|i.*", {}}}}}});
  EXPECT_EQ(selector.Select("shop", "orders"),
            (SelectedTable{"shop", "orders"}));
  EXPECT_EQ(selector.Select("shop", "reorders"), std::nullopt);
  EXPECT_EQ(selector.Select("tenant_7", "users"),
            (SelectedTable{"tenant_7", "people"}));
  EXPECT_EQ(selector.Select("tenant_7", "items"),
            (SelectedTable{"tenant_7", "items"}));
  EXPECT_EQ(selector.Select("tenant_7", "users2"), std::nullopt);
  EXPECT_EQ(selector.Select("tenant_", "users"), std::nullopt);
}

TEST(TableSelectorTest, LetsTheFirstMatchDecide) {
  const TableSelector selector = SelectorOf(
      {{{.all_tables = true, .name_pattern = "sh.*", .rules = Rules("p1")},
        {.all_tables = true, .name_pattern = ".*", .rules = Rules("p2")},
        {.name = "shop",
         .all_tables = true,
         .tables = {{"t1", "", Rules("table")}, {"t2", "x"}, {"tx", "", {}}},
         .table_patterns = {{"p.*", Rules("first")},
                            {"pp.*", Rules("second")},
                            {"t.*", {}},
                            {"q.*", TableRules()}},
         .excluded_tables = {"p_out", "tx"},
         .rules = Rules("database")},
        {.name = "crm", .tables = {{"t", ""}}}}});
  EXPECT_EQ(TopicOf(selector, "shop", "t1"), "table");
  EXPECT_EQ(TopicOf(selector, "shop", "t2"), "database");
  EXPECT_EQ(TopicOf(selector, "shop", "tx"), "database");
  EXPECT_EQ(TopicOf(selector, "shop", "ppp"), "first");
  EXPECT_EQ(TopicOf(selector, "shop", "t3"), "database");
  EXPECT_EQ(TopicOf(selector, "shop", "other"), "database");
  EXPECT_EQ(TopicOf(selector, "shop", "q1"), "-");
  EXPECT_EQ(TopicOf(selector, "shop", "p_out"), "");
  EXPECT_EQ(TopicOf(selector, "shed", "t1"), "p1");
  EXPECT_EQ(TopicOf(selector, "crm", "t"), "-");
  EXPECT_EQ(TopicOf(selector, "crm", "u"), "p2");
}

TEST(TableSelectorTest, NeverMatchesSystemSchemasByPattern) {
  const TableSelector selector =
      SelectorOf({{{.all_tables = true, .name_pattern = ".*"}}});
  EXPECT_EQ(selector.Select("mysql", "user"), std::nullopt);
  EXPECT_FALSE(selector.SelectsDatabase("MySQL"));
  EXPECT_NE(selector.Select("mysql2", "user"), std::nullopt);
}

TEST(TableSelectorTest, HoldsTenThousandTables) {
  DatabaseObject object{.name = "shop"};
  for (int i = 0; i < 10'000; ++i) {
    object.tables.push_back({.name = absl::StrCat("t", i)});
  }
  const TableSelector selector = SelectorOf({{std::move(object)}});
  EXPECT_NE(selector.Select("shop", "t9999"), std::nullopt);
  EXPECT_EQ(selector.Select("shop", "t10000"), std::nullopt);
}

TEST(TableSelectorTest, RefusesWhatPatternsCannotBe) {
  ExpectRefused({{{.name = "a", .all_tables = true, .name_pattern = "b"}}},
                "databases[0].name: ");
  ExpectRefused(
      {{{.mapped_name = "a", .all_tables = true, .name_pattern = "b"}}},
      "databases[0].mapped_name: ");
  ExpectRefused({{{.all_tables = true, .name_pattern = "("}}},
                "databases[0].name_pattern: the pattern is no regular");
  ExpectRefused({{{.name_pattern = "b.*"}}},
                "databases[0].tables: no table of databases like b.*");
  ExpectRefused({{{.name = "a", .table_patterns = {{"x", {}}, {"[", {}}}}}},
                "databases[0].table_patterns[1].pattern: ");
  TableRules rules;
  rules.row_filter = "a =";
  ExpectRefused({{{.name = "a", .tables = {{"t", "", rules}}}}},
                "databases[0].tables[0].rules.row_filter: at character 4");
}

TEST(TableSelectorTest, FindsDatabasesByPatternInStatements) {
  const TableSelector selector =
      SelectorOf({{{.all_tables = true, .name_pattern = "shop_.*"}}});
  EXPECT_TRUE(selector.SelectsDatabase("SHOP_1"));
  EXPECT_FALSE(selector.SelectsDatabase("shop"));
  EXPECT_TRUE(selector.MayNameDatabase("UPDATE `shop_1`.t SET c = 1"));
  EXPECT_FALSE(selector.MayNameDatabase("UPDATE t SET c = 1"));
}

TEST(SelectionFingerprintTest, KnowsPatternsAndExclusions) {
  const ObjectSelection selections[] = {
      {{{.name = "a", .table_patterns = {{"t", {}}}}}},
      {{{.name = "a", .tables = {{"t", ""}}}}},
      {{{.all_tables = true, .name_pattern = "a"}}},
      {{{.name = "a", .all_tables = true}}},
      {{{.name = "a", .all_tables = true, .excluded_tables = {"t"}}}},
      {{{.name = "a", .all_tables = true, .excluded_tables = {"u"}}}},
      {{{.all_tables = true, .name_pattern = "a", .excluded_tables = {"t"}},
        {.all_tables = true, .name_pattern = "b"}}},
      {{{.all_tables = true, .name_pattern = "b"},
        {.all_tables = true, .name_pattern = "a", .excluded_tables = {"t"}}}},
  };
  std::set<uint64_t> fingerprints;
  for (const ObjectSelection& selection : selections) {
    fingerprints.insert(SelectionFingerprint(selection));
  }
  EXPECT_EQ(fingerprints.size(), std::size(selections));
}

TEST(SelectionFingerprintTest, DoesNotKnowRulesAndWhatSelectsNothingMore) {
  EXPECT_EQ(SelectionFingerprint({{{.name = "a",
                                    .all_tables = true,
                                    .tables = {{"t", "x", Rules("y")}},
                                    .table_patterns = {{"u.*", Rules("z")}},
                                    .excluded_tables = {"t"},
                                    .rules = Rules("w")}}}),
            SelectionFingerprint({{{.name = "a", .all_tables = true}}}));
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
