#include "worker/sink/checkpoint_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"
#include "worker/sink/checkpoint_record.h"
#include "worker/sink/sink_status.h"

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::HasSubstr;
using testing::IsEmpty;

class CheckpointTailTest : public testing::Test {
 protected:
  static Checkpoint At(int64_t epoch, int64_t number, uint64_t last_id) {
    Checkpoint checkpoint;
    checkpoint.task_uid = TaskUid("task");
    checkpoint.epoch = Epoch(epoch);
    checkpoint.number = number;
    checkpoint.last_id = last_id;
    return checkpoint;
  }

  void Add(const Checkpoint& checkpoint) {
    tail_.Add(SerializeCheckpointKey({checkpoint.task_uid, checkpoint.epoch}),
              SerializeCheckpoint(checkpoint), offset_++);
  }
  void AddTombstone(int64_t epoch) {
    tail_.Add(SerializeCheckpointKey({TaskUid("task"), Epoch(epoch)}),
              std::nullopt, offset_++);
  }

  CheckpointTail tail_{TaskUid("task")};
  int64_t offset_ = 0;
};

TEST_F(CheckpointTailTest, IsEmptyForATaskThatNeverCommitted) {
  Checkpoint other = At(9, 9, 9);
  other.task_uid = TaskUid("other");
  Add(other);
  tail_.Add("no key of ours", "value", 7);
  EXPECT_THAT(tail_.Pick(Epoch(1)), IsOkAndHolds(Eq(std::nullopt)));
  EXPECT_THAT(tail_.Epochs(), IsEmpty());
}

TEST_F(CheckpointTailTest, HighestEpochsLastRecordWins) {
  Add(At(1, 1, 10));
  Add(At(2, 2, 20));
  Add(At(2, 3, 30));
  EXPECT_THAT(tail_.Pick(Epoch(2)), IsOkAndHolds(At(2, 3, 30)));
  EXPECT_THAT(tail_.Pick(Epoch(5)), IsOkAndHolds(At(2, 3, 30)));
  EXPECT_THAT(tail_.Epochs(), ElementsAre(Epoch(1), Epoch(2)));
}

TEST_F(CheckpointTailTest, EpochAboveOursIsReported) {
  Add(At(4, 1, 10));
  const absl::StatusOr<std::optional<Checkpoint>> picked = tail_.Pick(Epoch(3));
  EXPECT_EQ(NewerEpoch(picked.status()), Epoch(4));
}

TEST_F(CheckpointTailTest, TombstonesDelete) {
  Add(At(1, 1, 10));
  AddTombstone(1);
  EXPECT_THAT(tail_.Pick(Epoch(1)), IsOkAndHolds(Eq(std::nullopt)));
  Add(At(1, 0, 0));  // Begun anew: no regression.
  EXPECT_THAT(tail_.Pick(Epoch(1)), IsOkAndHolds(At(1, 0, 0)));
}

TEST_F(CheckpointTailTest, NumbersAndIdsNeverGoBack) {
  Add(At(1, 5, 50));
  Add(At(1, 6, 49));
  EXPECT_THAT(tail_.Pick(Epoch(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("checkpoint 6 (last id 49) at offset 1")));
}

TEST_F(CheckpointTailTest, ARepeatedNumberIsARegression) {
  Add(At(1, 5, 50));
  Add(At(2, 5, 50));
  EXPECT_THAT(tail_.Pick(Epoch(2)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(CheckpointTailTest, OnlyTheLastMustBeReadable) {
  tail_.Add("task/1", "{}", offset_++);
  Add(At(1, 5, 50));
  EXPECT_THAT(tail_.Pick(Epoch(1)), IsOkAndHolds(At(1, 5, 50)));
  tail_.Add("task/1", "{}", offset_++);
  EXPECT_THAT(tail_.Pick(Epoch(1)),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("offset 2 of the checkpoint topic")));
}

TEST_F(CheckpointTailTest, ValueMustMatchItsKey) {
  tail_.Add("task/2", SerializeCheckpoint(At(1, 1, 1)), 0);
  EXPECT_THAT(tail_.Pick(Epoch(2)),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace binferry::worker
