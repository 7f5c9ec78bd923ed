#include "worker/pipeline/chunk_sequence.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

std::unique_ptr<Chunk> ChunkOf(uint64_t number) {
  auto chunk = std::make_unique<Chunk>();
  chunk->number = number;
  return chunk;
}

// The number of the next chunk.
std::optional<uint64_t> NextNumber(ChunkSequence* sequence,
                                   absl::Duration timeout) {
  ChunkSequence::Item item = sequence->Next(timeout);
  const auto* chunk = std::get_if<std::unique_ptr<Chunk>>(&item);
  if (chunk == nullptr) return std::nullopt;
  return (*chunk)->number;
}

TEST(ChunkSequenceTest, GivesChunksInOrderWhoeverIsSlow) {
  ChunkSequence sequence(0, 0);
  sequence.Put(ChunkOf(2));
  sequence.Put(ChunkOf(1));
  EXPECT_EQ(NextNumber(&sequence, absl::ZeroDuration()), std::nullopt);
  std::jthread slow([&] { sequence.Put(ChunkOf(0)); });
  for (uint64_t number = 0; number < 3; ++number) {
    EXPECT_EQ(NextNumber(&sequence, absl::InfiniteDuration()), number);
  }
}

TEST(ChunkSequenceTest, GivesIdsInTheOrderOfChunks) {
  ChunkSequence sequence(41, 0);
  std::vector<uint64_t> first_ids(3);
  {
    std::vector<std::jthread> threads;
    for (uint64_t number = 3; number-- > 0;) {
      threads.emplace_back([&sequence, &first_ids, number] {
        first_ids[number] =
            sequence.ClaimIds(*ChunkOf(number), 10 * (number + 1))->first_id;
      });
    }
  }
  EXPECT_EQ(first_ids[0], 42u);
  EXPECT_EQ(first_ids[1], 52u);
  EXPECT_EQ(first_ids[2], 72u);
}

TEST(ChunkSequenceTest, TellsHowManyRowsOfTheOpenTransactionCameBefore) {
  ChunkSequence sequence(0, 5);
  const auto claim = [&sequence](Chunk chunk) {
    return sequence.ClaimIds(chunk, 0)->open_transaction_rows;
  };
  Chunk goes_on;
  goes_on.is_transaction_open = true;
  goes_on.open_transaction_rows = 3;
  EXPECT_EQ(claim(std::move(goes_on)), 5u);
  Chunk begins_another;
  begins_another.number = 1;
  begins_another.is_transaction_open = true;
  begins_another.has_open_transaction_start = true;
  begins_another.open_transaction_rows = 2;
  EXPECT_EQ(claim(std::move(begins_another)), 8u);
  Chunk ends;
  ends.number = 2;
  EXPECT_EQ(claim(std::move(ends)), 2u);
  Chunk behind;
  behind.number = 3;
  EXPECT_EQ(claim(std::move(behind)), 0u);
}

TEST(ChunkSequenceTest, EndsBehindTheLastChunk) {
  ChunkSequence sequence(0, 0);
  sequence.EndAfter(1, absl::UnavailableError("broke"));
  EXPECT_EQ(NextNumber(&sequence, absl::ZeroDuration()), std::nullopt);
  sequence.Put(ChunkOf(0));
  EXPECT_EQ(NextNumber(&sequence, absl::ZeroDuration()), 0u);
  const ChunkSequence::Item item = sequence.Next(absl::ZeroDuration());
  ASSERT_TRUE(std::holds_alternative<ChunkSequence::End>(item));
  EXPECT_THAT(std::get<ChunkSequence::End>(item).status,
              StatusIs(absl::StatusCode::kUnavailable));
}

TEST(ChunkSequenceTest, AWakeIsNotLost) {
  ChunkSequence sequence(0, 0);
  sequence.Wake();
  EXPECT_TRUE(std::holds_alternative<ChunkSequence::NothingYet>(
      sequence.Next(absl::InfiniteDuration())));
}

TEST(ChunkSequenceTest, AbortEndsEveryWait) {
  ChunkSequence sequence(0, 0);
  std::jthread encoder(
      [&] { EXPECT_EQ(sequence.ClaimIds(*ChunkOf(7), 1), std::nullopt); });
  sequence.Abort();
  const ChunkSequence::Item item = sequence.Next(absl::InfiniteDuration());
  ASSERT_TRUE(std::holds_alternative<ChunkSequence::End>(item));
  EXPECT_THAT(std::get<ChunkSequence::End>(item).status,
              StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace binferry::worker
