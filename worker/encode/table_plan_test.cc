#include "worker/encode/table_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;

TableSchema OrdersSchema() {
  TableSchema schema;
  schema.database = "shop";
  schema.table = "orders";
  schema.columns.resize(3);
  schema.columns[0].name = "id";
  schema.columns[0].kind = ColumnKind::kBigInt;
  schema.columns[0].is_unsigned = true;
  schema.columns[1].name = "a<b";
  schema.columns[1].kind = ColumnKind::kVarchar;
  schema.columns[1].charset = Charset::kUtf8mb4;
  schema.columns[2].name = "at";
  schema.columns[2].kind = ColumnKind::kDatetime;
  schema.columns[2].fraction_digits = 3;
  schema.key_columns = {2, 0};
  return schema;
}

TablePlanOptions OrdersOptions() {
  TablePlanOptions options;
  options.mapped_database = "store";
  options.mapped_table = "o\"rders";
  options.topic = "store-orders";
  options.topic_handle = {4};
  options.partition_count = 12;
  return options;
}

TablePlan PlanOf(TableSchema schema, TablePlanOptions options) {
  absl::StatusOr<TablePlan> plan =
      BuildTablePlan(std::move(schema), std::move(options));
  EXPECT_THAT(plan, IsOk());
  return *std::move(plan);
}

TEST(TablePlanTest, RendersWhatAllRecordsShare) {
  const TablePlan plan = PlanOf(OrdersSchema(), OrdersOptions());
  EXPECT_EQ(plan.head,
            R"({"mysqlType":{"id":"bigint unsigned","a\u003cb":"varchar",)"
            R"("at":"datetime"},"id":)");
  EXPECT_EQ(plan.middle[0],
            R"(,"database":"store","table":"o\"rders","type":"INSERT",)"
            R"("isDdl":false,"sql":"",)"
            R"("sqlType":{"id":-5,"a\u003cb":12,"at":94},"data":)");
  EXPECT_THAT(plan.middle[1], HasSubstr(R"("type":"UPDATE")"));
  EXPECT_THAT(plan.middle[2], HasSubstr(R"("type":"DELETE")"));
  EXPECT_EQ(plan.tail, R"(,"pkNames":["at","id"]})");
}

TEST(TablePlanTest, HasAStepPerColumn) {
  const TablePlan plan = PlanOf(OrdersSchema(), OrdersOptions());
  ASSERT_EQ(plan.columns.size(), 3u);
  EXPECT_EQ(plan.columns[1].name, R"(,"a\u003cb":)");
  EXPECT_EQ(plan.columns[1].charset, Charset::kUtf8mb4);
  EXPECT_EQ(plan.columns[2].fraction_digits, 3);
}

TEST(TablePlanTest, LeavesHiddenColumnsOut) {
  TableSchema schema = OrdersSchema();
  schema.columns[1].is_hidden = true;
  const TablePlan plan = PlanOf(schema, OrdersOptions());
  EXPECT_EQ(plan.head,
            R"({"mysqlType":{"id":"bigint unsigned","at":"datetime"},"id":)");
  EXPECT_THAT(plan.middle[0], HasSubstr(R"("sqlType":{"id":-5,"at":94})"));
  EXPECT_EQ(plan.columns.size(), 3u);
}

TEST(TablePlanTest, EscapesLabelsOnce) {
  TableSchema schema = OrdersSchema();
  schema.columns[1].kind = ColumnKind::kEnum;
  schema.columns[1].charset = Charset::kLatin1;
  schema.columns[1].labels = {"a\"b", "\xe9", ""};
  const TablePlan plan = PlanOf(schema, OrdersOptions());
  ASSERT_EQ(plan.columns[1].labels.size(), 3u);
  EXPECT_EQ(plan.columns[1].labels[0].text, R"(a\"b)");
  EXPECT_EQ(plan.columns[1].labels[1].text, "\u00e9");
  EXPECT_EQ(plan.columns[1].labels[2].text, "");
  EXPECT_TRUE(plan.columns[1].labels[2].is_valid);
}

TEST(TablePlanTest, TableHashTakesTheMappedNames) {
  TablePlanOptions options = OrdersOptions();
  options.mapped_table = "orders";
  const TablePlan plan = PlanOf(OrdersSchema(), options);
  EXPECT_FALSE(plan.is_partitioned_by_key);
  EXPECT_EQ(plan.table_partition, PartitionOf("store.orders", 12));
}

TEST(TablePlanTest, PartitionZeroIsZero) {
  TablePlanOptions options = OrdersOptions();
  options.partition_policy = PartitionPolicy::kPartitionZero;
  const TablePlan plan = PlanOf(OrdersSchema(), options);
  EXPECT_FALSE(plan.is_partitioned_by_key);
  EXPECT_EQ(plan.table_partition, 0);
}

TEST(TablePlanTest, KeyHashNeedsAKey) {
  TablePlanOptions options = OrdersOptions();
  options.partition_policy = PartitionPolicy::kPrimaryKeyHash;
  EXPECT_TRUE(PlanOf(OrdersSchema(), options).is_partitioned_by_key);

  TableSchema schema = OrdersSchema();
  schema.key_columns.clear();
  const TablePlan plan = PlanOf(schema, options);
  EXPECT_FALSE(plan.is_partitioned_by_key);
  EXPECT_EQ(plan.table_partition, PartitionOf("store.o\"rders", 12));
  EXPECT_EQ(plan.tail, R"(,"pkNames":[]})");
}

TEST(TablePlanTest, RefusesNamesThatAreNoText) {
  TableSchema schema = OrdersSchema();
  schema.columns[0].name = "\xff";
  EXPECT_THAT(
      BuildTablePlan(schema, OrdersOptions()),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"\\xff\"")));
}

TEST(TablePlanTest, RefusesATopicWithoutPartitions) {
  TablePlanOptions options = OrdersOptions();
  options.partition_count = 0;
  EXPECT_THAT(BuildTablePlan(OrdersSchema(), options),
              StatusIs(absl::StatusCode::kInternal,
                       HasSubstr("topic store-orders has 0 partitions")));
}

}  // namespace
}  // namespace binferry::worker
