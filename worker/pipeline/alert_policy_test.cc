#include "worker/pipeline/alert_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;

const absl::Status kLost = absl::DataLossError("rows of t are missing");

TEST(AlertPolicyTest, MakesThemErrorsWithARemedy) {
  int heard = 0;
  const AlertPolicy policy(UnreadableChange::kStop,
                           [&heard](const PipelineAlert&) { ++heard; });
  EXPECT_FALSE(policy.goes_on());
  EXPECT_THAT(
      policy.Raise(PipelineAlert::Reason::kIncident, kLost, {"b.1", 7}),
      StatusIs(absl::StatusCode::kDataLoss,
               HasSubstr("rows of t are missing; synchronize the tables "
                         "anew and start behind this place, or set")));
  EXPECT_EQ(heard, 0);
}

TEST(AlertPolicyTest, TellsOfThemAndGoesOn) {
  std::vector<PipelineAlert> heard;
  const AlertPolicy policy(
      UnreadableChange::kAlert,
      [&heard](const PipelineAlert& alert) { heard.push_back(alert); });
  EXPECT_TRUE(policy.goes_on());
  EXPECT_THAT(policy.Raise(PipelineAlert::Reason::kIncident, kLost, {"b.1", 7}),
              IsOk());
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].reason, PipelineAlert::Reason::kIncident);
  EXPECT_EQ(heard[0].file, "b.1");
  EXPECT_EQ(heard[0].position, 7u);
  EXPECT_EQ(heard[0].message,
            "rows of t are missing; synchronize the tables anew");
}

TEST(AlertPolicyTest, NeedsNoListener) {
  const AlertPolicy policy(UnreadableChange::kAlert, nullptr);
  EXPECT_THAT(policy.Raise(PipelineAlert::Reason::kIncident, kLost, {}),
              IsOk());
}

}  // namespace
}  // namespace binferry::worker
