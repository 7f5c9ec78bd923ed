#include "cli/task_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

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

}  // namespace
}  // namespace binferry::cli
