#include "worker/pipeline/chunk_feed.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace binferry::worker {
namespace {

constexpr size_t kMaxChunkBytes = size_t{1} << 20;

void AppendBytes(ChunkFeed* feed, size_t bytes) {
  feed->Append([bytes](Chunk* chunk) {
    chunk->bytes.resize(chunk->bytes.size() + bytes);
    chunk->overhead_charge += 1;
  });
}

TEST(ChunkFeedTest, ClosesAFullChunk) {
  ChunkFeed feed(kMaxChunkBytes, absl::InfiniteDuration());
  AppendBytes(&feed, kMaxChunkBytes);
  AppendBytes(&feed, 10);
  const std::unique_ptr<Chunk> first = feed.Take();
  EXPECT_EQ(first->number, 0u);
  EXPECT_EQ(first->bytes.size(), kMaxChunkBytes);
  EXPECT_EQ(feed.Finish(), 2u);
  EXPECT_EQ(feed.Take()->number, 1u);
  EXPECT_EQ(feed.Take(), nullptr);
}

TEST(ChunkFeedTest, ClosesAChunkWhoseRecordsWouldBeMany) {
  ChunkFeed feed(kMaxChunkBytes, absl::InfiniteDuration());
  feed.Append([](Chunk* chunk) {
    chunk->overhead_charge = 1;
    chunk->expected_record_bytes = 4 * kMaxChunkBytes;
  });
  EXPECT_EQ(feed.Take()->number, 0u);
}

TEST(ChunkFeedTest, GivesAnIdleEncoderWhatThereIs) {
  ChunkFeed feed(kMaxChunkBytes, absl::ZeroDuration());
  AppendBytes(&feed, 1);
  EXPECT_EQ(feed.Take()->bytes.size(), 1u);
}

TEST(ChunkFeedTest, IsDrainedWhenNothingWasAppendedSince) {
  ChunkFeed feed(kMaxChunkBytes, absl::ZeroDuration());
  EXPECT_TRUE(feed.IsDrained(0, [] {}));
  AppendBytes(&feed, 1);
  EXPECT_FALSE(feed.IsDrained(0, [] {}));
  EXPECT_FALSE(feed.IsDrained(1, [] {}));
  ASSERT_NE(feed.Take(), nullptr);
  bool called = false;
  EXPECT_TRUE(feed.IsDrained(1, [&] { called = true; }));
  EXPECT_TRUE(called);
}

TEST(ChunkFeedTest, KeepsAHeldChunkFromIdleEncoders) {
  ChunkFeed feed(kMaxChunkBytes, absl::ZeroDuration());
  feed.Hold();
  AppendBytes(&feed, kMaxChunkBytes);
  AppendBytes(&feed, 10);
  std::unique_ptr<Chunk> taken;
  {
    std::jthread taker([&] { taken = feed.Take(); });
    feed.Amend([](Chunk* chunk) { chunk->bytes.resize(5); });
    feed.Release();
  }
  ASSERT_NE(taken, nullptr);
  EXPECT_EQ(taken->number, 0u);
  EXPECT_EQ(taken->bytes.size(), 5u);
}

TEST(ChunkFeedTest, HoldsNothingOfWhatWasThereBefore) {
  ChunkFeed feed(kMaxChunkBytes, absl::InfiniteDuration());
  AppendBytes(&feed, 10);
  feed.Hold();
  AppendBytes(&feed, 20);
  EXPECT_EQ(feed.Take()->bytes.size(), 10u);
}

TEST(ChunkFeedTest, ClosesAHeldChunkAtFourTimesTheSize) {
  ChunkFeed feed(kMaxChunkBytes, absl::InfiniteDuration());
  feed.Hold();
  AppendBytes(&feed, 2 * kMaxChunkBytes);
  AppendBytes(&feed, 2 * kMaxChunkBytes);
  AppendBytes(&feed, 7);
  EXPECT_EQ(feed.Take()->bytes.size(), 4 * kMaxChunkBytes);
  EXPECT_EQ(feed.open_charge(), 1u);
}

TEST(ChunkFeedTest, ClosesWhatHasBecomeTooLargeWhenItIsReleased) {
  ChunkFeed feed(kMaxChunkBytes, absl::InfiniteDuration());
  feed.Hold();
  AppendBytes(&feed, 2 * kMaxChunkBytes);
  feed.Release();
  EXPECT_EQ(feed.Take()->bytes.size(), 2 * kMaxChunkBytes);
}

TEST(ChunkFeedTest, AbortEndsAWait) {
  ChunkFeed feed(kMaxChunkBytes, absl::ZeroDuration());
  std::jthread taker([&] { EXPECT_EQ(feed.Take(), nullptr); });
  feed.Abort();
}

}  // namespace
}  // namespace binferry::worker
