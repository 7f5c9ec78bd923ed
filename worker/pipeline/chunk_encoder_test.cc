#include "worker/pipeline/chunk_encoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <variant>

#include "absl/time/time.h"
#include "common/clock.h"

namespace binferry::worker {
namespace {

TEST(ChunkEncoderTest, FreesTheEventsWhoseShareOfTheBudgetItReturns) {
  SystemClock clock;
  ByteBudget budget(size_t{64} << 20, [] {});
  ArenaPool arenas(Arena::kDefaultSlabBytes, /*max_bytes=*/0);
  ChunkFeed feed(size_t{4} << 20, absl::ZeroDuration());
  const AlertPolicy alerts(UnreadableChange::kStop, nullptr);
  ChunkSequence sequence(/*last_id=*/0, /*rows_done=*/0);
  const PipelineOptions options;
  ChunkEncoder encoder({.options = &options,
                        .clock = &clock,
                        .budget = &budget,
                        .arenas = &arenas,
                        .feed = &feed,
                        .alerts = &alerts,
                        .sequence = &sequence});
  constexpr size_t kEventBytes = size_t{1} << 20;
  ASSERT_TRUE(budget.TakeRaw(kEventBytes));
  feed.Append([](Chunk* chunk) {
    chunk->bytes.resize(kEventBytes);
    chunk->rows.reserve(1000);
    chunk->raw_charge = kEventBytes;
    chunk->overhead_charge = Chunk::kOverheadBytes;
  });
  feed.Finish();
  encoder.Run();
  EXPECT_EQ(budget.used(), 0u);
  const ChunkSequence::Item item = sequence.Next(absl::ZeroDuration());
  const auto* chunk = std::get_if<std::unique_ptr<Chunk>>(&item);
  ASSERT_NE(chunk, nullptr);
  EXPECT_EQ((*chunk)->bytes.capacity(), 0u);
  EXPECT_EQ((*chunk)->rows.capacity(), 0u);
}

}  // namespace
}  // namespace binferry::worker
