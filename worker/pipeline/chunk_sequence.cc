#include "worker/pipeline/chunk_sequence.h"

#include <utility>

namespace binferry::worker {

std::optional<ChunkSequence::Claim> ChunkSequence::ClaimIds(const Chunk& chunk,
                                                            uint64_t count) {
  absl::MutexLock lock(&mu_);
  const auto is_turn = [this, &chunk]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return is_aborted_ || next_to_claim_ == chunk.number;
  };
  mu_.Await(absl::Condition(&is_turn));
  if (is_aborted_) return std::nullopt;
  ++next_to_claim_;
  const Claim claim{.first_id = std::exchange(next_id_, next_id_ + count),
                    .open_transaction_rows = open_transaction_rows_};
  open_transaction_rows_ = chunk.RowsDoneBehind(open_transaction_rows_);
  return claim;
}

void ChunkSequence::Put(std::unique_ptr<Chunk> chunk) {
  absl::MutexLock lock(&mu_);
  const uint64_t number = chunk->number;
  chunks_.emplace(number, std::move(chunk));
}

void ChunkSequence::EndAfter(uint64_t chunk_count, absl::Status status) {
  absl::MutexLock lock(&mu_);
  chunk_count_ = chunk_count;
  end_status_ = std::move(status);
}

ChunkSequence::Item ChunkSequence::Next(absl::Duration timeout) {
  absl::MutexLock lock(&mu_);
  const auto has_next = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
    return is_aborted_ || is_woken_ || chunk_count_ == next_to_give_ ||
           (!chunks_.empty() && chunks_.begin()->first == next_to_give_);
  };
  mu_.AwaitWithTimeout(absl::Condition(&has_next), timeout);
  is_woken_ = false;
  if (is_aborted_) return End{absl::CancelledError("interrupted")};
  if (!chunks_.empty() && chunks_.begin()->first == next_to_give_) {
    std::unique_ptr<Chunk> chunk = std::move(chunks_.begin()->second);
    chunks_.erase(chunks_.begin());
    ++next_to_give_;
    return chunk;
  }
  if (chunk_count_ == next_to_give_) return End{end_status_};
  return NothingYet{};
}

void ChunkSequence::Wake() {
  absl::MutexLock lock(&mu_);
  is_woken_ = true;
}

void ChunkSequence::Abort() {
  absl::MutexLock lock(&mu_);
  is_aborted_ = true;
}

}  // namespace binferry::worker
