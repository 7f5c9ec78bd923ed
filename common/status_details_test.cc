#include "common/status_details.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

TEST(StatusDetailsTest, ReturnWithTheStatus) {
  StatusDetails details;
  details.field_violations = {{"a.b", "1:2 : odd\n"}, {"c", ""}};
  details.precondition_violations = {{"STATE", "projects/p/tasks/t", "is off"}};
  details.reason = "ACTION_NOT_ALLOWED";
  details.metadata = {{"state", "PAUSED"}, {"allowed", "resume,stop"}};
  const absl::Status status =
      WithDetails(absl::FailedPreconditionError("no"), details);
  EXPECT_EQ(DetailsOf(status), details);
  EXPECT_TRUE(DetailsOf(WithDetails(status, {})).empty());
}

TEST(StatusDetailsTest, AreEmptyForPlainStatuses) {
  EXPECT_TRUE(DetailsOf(absl::OkStatus()).empty());
  EXPECT_TRUE(DetailsOf(absl::InternalError("x")).empty());
}

TEST(StatusDetailsTest, CarryEveryViolationAtOnce) {
  const absl::Status status = FieldViolationsError(
      absl::StatusCode::kInvalidArgument,
      {{"task.source.port", "must be 1 to 65535"}, {"task_id", "is too long"}});
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument,
                               "task.source.port: must be 1 to 65535 (and 1 "
                               "more violation)"));
  EXPECT_EQ(RenderForPeople(status),
            "2 things are wrong with the request:\n"
            "  task.source.port: must be 1 to 65535\n"
            "  task_id: is too long");
  EXPECT_THAT(FieldViolationsError(absl::StatusCode::kInvalidArgument, {}),
              IsOk());
}

TEST(StatusDetailsTest, RenderOneViolationAsTheMessage) {
  EXPECT_EQ(RenderForPeople(InvalidFieldError("name", "is empty")),
            "name: is empty");
}

}  // namespace
}  // namespace binferry
