#include "worker/sink/kafka_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/remedy.h"
#include "common/testing/status_matchers.h"
#include "worker/sink/sink_status.h"

namespace binferry::worker {
namespace {

using testing::HasSubstr;

// Numbers of the Kafka protocol.
TEST(KafkaErrorTest, CodesBecomePolicies) {
  EXPECT_THAT(
      KafkaError(3, "looking up topic t"),
      StatusIs(absl::StatusCode::kNotFound, HasSubstr("looking up topic t: ")));
  EXPECT_THAT(KafkaError(10, "x"),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       HasSubstr("max.message.bytes")));
  EXPECT_THAT(KafkaError(29, "x"), StatusIs(absl::StatusCode::kPermissionDenied,
                                            HasSubstr("Describe")));
  EXPECT_THAT(KafkaError(53, "x"), StatusIs(absl::StatusCode::kPermissionDenied,
                                            HasSubstr("transactional id")));
  EXPECT_THAT(KafkaError(38, "x"),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("number of brokers")));
  EXPECT_THAT(KafkaError(58, "x"),
              StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(KafkaError(15, "x"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(RemedyOf(KafkaError(10, "x")), HasSubstr("max_record_bytes"));
}

TEST(KafkaErrorTest, ProducersOfAnOldEpochAreFenced) {
  EXPECT_TRUE(IsFenced(KafkaError(47, "x")));
  EXPECT_TRUE(IsFenced(KafkaError(90, "x")));
  EXPECT_FALSE(IsFenced(KafkaError(48, "x")));
}

TEST(KafkaErrorTest, UnknownCodesAskForTheCheckpoint) {
  EXPECT_THAT(KafkaError(48, "x"), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(KafkaError(-1, "x", "said the broker"),
              StatusIs(absl::StatusCode::kAborted, "x: said the broker"));
}

}  // namespace
}  // namespace binferry::worker
