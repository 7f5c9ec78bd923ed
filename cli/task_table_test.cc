#include "cli/task_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(TaskTableTest, ColumnsAreAsWideAsNeeded) {
  EXPECT_EQ(FormatTable({{"A", "B"}, {"long", "x"}}), "A     B\nlong  x\n");
}

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

TEST(TaskTableTest, DescribesWhatTheDestinationLacks) {
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

}  // namespace
}  // namespace binferry::cli
