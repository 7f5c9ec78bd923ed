#include "worker/task/inspection_proto.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "worker/agent/probe_runner.h"

namespace binferry::worker {
namespace {

TEST(InspectionProtoTest, ATestPassesIfEveryStepDoes) {
  const TestStep good{.step = "TCP",
                      .target = "db1:3306",
                      .passed = true,
                      .message = "127.0.0.1",
                      .remedy = "",
                      .duration = absl::Microseconds(1500)};
  TestStep bad = good;
  bad.step = "TLS";
  bad.passed = false;
  bad.message = "self-signed \xff";
  bad.remedy = "give source.ca_certificate";
  const v1::ConnectionTest passed = ToProto(v1::ENDPOINT_SOURCE, {good});
  EXPECT_TRUE(passed.passed());
  EXPECT_EQ(passed.steps(0).duration().nanos(), 1'500'000);
  const v1::ConnectionTest failed =
      ToProto(v1::ENDPOINT_DESTINATION, {good, bad});
  EXPECT_FALSE(failed.passed());
  EXPECT_EQ(failed.endpoint(), v1::ENDPOINT_DESTINATION);
  EXPECT_EQ(failed.steps(1).message(), "self-signed ?");
  EXPECT_EQ(failed.steps(1).remedy(), "give source.ca_certificate");
  EXPECT_FALSE(ToProto(v1::ENDPOINT_SOURCE, {}).passed());
}

TEST(InspectionProtoTest, CutsTheListOfAnEnumsLabels) {
  SourceColumn column;
  column.type = absl::StrCat("enum('", std::string(5000, 'x'), "')");
  EXPECT_LT(ToProto(column).type().size(), 80u);
  column.type = "int unsigned";
  EXPECT_EQ(ToProto(column).type(), "int unsigned");
}

// An answer is not paged: 4,096 columns with long names and types are one.
TEST(InspectionProtoTest, AWideTableFitsIntoAnAnswer) {
  SourceColumn column;
  for (int i = 0; i < 50; ++i) column.name += "あ";
  column.type = std::string(5000, 'x');
  column.charset = "utf8mb4";
  v1::ListColumnsResponse response;
  for (int i = 0; i < 4096; ++i) *response.add_columns() = ToProto(column);
  EXPECT_LE(response.ByteSizeLong(), ProbeRunner::kMaxResultBytes);
}

TEST(InspectionProtoTest, ShrinksAPrecheckToItsBound) {
  PrecheckItem item;
  item.id = "objects_engine";
  item.result = PrecheckResult::kAlarm;
  for (int i = 0; i < 300; ++i) {
    item.objects.push_back(absl::StrCat(std::string(500, 'd'), ".t", i));
  }
  item.objects_total = 5000;
  v1::Precheck precheck;
  for (int i = 0; i < 60; ++i) *precheck.add_items() = ToProto(item);
  EXPECT_EQ(precheck.items(0).objects_size(), 100);
  ASSERT_GT(precheck.ByteSizeLong(), ProbeRunner::kMaxResultBytes);
  ShrinkTo(ProbeRunner::kMaxResultBytes, &precheck);
  EXPECT_LE(precheck.ByteSizeLong(), ProbeRunner::kMaxResultBytes);
  EXPECT_GT(precheck.items(0).objects_size(), 10);
  EXPECT_EQ(precheck.items(0).objects_total(), 5000u);
  EXPECT_EQ(precheck.items(0).result(), v1::PRECHECK_RESULT_ALARM);
}

}  // namespace
}  // namespace binferry::worker
