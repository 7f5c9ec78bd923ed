#include "controller/coordination/probe_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/testing/status_matchers.h"

namespace binferry::controller {
namespace {

namespace pb = coordination::v1;
using ::testing::SizeIs;

constexpr char kUuid[] = "123e4567-e89b-12d3-a456-426614174000";
const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

pb::ReportProbeResultsRequest RequestOf(const pb::ProbeResult& result) {
  pb::ReportProbeResultsRequest request;
  request.mutable_worker()->set_name("w1");
  *request.add_results() = result;
  request.mutable_results(0)->set_id(kUuid);
  return request;
}

TEST(ProbeProtoTest, BoundsAnswersAndWantsIds) {
  pb::ProbeResult result;
  result.mutable_fault()->set_message("x");
  EXPECT_THAT(AnswersFromProto(RequestOf(result), kNow), IsOk());

  auto request = RequestOf(result);
  request.mutable_results(0)->set_id("1");
  EXPECT_THAT(AnswersFromProto(request, kNow),
              StatusIs(absl::StatusCode::kInvalidArgument));

  result.mutable_fault()->set_message(std::string(2'000'000, 'x'));
  EXPECT_THAT(AnswersFromProto(RequestOf(result), kNow),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(ProbeProtoTest, ATestTellsWhoTestedWhatAndWhen) {
  pb::ProbeResult result;
  result.set_generation(7);
  result.mutable_connection_test()->set_endpoint(v1::ENDPOINT_DESTINATION);
  const auto answers = AnswersFromProto(RequestOf(result), kNow);
  ASSERT_THAT(answers, IsOk());
  ASSERT_TRUE((*answers)[0].test.has_value());
  EXPECT_EQ((*answers)[0].test->endpoint, TestedEndpoint::kDestination);
  v1::ConnectionTest kept;
  ASSERT_TRUE(kept.ParseFromString((*answers)[0].test->document));
  EXPECT_EQ(kept.worker(), "w1");
  EXPECT_EQ(kept.generation(), 7);
  EXPECT_EQ(kept.time().seconds(), 1'700'000'000);
  pb::ProbeResult told;
  ASSERT_TRUE(told.ParseFromString((*answers)[0].answer));
  EXPECT_EQ(told.connection_test().worker(), "w1");
}

TEST(ProbeProtoTest, APrecheckKeepsAtMostSoMuch) {
  pb::ProbeResult result;
  result.set_generation(3);
  for (size_t i = 0; i < kMaxPrecheckItems + 1; ++i) {
    v1::PrecheckItem* const item = result.mutable_precheck()->add_items();
    item->set_id("source_x");
    // A result that only a newer worker knows is no pass.
    item->set_result(static_cast<v1::PrecheckResult>(i == 0 ? 99 : 1));
    item->set_confirmed(true);
  }
  for (size_t i = 0; i < kMaxPrecheckObjects + 1; ++i) {
    result.mutable_precheck()->mutable_items(0)->add_objects("o");
  }
  const auto answers = AnswersFromProto(RequestOf(result), kNow);
  ASSERT_THAT(answers, IsOk());
  const Precheck& precheck = *(*answers)[0].precheck;
  EXPECT_EQ(precheck.generation, Generation(3));
  EXPECT_EQ(precheck.worker, "w1");
  EXPECT_EQ(precheck.time, kNow);
  ASSERT_THAT(precheck.items, SizeIs(kMaxPrecheckItems));
  EXPECT_EQ(precheck.items[0].result, PrecheckResult::kFailed);
  EXPECT_THAT(precheck.items[0].objects, SizeIs(kMaxPrecheckObjects));
  EXPECT_EQ(precheck.items[0].objects_total,
            static_cast<int64_t>(kMaxPrecheckObjects) + 1);
  EXPECT_EQ(precheck.items[1].result, PrecheckResult::kPassed);
  // Only a user confirms.
  EXPECT_FALSE(precheck.items[1].confirmation.has_value());
}

}  // namespace
}  // namespace binferry::controller
