#include "worker/agent/fault_kind.h"

#include <gtest/gtest.h>

namespace binferry::worker {
namespace {

FaultKind KindOf(absl::StatusCode code) {
  return KindOfFault(absl::Status(code, "message"));
}

TEST(FaultKindTest, WhatPassesIsTriedForEver) {
  EXPECT_EQ(KindOf(absl::StatusCode::kUnavailable), FaultKind::kPassing);
  EXPECT_EQ(KindOf(absl::StatusCode::kAborted), FaultKind::kPassing);
  EXPECT_EQ(KindOf(absl::StatusCode::kDeadlineExceeded), FaultKind::kPassing);
}

TEST(FaultKindTest, AWrongPasswordIsAKindOfItsOwn) {
  EXPECT_EQ(KindOf(absl::StatusCode::kPermissionDenied), FaultKind::kRefused);
  EXPECT_EQ(KindOf(absl::StatusCode::kUnauthenticated), FaultKind::kRefused);
}

TEST(FaultKindTest, WhatAPersonMustChangeFailsAtOnce) {
  for (absl::StatusCode code :
       {absl::StatusCode::kInvalidArgument,
        absl::StatusCode::kFailedPrecondition, absl::StatusCode::kNotFound,
        absl::StatusCode::kUnimplemented, absl::StatusCode::kDataLoss,
        absl::StatusCode::kOutOfRange}) {
    EXPECT_EQ(KindOf(code), FaultKind::kLasting)
        << absl::StatusCodeToString(code);
  }
}

TEST(FaultKindTest, WhatIsUnclearGetsAFewAttempts) {
  for (absl::StatusCode code :
       {absl::StatusCode::kInternal, absl::StatusCode::kUnknown,
        absl::StatusCode::kResourceExhausted, absl::StatusCode::kCancelled}) {
    EXPECT_EQ(KindOf(code), FaultKind::kDoubtful)
        << absl::StatusCodeToString(code);
  }
}

}  // namespace
}  // namespace binferry::worker
