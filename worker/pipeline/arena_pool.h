// Arenas that wait for their next chunk.
#ifndef BINFERRY_WORKER_PIPELINE_ARENA_POOL_H_
#define BINFERRY_WORKER_PIPELINE_ARENA_POOL_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "worker/encode/arena.h"

namespace binferry::worker {

// Keeps at most `max_bytes` of arenas, so that a busy task's memory goes round
// instead of back to the system. Thread-safe.
class ArenaPool {
 public:
  ArenaPool(size_t slab_bytes, size_t max_bytes)
      : slab_bytes_(slab_bytes), max_bytes_(max_bytes) {}

  // An arena without texts.
  std::unique_ptr<Arena> Take() ABSL_LOCKS_EXCLUDED(mu_) {
    {
      absl::MutexLock lock(&mu_);
      if (!arenas_.empty()) {
        std::unique_ptr<Arena> arena = std::move(arenas_.back());
        arenas_.pop_back();
        bytes_ -= arena->bytes_allocated();
        return arena;
      }
    }
    return std::make_unique<Arena>(slab_bytes_);
  }

  // Takes `arena` back, or destroys it.
  void Return(std::unique_ptr<Arena> arena) ABSL_LOCKS_EXCLUDED(mu_) {
    arena->Clear();
    absl::MutexLock lock(&mu_);
    if (bytes_ + arena->bytes_allocated() > max_bytes_) return;
    bytes_ += arena->bytes_allocated();
    arenas_.push_back(std::move(arena));
  }

 private:
  const size_t slab_bytes_;
  const size_t max_bytes_;
  absl::Mutex mu_;
  std::vector<std::unique_ptr<Arena>> arenas_ ABSL_GUARDED_BY(mu_);
  size_t bytes_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_ARENA_POOL_H_
