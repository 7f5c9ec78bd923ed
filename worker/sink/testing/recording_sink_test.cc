#include "worker/sink/testing/recording_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"
#include "worker/sink/sink_status.h"

namespace binferry::worker {
namespace {

using testing::SizeIs;

class RecordingSinkTest : public testing::Test {
 protected:
  RecordingSinkTest() { destination_.AddTopic("t", 2); }

  OpenedSink Open() {
    absl::StatusOr<OpenedSink> opened = destination_.Opener()();
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }
  static absl::Status WriteOne(RecordSink* sink, int32_t partition = 0) {
    const absl::StatusOr<RecordSink::Topic> topic = sink->OpenTopic("t");
    EXPECT_THAT(topic, IsOk());
    const Record record{topic->handle, partition, true, "k", "v", 1};
    return sink->Write({record});
  }
  static Checkpoint Numbered(int64_t number) {
    Checkpoint checkpoint;
    checkpoint.number = number;
    return checkpoint;
  }

  RecordingDestination destination_;
};

TEST_F(RecordingSinkTest, RecordsAppearWithTheirCheckpoint) {
  OpenedSink opened = Open();
  EXPECT_EQ(opened.checkpoint, std::nullopt);
  ASSERT_THAT(WriteOne(opened.sink.get()), IsOk());
  EXPECT_THAT(destination_.committed(), SizeIs(0));
  EXPECT_EQ(destination_.uncommitted_count(), 1u);
  ASSERT_THAT(opened.sink->Commit(Numbered(1)), IsOk());
  EXPECT_THAT(destination_.committed(), SizeIs(1));
  EXPECT_EQ(Open().checkpoint, Numbered(1));
}

TEST_F(RecordingSinkTest, OlderSinksAreFenced) {
  OpenedSink old = Open();
  ASSERT_THAT(WriteOne(old.sink.get()), IsOk());
  OpenedSink current = Open();
  EXPECT_TRUE(IsFenced(old.sink->Commit(Numbered(1))));
  EXPECT_THAT(destination_.committed(), SizeIs(0));
  EXPECT_THAT(current.sink->Commit(Numbered(1)), IsOk());
}

TEST_F(RecordingSinkTest, OrderedFaultsHappenOnce) {
  destination_.FailCommit(2, absl::UnavailableError("away"));
  OpenedSink opened = Open();
  EXPECT_THAT(opened.sink->Commit(Numbered(1)), IsOk());
  EXPECT_THAT(opened.sink->Commit(Numbered(2)),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(opened.sink->Commit(Numbered(2)),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(Open().sink->Commit(Numbered(2)), IsOk());
}

TEST_F(RecordingSinkTest, ALostAnswerLeavesTheCommit) {
  destination_.LoseCommitAnswer(1);
  EXPECT_THAT(Open().sink->Commit(Numbered(1)),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(destination_.last_checkpoint(), Numbered(1));
}

TEST_F(RecordingSinkTest, ADisturbedCommitAsksToBeReopened) {
  destination_.DisturbCommit(1);
  OpenedSink opened = Open();
  EXPECT_THAT(opened.sink->Commit(Numbered(1)), IsOk());
  EXPECT_TRUE(opened.sink->NeedsReopen());
  EXPECT_THAT(WriteOne(opened.sink.get()),
              StatusIs(absl::StatusCode::kAborted));
}

TEST_F(RecordingSinkTest, MissingTopicsAndPartitionsAreErrors) {
  OpenedSink opened = Open();
  EXPECT_THAT(opened.sink->OpenTopic("u"),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(WriteOne(opened.sink.get(), 2),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace binferry::worker
