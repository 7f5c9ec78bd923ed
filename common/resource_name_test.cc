#include "common/resource_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(ResourceNameTest, ReadsWhatItWrites) {
  const auto task = ParseTaskName("projects/shop-1/tasks/Orders_1");
  ASSERT_THAT(task, IsOk());
  EXPECT_EQ(task->project, "shop-1");
  EXPECT_EQ(task->task, "Orders_1");
  EXPECT_EQ(task->ToString(), "projects/shop-1/tasks/Orders_1");
  EXPECT_THAT(ParseProjectName("projects/shop-1"), IsOk());
  EXPECT_THAT(ParseWorkerName(FormatWorkerName("a.b_c-1")),
              IsOkAndHolds("a.b_c-1"));
}

TEST(ResourceNameTest, RefusesOtherForms) {
  for (const char* name :
       {"", "projects", "projects/p/tasks", "projects/p/tasks/abcd/x",
        "workers/p/tasks/abcd", "projects//tasks/abcd", "/projects/p"}) {
    EXPECT_THAT(ParseTaskName(name), StatusIs(kInvalid)) << name;
  }
  EXPECT_THAT(ParseProjectName("projects/-"), StatusIs(kInvalid));
}

TEST(ResourceNameTest, KeepsTheLimitsOfTaskIds) {
  EXPECT_THAT(CheckTaskId("abc"), StatusIs(kInvalid));
  EXPECT_THAT(CheckTaskId("abcd"), IsOk());
  EXPECT_THAT(CheckTaskId(std::string(50, 'a')), IsOk());
  EXPECT_THAT(CheckTaskId(std::string(51, 'a')), StatusIs(kInvalid));
  EXPECT_THAT(CheckTaskId("1abc"), StatusIs(kInvalid));
  EXPECT_THAT(CheckTaskId("ab.c"), StatusIs(kInvalid));
}

TEST(ResourceNameTest, KeepsTheLimitsOfProjectIds) {
  EXPECT_THAT(CheckProjectId("p"), IsOk());
  EXPECT_THAT(CheckProjectId(std::string(63, 'p')), IsOk());
  EXPECT_THAT(CheckProjectId(std::string(64, 'p')), StatusIs(kInvalid));
  EXPECT_THAT(CheckProjectId("P"), StatusIs(kInvalid));
  EXPECT_THAT(CheckProjectId("1p"), StatusIs(kInvalid));
}

TEST(ResourceNameTest, ShowsLittleOfAHugeName) {
  const auto parsed = ParseTaskName(std::string(10'000, 'x'));
  ASSERT_THAT(parsed, StatusIs(kInvalid));
  EXPECT_LT(parsed.status().message().size(), 300u);
}

}  // namespace
}  // namespace binferry
