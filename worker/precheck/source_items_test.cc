#include "worker/precheck/source_items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/remedy.h"

namespace binferry::worker {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

SourceServerFacts Good() {
  SourceServerFacts facts;
  facts.where = "db:3306";
  facts.account = "'ferry'@'%'";
  facts.tls_mode = TlsMode::kVerifyIdentity;
  facts.task_server_id = 1000;
  facts.variables.version = "8.4.3";
  facts.variables.server_id = 1;
  facts.variables.log_bin = true;
  facts.variables.binlog_format = "ROW";
  facts.variables.binlog_row_image = "FULL";
  facts.variables.binlog_row_metadata = "FULL";
  facts.variables.gtid_mode = "ON";
  facts.variables.binlog_expire_logs_seconds = 2592000;
  facts.others = {{"sync_binlog", "1"}};
  facts.privileges = {true, true};
  facts.replicas.emplace();
  facts.prepared_xa = 0;
  facts.deviating_sessions = 0;
  facts.start = "now";
  return facts;
}

PrecheckItem Find(const std::vector<PrecheckItem>& items,
                  const std::string& id) {
  for (const PrecheckItem& item : items) {
    if (item.id == id) return item;
  }
  ADD_FAILURE() << "no item " << id;
  return {};
}

TEST(SourceItemsTest, AGoodSourcePassesEverything) {
  std::set<std::string> ids;
  for (const PrecheckItem& item : JudgeSource(Good())) {
    EXPECT_EQ(item.result, PrecheckResult::kPassed) << item.id;
    EXPECT_TRUE(ids.insert(item.id).second) << item.id;
    EXPECT_THAT(item.id, testing::StartsWith("source_"));
    EXPECT_THAT(item.title, Not(IsEmpty())) << item.id;
    EXPECT_THAT(item.group, Not(IsEmpty())) << item.id;
    EXPECT_THAT(item.found, Not(IsEmpty())) << item.id;
    EXPECT_THAT(item.wanted, Not(IsEmpty())) << item.id;
    EXPECT_THAT(item.cause, IsEmpty()) << item.id;
    EXPECT_THAT(item.remedy, IsEmpty()) << item.id;
  }
  EXPECT_EQ(ids.size(), 21u);
}

struct Fault {
  const char* id;
  PrecheckResult result;
  void (*make)(SourceServerFacts&);
  const char* found;
  const char* remedy;
};

constexpr auto kFailed = PrecheckResult::kFailed;
constexpr auto kAlarm = PrecheckResult::kAlarm;

constexpr Fault kFaults[] = {
    {"source_version", kFailed, [](auto& f) { f.variables.version = "5.7.44"; },
     "5.7.44", "upgrade"},
    {"source_version", kAlarm, [](auto& f) { f.variables.version = "9.8.0"; },
     "9.8.0", "test data"},
    {"source_version", kAlarm, [](auto& f) { f.variables.version = "tidb"; },
     "tidb", "make sure"},
    {"source_privileges", kFailed,
     [](auto& f) { f.privileges.replication_slave = false; },
     "lacks REPLICATION SLAVE",
     "GRANT REPLICATION SLAVE ON *.* TO 'ferry'@'%'"},
    {"source_privileges", kFailed, [](auto& f) { f.privileges = {}; },
     "SLAVE and REPLICATION CLIENT",
     "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'ferry'@'%'"},
    {"source_tls", kAlarm, [](auto& f) { f.tls_mode = TlsMode::kDisabled; },
     "disabled", "verify-identity"},
    {"source_server_id", kFailed, [](auto& f) { f.variables.server_id = 0; },
     "server_id=0", "SET PERSIST server_id=1"},
    {"source_duplicate_server_id", kAlarm,
     [](auto& f) {
       f.replicas->push_back({1000, "some-uuid"});
     },
     "some-uuid", "another server_id"},
    {"source_duplicate_server_id", kAlarm,
     [](auto& f) { f.task_server_id = 1; }, "of the source",
     "another server_id"},
    {"source_gtid_mode", kAlarm,
     [](auto& f) { f.variables.gtid_mode = "ON_PERMISSIVE"; }, "ON_PERMISSIVE",
     "SET PERSIST gtid_mode"},
    {"source_gtid_mode", kAlarm, [](auto& f) { f.variables.gtid_mode = ""; },
     "gtid_mode=OFF", "ON_PERMISSIVE"},
    {"source_replica_updates", kFailed,
     [](auto& f) {
       f.is_replica = true;
       f.others["log_slave_updates"] = "OFF";
     },
     "is a replica", "log_replica_updates=ON"},
    {"source_binlog_format", kFailed,
     [](auto& f) { f.variables.binlog_format = "MIXED"; }, "MIXED",
     "SET PERSIST binlog_format=ROW"},
    {"source_sessions", kAlarm, [](auto& f) { f.deviating_sessions = 3; },
     "3 sessions", "KILL"},
    {"source_row_image", kAlarm,
     [](auto& f) { f.variables.binlog_row_image = "MINIMAL"; }, "MINIMAL",
     "SET PERSIST binlog_row_image=FULL"},
    {"source_row_metadata", kFailed,
     [](auto& f) { f.variables.binlog_row_metadata = "MINIMAL"; }, "MINIMAL",
     "SET PERSIST binlog_row_metadata=FULL"},
    {"source_row_metadata", kFailed,
     [](auto& f) { f.variables.binlog_row_metadata = ""; },
     "has no binlog_row_metadata", "8.0.1"},
    {"source_retention", kAlarm,
     [](auto& f) { f.variables.binlog_expire_logs_seconds = 259199; },
     "71h59m59s", "SET PERSIST binlog_expire_logs_seconds=604800"},
    {"source_retention", kAlarm,
     [](auto& f) { f.others["binlog_space_limit"] = "1000000"; },
     "binlog_space_limit=1000000", "binlog_space_limit=0"},
    {"source_binlog_filters", kAlarm,
     [](auto& f) { f.binlog_ignore_db = "scratch"; }, "scratch", "remove"},
    {"source_xa", kAlarm, [](auto& f) { f.prepared_xa = 1; }, "1 prepared",
     "XA COMMIT"},
    {"source_sync_binlog", kAlarm,
     [](auto& f) { f.others["sync_binlog"] = "0"; }, "sync_binlog=0",
     "SET PERSIST sync_binlog=1"},
    {"source_start_position", kFailed,
     [](auto& f) {
       f.start = RemedyError(absl::StatusCode::kDataLoss, "it is purged",
                             "start later");
     },
     "not there", "start later"},
};

TEST(SourceItemsTest, EachFaultConcernsItsItemAloneAndHasARemedy) {
  for (const Fault& fault : kFaults) {
    SourceServerFacts facts = Good();
    fault.make(facts);
    for (const PrecheckItem& item : JudgeSource(facts)) {
      if (item.id != fault.id) {
        EXPECT_EQ(item.result, PrecheckResult::kPassed)
            << fault.id << " concerns " << item.id;
        continue;
      }
      EXPECT_EQ(item.result, fault.result) << item.id;
      EXPECT_THAT(item.found, HasSubstr(fault.found)) << item.id;
      EXPECT_THAT(item.remedy, HasSubstr(fault.remedy)) << item.id;
      EXPECT_THAT(item.cause, Not(IsEmpty())) << item.id;
    }
  }
}

TEST(SourceItemsTest, ABinlogThatIsOffIsTheOnlyBinlogFault) {
  SourceServerFacts facts = Good();
  facts.variables.log_bin = false;
  facts.variables.binlog_format = "STATEMENT";
  const std::vector<PrecheckItem> items = JudgeSource(facts);
  EXPECT_EQ(items.back().id, "source_binlog");
  EXPECT_EQ(items.back().result, PrecheckResult::kFailed);
  EXPECT_THAT(items.back().remedy, HasSubstr("log_bin"));
}

TEST(SourceItemsTest, PartialJsonMattersOnlyBesideImagesThatAreNotFull) {
  SourceServerFacts facts = Good();
  facts.variables.binlog_row_value_options = "PARTIAL_JSON";
  EXPECT_EQ(Find(JudgeSource(facts), "source_partial_json").result,
            PrecheckResult::kPassed);
  facts.variables.binlog_row_image = "NOBLOB";
  const PrecheckItem item = Find(JudgeSource(facts), "source_partial_json");
  EXPECT_EQ(item.result, PrecheckResult::kAlarm);
  EXPECT_THAT(item.remedy, HasSubstr("binlog_row_value_options=''"));
}

TEST(SourceItemsTest, NothingIsPurgedByAgeWhereThatIsOff) {
  for (const auto& make : std::vector<std::function<void(SourceServerFacts&)>>{
           [](auto& f) { f.variables.binlog_expire_logs_seconds = 0; },
           [](auto& f) { f.variables.binlog_expire_logs_seconds.reset(); },
           [](auto& f) {
             f.variables.binlog_expire_logs_seconds = 60;
             f.others["binlog_expire_logs_auto_purge"] = "OFF";
           }}) {
    SourceServerFacts facts = Good();
    make(facts);
    const PrecheckItem item = Find(JudgeSource(facts), "source_retention");
    EXPECT_EQ(item.result, PrecheckResult::kPassed);
    EXPECT_THAT(item.found, HasSubstr("for ever"));
  }
}

TEST(SourceItemsTest, WhatIsNotSeenIsSaidAndNoFault) {
  SourceServerFacts facts = Good();
  facts.replicas.reset();
  facts.prepared_xa.reset();
  facts.deviating_sessions.reset();
  const std::vector<PrecheckItem> items = JudgeSource(facts);
  for (const char* id :
       {"source_sessions", "source_xa", "source_duplicate_server_id"}) {
    const PrecheckItem item = Find(items, id);
    EXPECT_EQ(item.result, PrecheckResult::kPassed) << id;
    EXPECT_THAT(item.found, HasSubstr("not seen")) << id;
  }
}

TEST(SourceItemsTest, ASourceThatCannotBeReachedFails) {
  const PrecheckItem item = JudgeSourceConnection(
      "db:3306", RemedyError(absl::StatusCode::kUnavailable, "db:3306 is away",
                             "check source.host"));
  EXPECT_EQ(item.result, PrecheckResult::kFailed);
  EXPECT_EQ(item.cause, "db:3306 is away");
  EXPECT_EQ(item.remedy, "check source.host");
  EXPECT_EQ(JudgeSourceConnection("db:3306", absl::OkStatus()).result,
            PrecheckResult::kPassed);
}

}  // namespace
}  // namespace binferry::worker
