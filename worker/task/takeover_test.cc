#include "worker/task/takeover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/remedy.h"
#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class TakeoverTest : public testing::Test {
 protected:
  TakeoverTest() {
    spec_.generation = Generation(5);
    spec_.selection = {{{"shop", "", true, {}}}};
    checkpoint_.generation = Generation(4);
    checkpoint_.file = "binlog.000003";
    checkpoint_.position = 157;
    checkpoint_.rows_done = 9;
    checkpoint_.selection_fingerprint = SelectionFingerprint(spec_.selection);
  }

  TaskSpec spec_;
  Checkpoint checkpoint_;
};

TEST_F(TakeoverTest, OfTheSameTablesIsPossibleInsideATransaction) {
  spec_.invalid_text = InvalidText::kReplace;
  spec_.selection.databases[0].mapped_name = "store";
  EXPECT_THAT(CheckTakeover(checkpoint_, spec_), IsOk());
}

TEST_F(TakeoverTest, OfOtherTablesWaitsForTheTransactionsEnd) {
  spec_.selection.databases.push_back({"crm", "", true, {}});
  EXPECT_THAT(
      CheckTakeover(checkpoint_, spec_),
      StatusIs(absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("generation 5 selects other tables than "
                               "generation 4"),
                     HasSubstr("9 rows"), HasSubstr("binlog.000003:157"))));
  // A number that was given twice proves nothing.
  spec_.generation = checkpoint_.generation;
  EXPECT_THAT(CheckTakeover(checkpoint_, spec_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  checkpoint_.rows_done = 0;
  EXPECT_THAT(CheckTakeover(checkpoint_, spec_), IsOk());
}

TEST_F(TakeoverTest, AfterAResetIsPossibleWhateverIsSelected) {
  spec_.selection.databases.push_back({"crm", "", true, {}});
  spec_.resets = 1;
  EXPECT_THAT(CheckTakeover(checkpoint_, spec_), IsOk());
  checkpoint_.resets = 1;
  EXPECT_THAT(CheckTakeover(checkpoint_, spec_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(TakeoverTest, OfAnotherClusterIsRefusedOnceTheTaskHasStarted) {
  spec_.destination.bootstrap_servers = "kafka2:9092";
  spec_.kafka_cluster_id = "old";
  EXPECT_THAT(CheckCluster(spec_, "new"), IsOk());
  spec_.start_position_committed = true;
  EXPECT_THAT(CheckCluster(spec_, "old"), IsOk());
  const absl::Status refused = CheckCluster(spec_, "new");
  EXPECT_THAT(refused,
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("kafka2:9092"), HasSubstr("cluster old"),
                             HasSubstr("cluster new"))));
  EXPECT_THAT(RemedyOf(refused), HasSubstr("create another task"));
}

// An earlier version wrote it.
TEST_F(TakeoverTest, OfACheckpointWithoutFingerprintNeedsItsGeneration) {
  checkpoint_.selection_fingerprint = 0;
  EXPECT_THAT(CheckTakeover(checkpoint_, spec_),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  spec_.generation = checkpoint_.generation;
  EXPECT_THAT(CheckTakeover(checkpoint_, spec_), IsOk());
}

}  // namespace
}  // namespace binferry::worker
