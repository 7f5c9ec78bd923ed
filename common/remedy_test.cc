#include "common/remedy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

TEST(RemedyTest, TellsCauseAndRemedyTogetherAndApart) {
  const absl::Status status =
      RemedyError(absl::StatusCode::kPermissionDenied, "db:1 denies x",
                  "GRANT x: ON *.*", "1045: denied");
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kPermissionDenied,
                       "db:1 denies x: GRANT x: ON *.* (1045: denied)"));
  EXPECT_EQ(RemedyOf(status), "GRANT x: ON *.*");
  EXPECT_EQ(CauseOf(status), "db:1 denies x (1045: denied)");
}

TEST(RemedyTest, OtherErrorsAreAllCause) {
  const absl::Status status = absl::InternalError("broken: mend it");
  EXPECT_EQ(RemedyOf(status), "");
  EXPECT_EQ(CauseOf(status), "broken: mend it");
  EXPECT_EQ(RemedyOf(absl::OkStatus()), "");
}

}  // namespace
}  // namespace binferry
