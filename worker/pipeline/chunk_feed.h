// Chunks on their way from the reader to the encoders.
#ifndef BINFERRY_WORKER_PIPELINE_CHUNK_FEED_H_
#define BINFERRY_WORKER_PIPELINE_CHUNK_FEED_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "worker/pipeline/chunk.h"

namespace binferry::worker {

// The reader appends to the last chunk, the open one. It is closed when it is
// full; an encoder that has nothing to do takes it as it is once it has
// lingered: so chunks are big where encoders are busy, and nothing waits where
// they are not. Bounded by the byte budget, which the reader asks beforehand.
//
// Thread-safe; one reader.
class ChunkFeed {
 public:
  // A chunk is full with so many bytes of events, or when its records may have
  // four times as many.
  ChunkFeed(size_t max_chunk_bytes, absl::Duration linger);

  // Lets `edit` add an event or a transaction's end to the open chunk. `edit`
  // runs under a lock.
  void Append(absl::FunctionRef<void(Chunk*)> edit) ABSL_LOCKS_EXCLUDED(mu_);
  // Closes the open chunk, and keeps the next one from encoders that have
  // nothing to do, until Release, so that what is appended can be taken back.
  // It is closed all the same where it becomes kHeldSize times as large as
  // others, or by CloseOpenChunk.
  void Hold() ABSL_LOCKS_EXCLUDED(mu_);
  void Release() ABSL_LOCKS_EXCLUDED(mu_);
  static constexpr size_t kHeldSize = 4;

  // The budget that the open chunk has taken.
  size_t open_charge() const ABSL_LOCKS_EXCLUDED(mu_);

  // Lets encoders have what is there, at once.
  void CloseOpenChunk() ABSL_LOCKS_EXCLUDED(mu_);
  // Lets `edit` change the open chunk without handing it on, so that the reader
  // can take back what it appended.
  void Amend(absl::FunctionRef<void(Chunk*)> edit) ABSL_LOCKS_EXCLUDED(mu_);
  // Nothing more comes. Returns the number of chunks.
  uint64_t Finish() ABSL_LOCKS_EXCLUDED(mu_);

  // Waits for the next chunk in order; nullptr after the last one, or after
  // Abort.
  std::unique_ptr<Chunk> Take() ABSL_LOCKS_EXCLUDED(mu_);

  // Whether all that was appended is in the chunks before `next_chunk`. Calls
  // `if_drained` under the lock if so.
  bool IsDrained(uint64_t next_chunk,
                 absl::FunctionRef<void()> if_drained) const
      ABSL_LOCKS_EXCLUDED(mu_);

  void Abort() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void CloseLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  bool IsFull(const Chunk& chunk) const ABSL_SHARED_LOCKS_REQUIRED(mu_);

  const size_t max_chunk_bytes_;
  const absl::Duration linger_;
  mutable absl::Mutex mu_;
  absl::CondVar arrival_;
  std::deque<std::unique_ptr<Chunk>> closed_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Chunk> open_ ABSL_GUARDED_BY(mu_);
  bool is_held_ ABSL_GUARDED_BY(mu_) = false;
  bool is_finished_ ABSL_GUARDED_BY(mu_) = false;
  bool is_aborted_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_CHUNK_FEED_H_
