#include "worker/agent/task_progress.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace binferry::worker {
namespace {

v1::TableCounters Table(const std::string& name, uint64_t inserts) {
  v1::TableCounters table;
  table.set_database("shop");
  table.set_table(name);
  table.set_inserts(inserts);
  table.set_record_bytes(10 * inserts);
  return table;
}

TEST(TaskProgressTest, AddsWhatAttemptsCountAndKeepsTheTasksTotals) {
  TaskProgress before;
  before.position.emplace().set_gtid_set("a:1");
  before.counters.set_inserts(5);
  before.counters.set_transactions(2);
  TaskProgress now;
  now.position.emplace().set_gtid_set("a:1-4");
  now.counters.set_inserts(9);
  now.counters.set_transactions(3);
  const TaskProgress sum = Together(before, now);
  EXPECT_EQ(sum.counters.inserts(), 9u);
  EXPECT_EQ(sum.counters.transactions(), 5u);
  EXPECT_TRUE(Advanced(before, sum));
  EXPECT_FALSE(Advanced(sum, sum));
}

TEST(TaskProgressTest, KeepsWhatIsKnownWhileAnAttemptKnowsNothing) {
  TaskProgress before;
  before.start_position_committed = true;
  before.position.emplace().set_gtid_set("a:1");
  before.source_position.emplace().set_gtid_set("a:1-9");
  before.counters.set_inserts(5);
  const TaskProgress sum = Together(before, {});
  EXPECT_TRUE(sum.start_position_committed);
  EXPECT_EQ(sum.position->gtid_set(), "a:1");
  EXPECT_EQ(sum.source_position->gtid_set(), "a:1-9");
  EXPECT_EQ(sum.counters.inserts(), 5u);
  EXPECT_FALSE(sum.load.has_value());
}

TEST(TaskProgressTest, SumsTablesOverAttemptsAndKeepsTheLargest) {
  TaskProgress before;
  before.top_tables = {Table("orders", 10), Table("lines", 1)};
  TaskProgress now;
  now.top_tables = {Table("lines", 20), Table("orders", 5)};
  for (int i = 0; i < 30; ++i) {
    now.top_tables.push_back(Table(absl::StrCat("t", i), 2));
  }
  const TaskProgress sum = Together(before, now);
  ASSERT_EQ(sum.top_tables.size(), kMaxTopTables);
  EXPECT_EQ(sum.top_tables[0].table(), "lines");
  EXPECT_EQ(sum.top_tables[0].inserts(), 21u);
  EXPECT_EQ(sum.top_tables[0].record_bytes(), 210u);
  EXPECT_EQ(sum.top_tables[1].table(), "orders");
}

}  // namespace
}  // namespace binferry::worker
