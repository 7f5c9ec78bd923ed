#include "worker/agent/fault_remedy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/remedy.h"

namespace binferry::worker {
namespace {

using testing::HasSubstr;

TEST(FaultRemedyTest, IsTheOneThatTheErrorWasMadeWith) {
  EXPECT_EQ(RemedyForFault(RemedyError(absl::StatusCode::kPermissionDenied,
                                       "access denied", "check the password")),
            "check the password");
}

TEST(FaultRemedyTest, IsThatOfTheCodeOtherwise) {
  EXPECT_THAT(RemedyForFault(absl::UnavailableError("gone")),
              HasSubstr("goes on by itself"));
  EXPECT_THAT(RemedyForFault(absl::DataLossError("purged")),
              HasSubstr("reset the task"));
  EXPECT_THAT(RemedyForFault(absl::UnauthenticatedError("no")),
              HasSubstr("retry the task"));
  EXPECT_THAT(RemedyForFault(absl::InternalError("bug")),
              HasSubstr("report it"));
}

}  // namespace
}  // namespace binferry::worker
