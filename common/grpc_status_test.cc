#include "common/grpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "binferry/v1/error_details.pb.h"
#include "common/status_details.h"
#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

StatusDetails SomeDetails() {
  StatusDetails details;
  details.field_violations = {{"task.source.host", "is empty"}};
  details.precondition_violations = {{"STATE", "projects/p/tasks/t", "no"}};
  details.reason = "ACTION_NOT_ALLOWED";
  details.metadata = {{"state", "PAUSED"}};
  return details;
}

TEST(GrpcStatusTest, KeepsCodeMessageAndDetailsBothWays) {
  const absl::Status status =
      WithDetails(absl::FailedPreconditionError("not now"), SomeDetails());
  const absl::Status back = FromGrpcStatus(ToGrpcStatus(status));
  EXPECT_THAT(back, StatusIs(absl::StatusCode::kFailedPrecondition, "not now"));
  EXPECT_EQ(DetailsOf(back), SomeDetails());
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_THAT(FromGrpcStatus(grpc::Status::OK), IsOk());
}

TEST(GrpcStatusTest, UsesTheTypesThatGrpcToolsKnow) {
  const grpc::Status status =
      ToGrpcStatus(WithDetails(absl::InvalidArgumentError("m"), SomeDetails()));
  v1::Status wire;
  ASSERT_TRUE(wire.ParseFromString(status.error_details()));
  ASSERT_EQ(wire.details_size(), 3);
  EXPECT_EQ(wire.details(0).type_url(),
            "type.googleapis.com/google.rpc.BadRequest");
  EXPECT_EQ(wire.details(1).type_url(),
            "type.googleapis.com/google.rpc.ErrorInfo");
  EXPECT_EQ(wire.details(2).type_url(),
            "type.googleapis.com/google.rpc.PreconditionFailure");
  v1::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(wire.details(1).value()));
  EXPECT_EQ(info.domain(), "binferry");
}

TEST(GrpcStatusTest, StaysSmallEnoughForATrailer) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < 1000; ++i) {
    violations.push_back({"task.objects.databases", std::string(100, 'x')});
  }
  const grpc::Status status = ToGrpcStatus(
      FieldViolationsError(absl::StatusCode::kInvalidArgument, violations));
  EXPECT_LT(status.error_message().size() + status.error_details().size(),
            8u * 1024);
  EXPECT_THAT(status.error_message(), testing::HasSubstr("999 more"));
  EXPECT_GT(DetailsOf(FromGrpcStatus(status)).field_violations.size(), 10u);
}

TEST(GrpcStatusTest, SurvivesDetailsThatAreGarbage) {
  const grpc::Status status(grpc::StatusCode::NOT_FOUND, "gone", "\xff\xff");
  EXPECT_THAT(FromGrpcStatus(status),
              StatusIs(absl::StatusCode::kNotFound, "gone"));
}

TEST(GrpcStatusTest, NamesOfCodesAreRead) {
  EXPECT_EQ(StatusCodeOf("OK"), absl::StatusCode::kOk);
  EXPECT_EQ(StatusCodeOf("UNAUTHENTICATED"),
            absl::StatusCode::kUnauthenticated);
  EXPECT_FALSE(StatusCodeOf("Ok").has_value());
}

}  // namespace
}  // namespace binferry
