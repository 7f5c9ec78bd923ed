// What a reset changes, and what is told of checkpoints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "worker/pipeline/testing/pipeline_fixture.h"

namespace binferry::worker {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class PipelineResetTest : public PipelineFixture {
 protected:
  void InsertOne(int id, const std::string& text) {
    server_.Transaction({InsertOf(orders_, {{Signed(id), Text(text)}})});
  }

  // A pipeline of its own, told to leave at the checkpoint that `is_last` says.
  absl::Status RunUntil(const std::function<bool(const Checkpoint&)>& is_last) {
    options_.history = destination_.last_checkpoint().has_value()
                           ? TaskHistory::kStarted
                           : TaskHistory::kNew;
    Pipeline* running = nullptr;
    auto pipeline = Pipeline::Create(
        options_,
        {.open_sink = destination_.Opener(),
         .resolve_start = server_.StartOfFile(),
         .open_source = server_.Opener(),  // Which then has nothing more.
         .on_streaming = nullptr,
         .on_checkpoint =
             [&](const Checkpoint& checkpoint) {
               seen_.push_back(checkpoint.number);
               if (is_last(checkpoint)) {
                 running->Leave(LeavePlace::kTransactionBoundary);
               }
             }},
        &clock_);
    if (!pipeline.ok()) return pipeline.status();
    running = pipeline->get();
    return running->Run(std::stop_token());
  }

  std::vector<int64_t> seen_;
};

TEST_F(PipelineResetTest, StartsAnewOnceWithIdsAndTotalsThatGoOn) {
  InsertOne(1, "a");
  InsertOne(2, "b");
  ASSERT_EQ(Run(), kEnd);
  const Checkpoint before = *destination_.last_checkpoint();
  ASSERT_EQ(before.last_id, 2u);

  options_.resets = 1;
  ASSERT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a", "b", "a", "b"));
  const Checkpoint after = *destination_.last_checkpoint();
  EXPECT_EQ(after.resets, 1);
  EXPECT_EQ(after.last_id, 4u);
  EXPECT_EQ(after.inserts, 4u);
  EXPECT_GT(after.number, before.number);
  EXPECT_EQ(after.partition_counts, before.partition_counts);

  InsertOne(3, "c");
  ASSERT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a", "b", "a", "b", "c"));
}

TEST_F(PipelineResetTest, CommitsTheNewStartBeforeItReads) {
  InsertOne(1, "a");
  ASSERT_EQ(Run(), kEnd);
  options_.resets = 1;
  options_.history = TaskHistory::kStarted;
  auto pipeline =
      Pipeline::Create(options_,
                       {.open_sink = destination_.Opener(),
                        .resolve_start = server_.StartOfFile(),
                        .open_source = [](const Checkpoint&)
                            -> absl::StatusOr<std::unique_ptr<BinlogSource>> {
                          return absl::UnavailableError("crash");
                        },
                        .on_streaming = nullptr},
                       &clock_);
  EXPECT_TRUE(absl::IsUnavailable((*pipeline)->Run(std::stop_token())));
  const Checkpoint start = *destination_.last_checkpoint();
  EXPECT_EQ(start.resets, 1);
  EXPECT_EQ(start.last_id, 1u);
  EXPECT_EQ(start.gtid_set, "");
  EXPECT_EQ(start.rows_done, 0u);
}

// Whether the commit of the new start takes effect or not, rows behind it are
// delivered once each.
TEST_F(PipelineResetTest, IsDoneOnceWhereverARunEnds) {
  for (int i = 0; i < 5; ++i) InsertOne(i, absl::StrCat("r", i));
  options_.chunk_linger = absl::ZeroDuration();
  options_.commit_interval = absl::ZeroDuration();
  for (int nth = 1; nth <= 8; ++nth) {
    for (const bool takes_effect : {false, true}) {
      RecordingDestination destination;
      destination.SetAutoCreate(3);
      options_.resets = 0;
      ASSERT_EQ(Run(&destination, &server_), kEnd);
      const std::vector<std::string> first = Inserted(destination);
      options_.resets = 1;
      if (takes_effect) {
        destination.LoseCommitAnswer(nth);
      } else {
        destination.FailCommit(nth, absl::AbortedError("unknown"));
      }
      absl::Status status;
      for (int run = 0; run < 3 && status != kEnd; ++run) {
        status = Run(&destination, &server_);
      }
      ASSERT_EQ(status, kEnd) << nth;
      std::vector<std::string> expected = first;
      expected.insert(expected.end(), first.begin(), first.end());
      ASSERT_EQ(Inserted(destination), expected) << nth << takes_effect;
      ASSERT_EQ(destination.last_checkpoint()->last_id, 10u);
    }
  }
}

TEST_F(PipelineResetTest, GoesOnAtACheckpointThatKnowsMoreResets) {
  InsertOne(1, "a");
  options_.resets = 2;
  ASSERT_EQ(Run(), kEnd);
  options_.resets = 1;  // The controllers' database was restored.
  InsertOne(2, "b");
  ASSERT_EQ(Run(), kEnd);
  EXPECT_THAT(Inserted(destination_), ElementsAre("a", "b"));
}

TEST_F(PipelineResetTest, DoesNotReplaceACheckpointThatIsLost) {
  options_.resets = 1;
  EXPECT_THAT(RunOn({}), StatusIs(absl::StatusCode::kFailedPrecondition,
                                  HasSubstr("the state topic is empty")));
}

TEST_F(PipelineResetTest, LeavesAtTheCheckpointThatItIsToldToLeaveAt) {
  InsertOne(1, "a");
  InsertOne(2, "b");
  EXPECT_THAT(RunUntil([this](const Checkpoint& checkpoint) {
                return checkpoint.gtid_set == server_.executed().ToString();
              }),
              IsOk());
  EXPECT_THAT(Inserted(destination_), ElementsAre("a", "b"));
  EXPECT_EQ(seen_.front(), 0);
  EXPECT_EQ(seen_.back(), destination_.last_checkpoint()->number);
}

TEST_F(PipelineResetTest, LeavesWhereItBeginsIfThatIsTheLastCheckpoint) {
  InsertOne(1, "a");
  ASSERT_EQ(Run(), kEnd);
  const int opened = server_.open_count();
  EXPECT_THAT(RunUntil([](const Checkpoint&) { return true; }), IsOk());
  EXPECT_EQ(server_.open_count(), opened);
}

}  // namespace
}  // namespace binferry::worker
