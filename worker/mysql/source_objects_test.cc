#include "worker/mysql/source_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/testing/test_server.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

class SourceObjectsTest : public TestServer {
 protected:
  static constexpr char kListed[] = "binferry_listed";

  void SetUp() override {
    TestServer::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    Run(absl::StrCat("DROP DATABASE IF EXISTS ", kListed));
    Run(absl::StrCat("CREATE DATABASE ", kListed, " CHARACTER SET latin1"));
    Run(absl::StrCat("USE ", kListed));
  }
  void TearDown() override {
    if (root_ != nullptr) Run(absl::StrCat("DROP DATABASE ", kListed));
  }

  // The names of all pages; expects each to be full but the last.
  std::vector<std::string> NamesByPages(size_t size,
                                        const std::string& contains) {
    std::vector<std::string> names;
    ListPage page{.name_contains = contains, .size = size, .token = ""};
    do {
      const auto list = ListSourceTables(root_.get(), kListed, page);
      EXPECT_THAT(list, IsOk());
      if (!list.ok()) break;
      for (const SourceTable& table : list->items) names.push_back(table.name);
      page.token = list->next_token;
      if (!page.token.empty()) {
        EXPECT_EQ(list->items.size(), size);
      }
    } while (!page.token.empty());
    return names;
  }
};

TEST_F(SourceObjectsTest, DatabasesTellWhetherTheyCanBeSelected) {
  Run("CREATE TABLE a (id INT)");
  Run("CREATE VIEW v AS SELECT * FROM a");
  const auto list = ListSourceDatabases(
      root_.get(), {.name_contains = "NFERRY_LIST", .size = 10, .token = ""});
  ASSERT_THAT(list, IsOk());
  ASSERT_EQ(list->items.size(), 1u);
  const SourceDatabase& database = list->items[0];
  EXPECT_EQ(database.name, kListed);
  EXPECT_EQ(database.default_charset, "latin1");
  EXPECT_EQ(database.tables, 1u);
  EXPECT_EQ(database.not_selectable_reason, "");

  const auto system = ListSourceDatabases(
      root_.get(), {.name_contains = "mysql", .size = 1, .token = ""});
  ASSERT_THAT(system, IsOk());
  EXPECT_THAT(list->next_token, IsEmpty());
  EXPECT_THAT(ListSourceDatabases(
                  root_.get(),
                  {.name_contains = "", .size = 1, .token = "not base 64!"}),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("page_token")));
}

TEST_F(SourceObjectsTest, TablesTellEngineKeyAndWhatCannotBeSelected) {
  Run("CREATE TABLE composite (a INT, b INT, c INT, PRIMARY KEY (c, a))");
  Run("INSERT INTO composite VALUES (1, 2, 3), (2, 2, 3)");
  Run("ANALYZE TABLE composite");
  Run("CREATE TABLE keyless (a INT, UNIQUE KEY (a))");
  Run("CREATE TABLE promoted (a INT NOT NULL, b INT, c INT NOT NULL, UNIQUE "
      "KEY x (b), UNIQUE KEY z (c, a), UNIQUE KEY y (a))");
  Run("CREATE TABLE moved (a INT PRIMARY KEY) ENGINE=MyISAM");
  Run("CREATE VIEW seen AS SELECT * FROM composite");
  const auto list = ListSourceTables(root_.get(), kListed, {});
  ASSERT_THAT(list, IsOk());
  ASSERT_THAT(list->items, ElementsAre(Field(&SourceTable::name, "composite"),
                                       Field(&SourceTable::name, "keyless"),
                                       Field(&SourceTable::name, "moved"),
                                       Field(&SourceTable::name, "promoted"),
                                       Field(&SourceTable::name, "seen")));
  EXPECT_EQ(list->next_token, "");
  EXPECT_EQ(list->items[0].engine, "InnoDB");
  EXPECT_EQ(list->items[0].rows_estimate, 2u);
  EXPECT_THAT(list->items[0].primary_key, ElementsAre("c", "a"));
  EXPECT_EQ(list->items[0].not_selectable_reason, "");
  EXPECT_THAT(list->items[1].primary_key, IsEmpty());
  EXPECT_EQ(list->items[2].engine, "MyISAM");
  EXPECT_THAT(list->items[3].primary_key, ElementsAre("c", "a"));
  EXPECT_THAT(list->items[4].not_selectable_reason, HasSubstr("view"));
}

TEST_F(SourceObjectsTest, PagesGoThroughEveryNameOnce) {
  std::vector<std::string> names = {"A1", "a2",     "a`quote'", "B",
                                    "b2", "ümlaut", "x.y",      "Z",
                                    "zz", "_",      "1st"};
  for (const std::string& name : names)
    Run(absl::StrCat("CREATE TABLE ", QuoteName(name), " (id INT)"));
  std::sort(names.begin(), names.end());
  for (const size_t size : {size_t{1}, size_t{2}, size_t{4}, size_t{11}}) {
    std::vector<std::string> listed = NamesByPages(size, "");
    std::sort(listed.begin(), listed.end());
    EXPECT_EQ(listed, names) << size;
  }
  EXPECT_THAT(NamesByPages(1, "ÜM"), ElementsAre("ümlaut"));
  EXPECT_THAT(NamesByPages(1, "2"), ElementsAre("a2", "b2"));
  EXPECT_THAT(NamesByPages(5, "%"), IsEmpty());
}

TEST_F(SourceObjectsTest, ColumnsTellTypeKeyAndWhetherTheyAreSeen) {
  Run("CREATE TABLE t (id INT UNSIGNED, n VARCHAR(9) NOT NULL, g INT AS (id + "
      "1) STORED, h INT INVISIBLE, d DATETIME DEFAULT (NOW()), PRIMARY KEY "
      "(n, id))");
  const auto columns = ListSourceColumns(root_.get(), kListed, "t");
  ASSERT_THAT(columns, IsOk());
  ASSERT_EQ(columns->size(), 5u);
  const SourceColumn& id = (*columns)[0];
  EXPECT_EQ(id.name, "id");
  EXPECT_EQ(id.type, "int unsigned");
  EXPECT_FALSE(id.nullable);
  EXPECT_EQ(id.key_ordinal, 2u);
  EXPECT_EQ(id.charset, "");
  EXPECT_EQ((*columns)[1].key_ordinal, 1u);
  EXPECT_EQ((*columns)[1].charset, "latin1");
  EXPECT_TRUE((*columns)[2].generated);
  EXPECT_FALSE((*columns)[2].invisible);
  EXPECT_TRUE((*columns)[3].invisible);
  EXPECT_TRUE((*columns)[3].nullable);
  EXPECT_FALSE((*columns)[4].generated);
}

TEST_F(SourceObjectsTest, WhatIsNotThereIsNamedWithARemedy) {
  for (const absl::Status& status :
       {ListSourceTables(root_.get(), "binferry_no_such", {}).status(),
        ListSourceColumns(root_.get(), kListed, "nothing").status()}) {
    EXPECT_THAT(status, StatusIs(StatusCode::kFailedPrecondition,
                                 HasSubstr("does not exist")));
    EXPECT_THAT(RemedyOf(status), HasSubstr("GRANT SELECT"));
  }
  EXPECT_THAT(ListSourceTables(root_.get(), kListed, {}),
              IsOkAndHolds(Field(&ObjectList<SourceTable>::items, IsEmpty())));
}

TEST_F(SourceObjectsTest, TheAccountIsWrittenAsGrantTakesIt) {
  Run("DROP USER IF EXISTS 'o''b@x'@'%'");
  Run("CREATE USER 'o''b@x'@'%' IDENTIFIED BY 'pw'");
  ConnectionOptions options = options_;
  options.user = "o'b@x";
  options.password = "pw";
  const auto connection = Connection::Connect(options);
  ASSERT_THAT(connection, IsOk());
  const auto account = ReadAccount(connection->get());
  ASSERT_THAT(account, IsOk());
  Run(absl::StrCat("GRANT REPLICATION CLIENT ON *.* TO ", *account));
  EXPECT_THAT(RunForText(absl::StrCat("SHOW GRANTS FOR ", *account)),
              AllOf(HasSubstr("REPLICATION CLIENT"), HasSubstr("b@x")));
  Run("DROP USER 'o''b@x'@'%'");
}

}  // namespace
}  // namespace binferry::worker
