#include "worker/precheck/source_precheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/testing/status_matchers.h"
#include "worker/mysql/testing/private_server.h"

namespace binferry::worker {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A fault of the server: made, seen alone, and mended by the item's own remedy
// where that is SQL.
struct ServerFault {
  std::string id;
  std::vector<std::string> make;
  std::vector<std::string> mend;
};

const std::vector<ServerFault> kServerFaults = {
    {"source_binlog_format",
     {"SET GLOBAL binlog_format=MIXED"},
     {"SET GLOBAL binlog_format=ROW"}},
    {"source_row_image",
     {"SET GLOBAL binlog_row_image=NOBLOB"},
     {"SET GLOBAL binlog_row_image=FULL"}},
    {"source_row_metadata",
     {"SET GLOBAL binlog_row_metadata=MINIMAL"},
     {"SET PERSIST binlog_row_metadata=FULL"}},
    {"source_retention",
     {"SET GLOBAL binlog_expire_logs_seconds=3600"},
     {"SET PERSIST binlog_expire_logs_seconds=604800"}},
    {"source_sync_binlog",
     {"SET GLOBAL sync_binlog=0"},
     {"SET PERSIST sync_binlog=1"}},
    {"source_gtid_mode",
     {"SET GLOBAL gtid_mode=ON_PERMISSIVE"},
     {"SET GLOBAL gtid_mode=ON"}},
    {"source_server_id",
     {"SET GLOBAL server_id=0"},
     {"SET PERSIST server_id=1"}},
    {"source_privileges",
     {"REVOKE REPLICATION CLIENT ON *.* FROM ferry"},
     {"GRANT REPLICATION CLIENT ON *.* TO 'ferry'@'%'"}},
    {"source_xa",
     {"XA START 'x'", "INSERT INTO shop.plain VALUES (1)", "XA END 'x'",
      "XA PREPARE 'x'"},
     {"XA ROLLBACK 'x'"}},
    {"source_sessions",
     {"SET SESSION binlog_row_image=MINIMAL"},
     {"SET SESSION binlog_row_image=FULL"}},
    {"objects_engine",
     {"CREATE TABLE shop.old (id INT PRIMARY KEY) ENGINE=MyISAM"},
     {"ALTER TABLE `shop`.`old` ENGINE=InnoDB"}},
    {"objects_primary_key",
     {"CREATE TABLE shop.keyless (a INT, UNIQUE KEY (a))"},
     {"ALTER TABLE `shop`.`keyless` ADD COLUMN id BIGINT UNSIGNED "
      "AUTO_INCREMENT PRIMARY KEY"}},
    {"objects_large_rows",
     {"CREATE TABLE shop.large (id INT PRIMARY KEY, t LONGTEXT)"},
     {"DROP TABLE shop.large"}},
    {"objects_names",
     {"CREATE TABLE shop.`a.b` (id INT PRIMARY KEY)"},
     {"DROP TABLE shop.`a.b`"}},
    {"objects_foreign_keys",
     {"CREATE DATABASE other", "CREATE TABLE other.p (id INT PRIMARY KEY)",
      "CREATE TABLE shop.c (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES "
      "other.p (id))"},
     {"DROP TABLE shop.c"}},
    {"objects_select_privilege",
     {"REVOKE SELECT ON *.* FROM ferry", "GRANT SELECT ON shop.plain TO ferry",
      "GRANT SELECT (id), INSERT ON shop.orders TO ferry",
      "GRANT SELECT ON performance_schema.* TO ferry",
      "GRANT INSERT ON shop.* TO ferry"},
     {"GRANT SELECT ON *.* TO ferry"}},
};

// A fault of the task's definition.
struct TaskFault {
  std::string id;
  std::function<void(SourcePrecheck&)> make;
};

std::function<void(SourcePrecheck&)> WithRules(
    const std::function<void(TableRules&)>& set) {
  TableRules rules;
  set(rules);
  return [rules](SourcePrecheck& precheck) {
    precheck.objects.selection.databases = {
        {.name = "shop", .tables = {{.name = "orders", .rules = rules}}}};
  };
}

const std::vector<TaskFault> kTaskFaults = {
    {"source_tls",
     [](auto& p) { p.source.connection.tls_mode = TlsMode::kDisabled; }},
    {"source_duplicate_server_id",
     [](auto& p) { p.source.dump.server_id = 1; }},
    {"source_start_position",
     [](auto& p) {
       p.start = StartAtCoordinates{{"binlog.999999", 4}};
     }},
    {"source_start_position",
     [](auto& p) {
       p.start = StartAtTime{absl::FromUnixSeconds(1'000'000'000)};
     }},
    {"objects_exist",
     [](auto& p) {
       p.objects.required = {
           {"objects.databases[0].tables[0].name", "shop", "absent"}};
     }},
    {"objects_pattern_matches",
     [](auto& p) {
       p.objects.selection.databases.push_back(
           {.name = "nowhere", .all_tables = true});
     }},
    {"objects_mapped_names",
     [](auto& p) {
       p.objects.selection.databases = {
           {.name = "shop",
            .tables = {{.name = "orders", .mapped_name = "plain"},
                       {.name = "plain"}}}};
     }},
    {"objects_rule_columns", WithRules([](TableRules& r) {
       r.included_columns = {"id", "gone"};
     })},
    {"objects_key_columns", WithRules([](TableRules& r) {
       r.key_columns = {"id", "gone"};
     })},
    {"objects_key_uniqueness",
     WithRules([](TableRules& r) { r.key_columns = {"note"}; })},
    {"objects_row_filters",
     WithRules([](TableRules& r) { r.row_filter = "gone = 1"; })},
    {"objects_filter_collations",
     WithRules([](TableRules& r) { r.row_filter = "note = 'x'"; })},
    {"objects_hash_salt", WithRules([](TableRules& r) {
       r.columns = {{.column = "note", .transformation = HashText{}}};
     })},
    {"source_connection",
     [](auto& p) { p.source.connection.password = "wrong"; }},
    {"objects_selected",
     [](auto& p) { p.objects.selection.databases.clear(); }},
};

class SourcePrecheckTest : public PrivateServer {
 protected:
  void SetUp() override {
    PrivateServer::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    RunAll({"CREATE DATABASE shop", "USE shop",
            "CREATE TABLE orders (id INT PRIMARY KEY, state VARCHAR(9) COLLATE "
            "utf8mb4_bin NOT NULL, note VARCHAR(9), UNIQUE KEY (state))",
            "CREATE TABLE plain (id INT PRIMARY KEY)",
            "CREATE USER ferry IDENTIFIED BY 'correct horse'",
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT, XA_RECOVER_ADMIN ON "
            "*.* TO ferry",
            "GRANT SELECT ON *.* TO ferry",
            "SET GLOBAL binlog_row_metadata=FULL", "SET GLOBAL sync_binlog=1"});
    asked_.source.connection = options_;
    asked_.source.connection.user = "ferry";
    asked_.source.connection.password = "correct horse";
    asked_.source.connection.tls_mode = TlsMode::kRequired;
    asked_.source.dump.server_id = 4444;
    asked_.start = StartNow{};
    asked_.max_record_bytes = 1'000'000;
    asked_.time_left = absl::Seconds(60);
    Select({{.name = "shop", .all_tables = true}});
  }

  void Select(std::vector<DatabaseObject> databases) {
    asked_.objects = {.selection = {.databases = std::move(databases)},
                      .required = {}};
  }

  std::map<std::string, PrecheckItem> Check() {
    std::map<std::string, PrecheckItem> items;
    for (PrecheckItem& item : PrecheckSource(asked_, &clock_, {}))
      items.emplace(item.id, std::move(item));
    return items;
  }

  // The ids of items that did not pass; what they say must be whole.
  std::vector<std::string> Faults() {
    std::vector<std::string> ids;
    for (const auto& [id, item] : Check()) {
      if (item.result == PrecheckResult::kPassed) continue;
      ids.push_back(id);
      EXPECT_THAT(item.cause, Not(IsEmpty())) << id;
      EXPECT_THAT(item.remedy, Not(IsEmpty())) << id;
      EXPECT_THAT(absl::StrCat(item.found, item.cause, item.remedy),
                  Not(HasSubstr("correct horse")));
    }
    return ids;
  }

  SystemClock clock_;
  SourcePrecheck asked_;
};

// One server for everything.
TEST_F(SourcePrecheckTest, SeesEachFaultOfARealServerAndThatItIsMended) {
  ASSERT_THAT(Faults(), IsEmpty());
  for (const ServerFault& fault : kServerFaults) {
    RunAll(fault.make);
    EXPECT_THAT(Faults(), ElementsAre(fault.id));
    RunAll(fault.mend);
    EXPECT_THAT(Faults(), IsEmpty()) << "after " << fault.id << " was mended";
  }
}

TEST_F(SourcePrecheckTest, SeesFaultsOfTheTaskItself) {
  ASSERT_THAT(Faults(), IsEmpty());
  const SourcePrecheck good = asked_;
  for (const TaskFault& fault : kTaskFaults) {
    asked_ = good;
    fault.make(asked_);
    EXPECT_THAT(Faults(), ElementsAre(fault.id));
  }
  // What needs FULL images is refused without them.
  asked_ = good;
  WithRules([](TableRules& r) { r.row_filter = "state = 'x'"; })(asked_);
  EXPECT_THAT(Faults(), IsEmpty());
  Run("SET GLOBAL binlog_row_image=MINIMAL");
  EXPECT_THAT(Faults(), ElementsAre("objects_row_image", "source_row_image"));
}

TEST_F(SourcePrecheckTest, ManyTablesTakeFewStatements) {
  Run("SET SESSION sql_log_bin=OFF");
  Run("SET GLOBAL innodb_flush_log_at_trx_commit=0");
  constexpr int kTables = 520;  // More than fit into one statement.
  for (int i = 0; i < kTables; ++i)
    Run(absl::StrCat("CREATE TABLE shop.t", i,
                     " (a INT, b VARCHAR(20)) TABLESPACE innodb_system"));
  const auto statements = [this] {
    uint64_t count = 0;
    for (const TextRow& row : Run("SHOW GLOBAL STATUS LIKE 'Questions'"))
      EXPECT_TRUE(absl::SimpleAtoi(row[1].value_or(""), &count));
    return count;
  };
  const uint64_t before = statements();
  const PrecheckItem item = Check().at("objects_primary_key");
  EXPECT_EQ(item.objects_total, size_t{kTables});
  EXPECT_EQ(item.objects.size(), PrecheckItem::kMaxObjects);
  EXPECT_LT(statements() - before, 60u);
}

}  // namespace
}  // namespace binferry::worker
