#include "worker/pipeline/statement_reach.h"

#include <gtest/gtest.h>

#include <string>

namespace binferry::worker {
namespace {

using namespace std::string_literals;

TableSelector Shop() {
  return *TableSelector::Create({{{"shop", "", true, {}}}});
}

QueryEvent Query(absl::string_view database, absl::string_view text) {
  QueryEvent query;
  query.database = database;
  query.text = text;
  return query;
}

TEST(StatementReachTest, BelievesTheSourceOverTheText) {
  const TableSelector shop = Shop();
  // A trigger, a view or a function of another database.
  QueryEvent query = Query("other", "insert into t values (1)");
  const std::string reached = "other\0shop\0"s;
  query.updated_databases = reached;
  EXPECT_TRUE(MayChangeRows(query, shop));
  EXPECT_TRUE(MayDefineTables(query, shop));
  // Only mentioned.
  query = Query("shop", "delete from other.t where note = 'shop.orders'");
  const std::string elsewhere = "other\0workshop\0"s;
  query.updated_databases = elsewhere;
  EXPECT_FALSE(MayChangeRows(query, shop));
  EXPECT_FALSE(MayDefineTables(query, shop));
}

TEST(StatementReachTest, ComparesNamesInAnyCase) {
  QueryEvent query = Query("", "x");
  const std::string reached = "SHOP\0"s;
  query.updated_databases = reached;
  EXPECT_TRUE(MayChangeRows(query, Shop()));
}

TEST(StatementReachTest, TakesAChangeForOursWhereTheSourceDoesNotTell) {
  EXPECT_TRUE(MayChangeRows(Query("other", "delete from parent"), Shop()));
}

TEST(StatementReachTest, KnowsWhichMemoryTableWasEmptied) {
  const TableSelector shop = Shop();
  EXPECT_FALSE(MayChangeRows(Query("", "DELETE FROM `other`.`t`"), shop));
  EXPECT_TRUE(MayChangeRows(Query("", "DELETE FROM `shop`.`t`"), shop));
  // No source writes these by itself.
  for (const absl::string_view text :
       {"DELETE FROM `other`.`t` WHERE f()", "DELETE FROM `t`",
        "DELETE FROM `other`.t", "DELETE FROM `other`", "DELETE FROM `other"}) {
    EXPECT_TRUE(MayChangeRows(Query("", text), shop)) << text;
  }
}

TEST(StatementReachTest, JudgesDefinitionsByTheirTextWhereItMust) {
  const TableSelector shop = Shop();
  EXPECT_TRUE(MayDefineTables(Query("shop", "truncate t"), shop));
  EXPECT_TRUE(MayDefineTables(Query("", "truncate t"), shop));
  EXPECT_TRUE(MayDefineTables(Query("other", "truncate `shop`.t"), shop));
  EXPECT_FALSE(MayDefineTables(Query("other", "truncate t"), shop));
}

}  // namespace
}  // namespace binferry::worker
