// Where the bytes of records live until they are committed.
#ifndef BINFERRY_WORKER_ENCODE_ARENA_H_
#define BINFERRY_WORKER_ENCODE_ARENA_H_

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace binferry::worker {

// Memory in slabs that never move, for texts whose length isn't known before
// they are written. Each text is contiguous; one that is larger than a slab
// gets a slab of its own, of its size.
//
// A text is written into an open region, of which there is one at a time:
// Open, any number of Grow, Close. Opening again without Close drops what was
// written since the last Open.
//
// Thread-compatible.
class Arena {
 public:
  static constexpr size_t kDefaultSlabBytes = size_t{256} << 10;

  explicit Arena(size_t slab_bytes = kDefaultSlabBytes)
      : slab_bytes_(slab_bytes) {}

  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Opens a region with room for at least `bytes`.
  absl::Span<char> Open(size_t bytes);

  // Makes room for at least `bytes` more behind the first `used` bytes of the
  // open region, which are kept and may have moved.
  absl::Span<char> Grow(size_t used, size_t bytes);

  // Closes the region, whose first `used` bytes are the text. They stay where
  // they are until Clear or destruction.
  absl::string_view Close(size_t used);

  // Drops all texts. Slabs are kept for the next ones, but for those of large
  // texts, and so are at most the bytes that were in use.
  void Clear();

  // All memory that is held, written or not.
  size_t bytes_allocated() const { return bytes_allocated_; }

 private:
  struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  struct Slab {
    std::unique_ptr<char, Free> bytes;
    size_t capacity = 0;
  };

  // Gives `slab` `capacity` bytes and keeps what it holds.
  void Resize(Slab* slab, size_t capacity);
  // Continues in the next slab of the usual size.
  void AdvanceSlab();
  absl::Span<char> OpenRegion() const;

  const size_t slab_bytes_;
  std::vector<Slab> slabs_;        // Of slab_bytes_ each.
  std::vector<Slab> large_slabs_;  // One text each.
  size_t slabs_used_ = 0;          // The last of these is the present one.
  size_t offset_ = 0;              // Where the present slab's free bytes start.
  bool is_large_open_ = false;     // The open region is the last large slab.
  size_t bytes_allocated_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_ARENA_H_
