#include "worker/pipeline/chunk_feed.h"

#include <algorithm>
#include <utility>

namespace binferry::worker {

ChunkFeed::ChunkFeed(size_t max_chunk_bytes, absl::Duration linger)
    : max_chunk_bytes_(max_chunk_bytes),
      linger_(linger),
      open_(std::make_unique<Chunk>()) {}

bool ChunkFeed::IsFull(const Chunk& chunk) const {
  // Room is left for one more event of the usual size, so that the bytes of a
  // full chunk stay where they are.
  constexpr size_t kUsualEventBytes = size_t{16} << 10;
  const size_t max_bytes = max_chunk_bytes_ * (is_held_ ? kHeldSize : 1);
  return chunk.bytes.size() + chunk.overhead_charge +
                 std::min(kUsualEventBytes, max_chunk_bytes_ / 2) >=
             max_bytes ||
         chunk.expected_record_bytes >= 4 * max_bytes;
}

void ChunkFeed::CloseLocked() {
  if (!open_->has_content()) return;
  const bool was_full = open_->bytes.size() >= max_chunk_bytes_ / 2;
  auto next = std::make_unique<Chunk>();
  next->number = open_->number + 1;
  // A busy stream fills this one too; then its bytes move only once.
  if (was_full) next->bytes.reserve(max_chunk_bytes_);
  closed_.push_back(std::exchange(open_, std::move(next)));
}

void ChunkFeed::Append(absl::FunctionRef<void(Chunk*)> edit) {
  absl::MutexLock lock(&mu_);
  const bool was_empty = !open_->has_content();
  edit(open_.get());
  const bool is_full = IsFull(*open_);
  if (is_full) CloseLocked();
  if (is_full || was_empty) arrival_.Signal();
}

void ChunkFeed::Hold() {
  absl::MutexLock lock(&mu_);
  CloseLocked();
  arrival_.Signal();
  is_held_ = true;
}

void ChunkFeed::Release() {
  absl::MutexLock lock(&mu_);
  is_held_ = false;
  if (IsFull(*open_)) CloseLocked();
  arrival_.Signal();
}

size_t ChunkFeed::open_charge() const {
  absl::MutexLock lock(&mu_);
  return open_->raw_charge + open_->overhead_charge;
}

void ChunkFeed::CloseOpenChunk() {
  absl::MutexLock lock(&mu_);
  CloseLocked();
  arrival_.Signal();
}

void ChunkFeed::Amend(absl::FunctionRef<void(Chunk*)> edit) {
  absl::MutexLock lock(&mu_);
  edit(open_.get());
}

uint64_t ChunkFeed::Finish() {
  absl::MutexLock lock(&mu_);
  CloseLocked();
  is_finished_ = true;
  arrival_.SignalAll();
  return open_->number;
}

std::unique_ptr<Chunk> ChunkFeed::Take() {
  absl::MutexLock lock(&mu_);
  while (!is_aborted_) {
    if (!closed_.empty()) {
      auto chunk = std::move(closed_.front());
      closed_.pop_front();
      return chunk;
    }
    if (open_->has_content() && !is_held_) {
      const uint64_t number = open_->number;
      const bool has_lingered = linger_ <= absl::ZeroDuration() ||
                                arrival_.WaitWithTimeout(&mu_, linger_);
      if (has_lingered && open_->number == number && open_->has_content() &&
          !is_held_) {
        CloseLocked();
      }
      continue;
    }
    if (is_finished_) return nullptr;
    arrival_.Wait(&mu_);
  }
  return nullptr;
}

bool ChunkFeed::IsDrained(uint64_t next_chunk,
                          absl::FunctionRef<void()> if_drained) const {
  absl::MutexLock lock(&mu_);
  const bool is_drained = open_->number == next_chunk && !open_->has_content();
  if (is_drained) if_drained();
  return is_drained;
}

void ChunkFeed::Abort() {
  absl::MutexLock lock(&mu_);
  is_aborted_ = true;
  arrival_.SignalAll();
}

}  // namespace binferry::worker
