#include "worker/precheck/object_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

ObjectFacts Good() {
  ObjectFacts facts;
  facts.where = "db:3306";
  facts.account = "'ferry'@'%'";
  facts.server_version = "8.4.3";
  facts.row_image = "FULL";
  facts.lower_case_table_names = "0";
  facts.max_record_bytes = 1'000'000;
  for (const char* name : {"orders", "lines"}) {
    TableFacts& table = facts.tables.emplace_back();
    table.name = table.mapped_name = {"shop", name};
    table.engine = "InnoDB";
    table.has_key = true;
    table.max_row_bytes = 1000;
  }
  RuledTableFacts& ruled = facts.ruled_tables.emplace_back();
  ruled.name = {"shop", "orders"};
  ruled.columns = {{"id", false, ""},
                   {"state", false, "utf8mb4_bin"},
                   {"note", true, "utf8mb4_0900_ai_ci"}};
  ruled.unique_keys = {{"id"}};
  ruled.rules.key_columns = {"state", "id"};
  ruled.rules.columns = {{.column = "note", .transformation = HashText{}}};
  ruled.rules.row_filter = "state = 'open'";
  facts.has_hash_salt = true;
  return facts;
}

ForeignKeyFacts Key(const std::string& delete_rule) {
  return {.name = "fk",
          .child = {"shop", "lines"},
          .parent = {"shop", "orders"},
          .child_selected = true,
          .parent_selected = true,
          .update_rule = "NO ACTION",
          .delete_rule = delete_rule};
}

PrecheckItem Find(const ObjectFacts& facts, const std::string& id) {
  for (const PrecheckItem& item : JudgeObjects(facts)) {
    if (item.id == id) return item;
  }
  ADD_FAILURE() << "no item " << id;
  return {};
}

TEST(ObjectItemsTest, GoodObjectsPassEverything) {
  std::set<std::string> ids;
  for (const PrecheckItem& item : JudgeObjects(Good())) {
    EXPECT_EQ(item.result, PrecheckResult::kPassed) << item.id << item.cause;
    EXPECT_TRUE(ids.insert(item.id).second) << item.id;
    EXPECT_THAT(item.id, testing::StartsWith("objects_"));
    EXPECT_THAT(item.found, Not(IsEmpty())) << item.id;
    EXPECT_THAT(item.wanted, Not(IsEmpty())) << item.id;
    EXPECT_THAT(item.remedy, IsEmpty()) << item.id;
  }
  EXPECT_EQ(ids.size(), 23u);
}

struct Fault {
  const char* id;
  PrecheckResult result;
  void (*make)(ObjectFacts&);
  const char* object;  // The first.
  const char* remedy;
};

constexpr auto kFailed = PrecheckResult::kFailed;
constexpr auto kAlarm = PrecheckResult::kAlarm;

constexpr Fault kFaults[] = {
    {"objects_selected", kFailed,
     [](auto& f) {
       f.tables.clear();
       f.ruled_tables.clear();
     },
     "", "ListTables"},
    {"objects_exist", kFailed,
     [](auto& f) {
       f.missing = {{"objects…", "shop", "Cart"}};
     },
     "shop.Cart", "GRANT SELECT ON `shop`.`Cart` TO 'ferry'@'%'"},
    {"objects_pattern_matches", kAlarm,
     [](auto& f) { f.selecting_nothing = {"objects.databases[1] (x)"}; },
     "objects.databases[1] (x)", "pattern"},
    {"objects_select_privilege", kFailed,
     [](auto& f) { f.tables[1].may_select = false; }, "shop.lines",
     "GRANT SELECT ON `shop`.`lines` TO 'ferry'@'%'"},
    {"objects_engine", kAlarm, [](auto& f) { f.tables[0].engine = "MyISAM"; },
     "shop.orders", "ALTER TABLE `shop`.`orders` ENGINE=InnoDB"},
    {"objects_primary_key", kAlarm,
     [](auto& f) { f.tables[0].has_key = false; }, "shop.orders",
     "ADD COLUMN id"},
    {"objects_large_rows", kAlarm,
     [](auto& f) { f.tables[0].max_row_bytes = 500'001; }, "shop.orders",
     "max_record_bytes"},
    {"objects_foreign_keys", kAlarm,
     [](auto& f) {
       f.foreign_keys = {Key("NO ACTION")};
       f.foreign_keys[0].parent_selected = false;
     },
     "shop.lines -> shop.orders", "select"},
    {"objects_cascades", kAlarm,
     [](auto& f) { f.foreign_keys = {Key("SET NULL")}; }, "shop.lines (fk)",
     "9.6"},
    {"objects_mapped_names", kAlarm,
     [](auto& f) { f.tables[1].mapped_name = f.tables[0].name; },
     "shop.orders, shop.lines -> shop.orders", "mapped_name"},
    {"objects_names", kAlarm,
     [](auto& f) {
       f.tables[1].name.second = "li/nes";
       f.tables[1].mapped_name.second = "lines";
     },
     "shop.li/nes", "mapped_name"},
    {"objects_split_updates", kAlarm,
     [](auto& f) {
       f.row_image = "MINIMAL";
       f.records_go_by_key = true;
       f.ruled_tables.clear();
     },
     "", "TABLE_HASH"},
    {"objects_rule_columns", kAlarm,
     [](auto& f) { f.ruled_tables[0].rules.columns[0].column = "Note"; },
     "shop.orders.Note", "correct"},
    {"objects_rule_columns", kAlarm,
     [](auto& f) { f.ruled_tables[0].rules.included_columns = {"gone"}; },
     "shop.orders.gone", "correct"},
    {"objects_key_columns", kFailed,
     [](auto& f) {
       f.ruled_tables[0].rules.key_columns = {"id", "gone"};
     },
     "shop.orders.gone", "key_columns"},
    {"objects_key_uniqueness", kAlarm,
     [](auto& f) { f.ruled_tables[0].rules.key_columns = {"state"}; },
     "shop.orders", "UNIQUE"},
    {"objects_key_uniqueness", kAlarm,
     [](auto& f) {
       f.ruled_tables[0].rules.key_columns = {"id", "note"};
     },
     "shop.orders", "NOT NULL"},
    {"objects_row_filters", kFailed,
     [](auto& f) { f.ruled_tables[0].rules.row_filter = "gone = 1"; },
     "shop.orders.gone", "row_filter"},
    {"objects_filter_collations", kAlarm,
     [](auto& f) { f.ruled_tables[0].rules.row_filter = "note = 'x'"; },
     "shop.orders.note (utf8mb4_0900_ai_ci)", "exact"},
    {"objects_row_image", kFailed, [](auto& f) { f.row_image = "NOBLOB"; },
     "shop.orders", "SET PERSIST binlog_row_image=FULL"},
    {"objects_hash_salt", kFailed, [](auto& f) { f.has_hash_salt = false; },
     "shop.orders.note", "hash_salt"},
};

TEST(ObjectItemsTest, EachFaultConcernsItsItemAloneAndHasARemedy) {
  for (const Fault& fault : kFaults) {
    ObjectFacts facts = Good();
    fault.make(facts);
    for (const PrecheckItem& item : JudgeObjects(facts)) {
      if (item.id != fault.id) {
        EXPECT_EQ(item.result, PrecheckResult::kPassed)
            << fault.id << " concerns " << item.id;
        continue;
      }
      EXPECT_EQ(item.result, fault.result) << item.id;
      EXPECT_THAT(item.remedy, HasSubstr(fault.remedy)) << item.id;
      EXPECT_THAT(item.cause, Not(IsEmpty())) << item.id;
      if (fault.object[0] == '\0') continue;
      EXPECT_THAT(item.objects, ElementsAre(fault.object)) << item.id;
    }
  }
}

TEST(ObjectItemsTest, CascadesAreLoggedSince96UnlessInnodbCarriesThemOut) {
  ObjectFacts facts = Good();
  facts.foreign_keys = {Key("CASCADE")};
  const auto result = [&](const char* version, const char* native) {
    facts.server_version = version;
    facts.native_foreign_keys = native;
    return Find(facts, "objects_cascades").result;
  };
  EXPECT_EQ(result("9.5.1", ""), PrecheckResult::kAlarm);
  EXPECT_EQ(result("9.6.0", "OFF"), PrecheckResult::kPassed);
  EXPECT_EQ(result("9.7.4", "ON"), PrecheckResult::kAlarm);
  EXPECT_THAT(Find(facts, "objects_cascades").remedy,
              HasSubstr("innodb_native_foreign_keys=OFF"));
  // Only rows of selected tables are missed.
  facts.foreign_keys[0].child_selected = false;
  EXPECT_EQ(result("8.0.31", ""), PrecheckResult::kPassed);
}

TEST(ObjectItemsTest, UpperCaseNeverMatchesWhereNamesAreLowered) {
  ObjectFacts facts = Good();
  facts.missing = {{"objects.databases[0].tables[0].name", "shop", "Cart"},
                   {"objects.databases[0].tables[1].name", "shop", "x"}};
  EXPECT_EQ(Find(facts, "objects_letter_case").result, PrecheckResult::kPassed);
  facts.lower_case_table_names = "1";
  const PrecheckItem item = Find(facts, "objects_letter_case");
  EXPECT_EQ(item.result, PrecheckResult::kFailed);
  EXPECT_THAT(item.objects, ElementsAre("shop.Cart"));
}

TEST(ObjectItemsTest, ShowsAtMostAHundredObjectsAndCountsAll) {
  ObjectFacts facts = Good();
  for (int i = 0; i < 250; ++i) {
    facts.tables.push_back(facts.tables[0]);
    facts.tables.back().name.second += std::to_string(i);
    facts.tables.back().mapped_name = facts.tables.back().name;
    facts.tables.back().has_key = false;
  }
  const PrecheckItem item = Find(facts, "objects_primary_key");
  EXPECT_THAT(item.objects, SizeIs(PrecheckItem::kMaxObjects));
  EXPECT_EQ(item.objects_total, 250u);
  EXPECT_EQ(item.found, "250 tables have none");
}

}  // namespace
}  // namespace binferry::worker
