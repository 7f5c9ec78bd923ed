#include "cli/task_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/task_table.h"

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(TaskTableTest, UnknownLagIsNotZero) {
  v1::Task task;
  task.set_name("projects/p/tasks/orders");
  task.mutable_create_time()->set_seconds(1000);
  const absl::Time now = absl::FromUnixSeconds(1065);
  EXPECT_THAT(TaskTable({task}, now),
              AllOf(HasSubstr("orders  UNSPECIFIED  ?"), HasSubstr("1m5s")));
  task.mutable_status()->mutable_lag();
  EXPECT_THAT(TaskTable({task}, now), HasSubstr("UNSPECIFIED  0ms"));
}

TEST(TaskPageTest, DescribesWhatTheDestinationLacks) {
  v1::Task task;
  const absl::Time now = absl::FromUnixSeconds(1065);
  EXPECT_THAT(DescribeTask(task, now),
              AllOf(Not(HasSubstr("Policies")), Not(HasSubstr("Replaced")),
                    Not(HasSubstr("Alerts"))));
  task.set_invalid_text_policy(v1::INVALID_TEXT_POLICY_REPLACE);
  task.set_unreadable_change_policy(v1::UNREADABLE_CHANGE_POLICY_ALERT);
  task.mutable_status()->mutable_counters()->set_replaced_texts(3);
  task.mutable_status()->mutable_counters()->set_alerts(2);
  v1::TaskEvent* event = task.mutable_status()->add_recent_events();
  event->mutable_time()->set_seconds(1000);
  event->set_reason("UNREAD_STATEMENT");
  event->set_message("at binlog.000001:4: INSERT");
  EXPECT_THAT(
      DescribeTask(task, now),
      AllOf(HasSubstr(
                "Policies:      invalid text REPLACE, unreadable change ALERT"),
            HasSubstr("Replaced:      3 texts"),
            HasSubstr("Alerts:        2 changes"),
            HasSubstr("Events:        1m5s ago  UNREAD_STATEMENT  at "
                      "binlog.000001:4: INSERT")));
}

TEST(TaskPageTest, DescribesPositionsLoadAndTables) {
  v1::Task task;
  task.mutable_record_options()->set_tombstones(true);
  v1::TaskStatus& status = *task.mutable_status();
  status.mutable_position()->mutable_coordinates()->set_file("binlog.1");
  status.mutable_position()->mutable_coordinates()->set_position(4);
  status.mutable_position()->set_gtid_set(std::string(1000, 'g'));
  status.mutable_source_position()->mutable_coordinates()->set_file("binlog.2");
  status.mutable_load()->set_memory_bytes(3 << 20);
  status.mutable_load()->set_memory_limit_bytes(64 << 20);
  status.mutable_load()->set_queued_records(7);
  status.mutable_load()->set_back_pressure_reason("DESTINATION");
  v1::TableCounters* const table = status.add_top_tables();
  table->set_database("shop");
  table->set_table("orders");
  table->set_inserts(12);
  EXPECT_THAT(
      DescribeTask(task, absl::FromUnixSeconds(1065)),
      AllOf(HasSubstr("Options:       tombstones"),
            HasSubstr("Position:      binlog.1:4\n"),
            HasSubstr("g... (1000 characters"),
            HasSubstr("Source end:    binlog.2:0"),
            HasSubstr("3.0 of 64.0 MiB for rows, 7 of 0 records queued; Kafka "
                      "takes no more"),
            HasSubstr("Top tables:    table        inserts"),
            HasSubstr("\n               shop.orders  12")));
}

TEST(TaskPageTest, TellsOfAFaultWhatToDo) {
  v1::Task task;
  v1::Fault& fault = *task.mutable_status()->mutable_last_error();
  fault.set_code("UNAVAILABLE");
  fault.set_message("db1:3306 refuses connections");
  fault.set_remedy("start MySQL there");
  fault.set_attempts(5);
  fault.mutable_first_time()->set_seconds(1000);
  fault.mutable_time()->set_seconds(1060);
  const absl::Time now = absl::FromUnixSeconds(1065);
  EXPECT_THAT(
      DescribeTask(task, now),
      AllOf(HasSubstr("UNAVAILABLE 5s ago, attempt 5 since 1m5s ago, not "
                      "tried again by itself"),
            HasSubstr("db1:3306 refuses connections"),
            HasSubstr("What to do:    start MySQL there")));
  fault.set_message("refused; start MySQL there");
  EXPECT_THAT(DescribeTask(task, now), Not(HasSubstr("What to do")));
}

TEST(TaskPageTest, DescribesObjectsByPattern) {
  v1::Task task;
  v1::DatabaseObject* const database = task.mutable_objects()->add_databases();
  database->set_name_pattern("shop_.*");
  database->add_table_patterns()->set_pattern("orders_\\d+");
  database->add_excluded_tables("orders_0");
  EXPECT_THAT(DescribeTask(task, absl::UnixEpoch()),
              HasSubstr("Objects:       /shop_.*/./orders_\\d+/, without 1 "
                        "tables of /shop_.*/"));
}

}  // namespace
}  // namespace binferry::cli
