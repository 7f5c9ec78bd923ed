// The memory of one task.
#ifndef BINFERRY_WORKER_PIPELINE_BYTE_BUDGET_H_
#define BINFERRY_WORKER_PIPELINE_BYTE_BUDGET_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace binferry::worker {

// Counts the bytes between the source's buffer and the commit, and makes those
// who want more wait.
//
// There are two kinds. Raw bytes wait for an encoder; they get at most an
// eighth, so that they never starve the encoders that they wait for. Encoded
// bytes are held until their commit.
//
// Two rules keep it from standing still. A raw event that is too large for its
// share is let in alone, when nothing else is held. And the oldest chunk that
// isn't committed never waits, since only its commit can free memory. So what
// is held stays within the limit and one chunk, or one large row.
//
// Thread-safe.
class ByteBudget {
 public:
  // `on_shortage` is called, without a lock, when somebody begins to wait for
  // what only a commit can free.
  ByteBudget(size_t limit_bytes, std::function<void()> on_shortage)
      : limit_(limit_bytes),
        raw_limit_(limit_bytes / 8),
        on_shortage_(std::move(on_shortage)) {}

  // False if it had to wait.
  bool TryTakeRaw(size_t bytes) ABSL_LOCKS_EXCLUDED(mu_);
  // Waits. False after Abort.
  bool TakeRaw(size_t bytes) ABSL_LOCKS_EXCLUDED(mu_);
  void ReturnRaw(size_t bytes) ABSL_LOCKS_EXCLUDED(mu_);

  // Waits, unless `chunk` is the oldest that isn't committed. False after
  // Abort.
  bool TakeEncoded(uint64_t chunk, size_t bytes) ABSL_LOCKS_EXCLUDED(mu_);
  // All chunks before `next_chunk` are committed or have nothing to commit;
  // `bytes` of theirs are free.
  void ReturnEncoded(uint64_t next_chunk, size_t bytes)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Somebody waits for a commit.
  bool is_short() const ABSL_LOCKS_EXCLUDED(mu_);
  // Makes all waits, present and future, return false.
  void Abort() ABSL_LOCKS_EXCLUDED(mu_);

  size_t limit() const { return limit_; }
  size_t raw_limit() const { return raw_limit_; }
  size_t used() const ABSL_LOCKS_EXCLUDED(mu_);
  size_t peak() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  bool RawFits(size_t bytes) const ABSL_SHARED_LOCKS_REQUIRED(mu_);
  bool EncodedFits(uint64_t chunk, size_t bytes) const
      ABSL_SHARED_LOCKS_REQUIRED(mu_);
  void Count(size_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Waits for `fits` as one who is short; false after Abort.
  bool AwaitCommit(const absl::Condition& fits)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const size_t limit_;
  const size_t raw_limit_;
  const std::function<void()> on_shortage_;

  mutable absl::Mutex mu_;
  size_t raw_ ABSL_GUARDED_BY(mu_) = 0;
  size_t used_ ABSL_GUARDED_BY(mu_) = 0;  // Raw and encoded.
  size_t peak_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t oldest_chunk_ ABSL_GUARDED_BY(mu_) = 0;
  int waiting_ ABSL_GUARDED_BY(mu_) = 0;
  bool is_aborted_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_BYTE_BUDGET_H_
