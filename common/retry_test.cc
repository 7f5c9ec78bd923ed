#include "common/retry.h"

#include <gtest/gtest.h>

#include <random>

namespace binferry {
namespace {

TEST(RetryTest, ReadsTheCodeAsThePolicy) {
  EXPECT_TRUE(IsRetryable(absl::UnavailableError("")));
  EXPECT_TRUE(IsRetryable(absl::AbortedError("")));
  EXPECT_TRUE(IsRetryable(absl::DeadlineExceededError("")));
  EXPECT_FALSE(IsRetryable(absl::OkStatus()));
  EXPECT_FALSE(IsRetryable(absl::InvalidArgumentError("")));
  EXPECT_FALSE(IsRetryable(absl::FailedPreconditionError("")));
  EXPECT_FALSE(IsRetryable(absl::DataLossError("")));
  EXPECT_FALSE(IsRetryable(absl::InternalError("")));
}

TEST(BackoffTest, DoublesItsBoundUpToTheMaximum) {
  std::mt19937_64 random(1);
  Backoff backoff(
      {.initial = absl::Milliseconds(100), .max = absl::Milliseconds(500)},
      random);
  for (const int bound_ms : {100, 200, 400, 500, 500}) {
    const absl::Duration wait = backoff.Next();
    EXPECT_GE(wait, absl::Milliseconds(bound_ms) / 2);
    EXPECT_LE(wait, absl::Milliseconds(bound_ms));
  }
}

TEST(BackoffTest, StartsAnewAfterASuccess) {
  std::mt19937_64 random(1);
  Backoff backoff({.initial = absl::Seconds(1), .max = absl::Seconds(100)},
                  random);
  for (int i = 0; i < 5; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_LE(backoff.Next(), absl::Seconds(1));
}

}  // namespace
}  // namespace binferry
