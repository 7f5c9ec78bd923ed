#include "worker/encode/arena.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace binferry::worker {

absl::Span<char> Arena::Open(size_t bytes) {
  if (is_large_open_) {  // Dropped without Close.
    bytes_allocated_ -= large_slabs_.back().capacity;
    large_slabs_.pop_back();
    is_large_open_ = false;
  }
  return Grow(0, bytes);
}

absl::Span<char> Arena::Grow(size_t used, size_t bytes) {
  const size_t needed = used + bytes;
  if (is_large_open_) {
    Slab& slab = large_slabs_.back();
    if (needed > slab.capacity) {
      Resize(&slab, std::max(needed, 2 * slab.capacity));
    }
    return OpenRegion();
  }
  if (slabs_used_ > 0 && needed <= slab_bytes_ - offset_) return OpenRegion();

  const char* const old = used > 0 ? OpenRegion().data() : nullptr;
  if (needed > slab_bytes_) {
    Resize(&large_slabs_.emplace_back(), std::max(needed, 2 * used));
    is_large_open_ = true;
  } else {
    AdvanceSlab();
  }
  const absl::Span<char> region = OpenRegion();
  if (used > 0) std::memcpy(region.data(), old, used);
  return region;
}

absl::string_view Arena::Close(size_t used) {
  if (is_large_open_) {
    is_large_open_ = false;
    Slab& slab = large_slabs_.back();
    Resize(&slab, std::max<size_t>(used, 1));
    return {slab.bytes.get(), used};
  }
  const absl::string_view text(OpenRegion().data(), used);
  offset_ += used;
  return text;
}

void Arena::Clear() {
  for (const Slab& slab : large_slabs_) bytes_allocated_ -= slab.capacity;
  large_slabs_.clear();
  is_large_open_ = false;
  // What one busy moment needed isn't held for ever.
  for (size_t i = slabs_used_; i < slabs_.size(); ++i) {
    bytes_allocated_ -= slabs_[i].capacity;
  }
  slabs_.resize(std::min(slabs_.size(), slabs_used_));
  slabs_used_ = std::min<size_t>(slabs_.size(), 1);
  offset_ = 0;
}

void Arena::Resize(Slab* slab, size_t capacity) {
  // realloc moves the pages of a large block instead of copying them, and
  // pages that were never written take no memory: so a text of 100 MB grows
  // by doubling at the cost of its own size.
  char* const bytes =
      static_cast<char*>(std::realloc(slab->bytes.get(), capacity));
  if (bytes == nullptr) throw std::bad_alloc();  // As operator new would.
  static_cast<void>(slab->bytes.release());
  slab->bytes.reset(bytes);
  bytes_allocated_ += capacity;
  bytes_allocated_ -= slab->capacity;
  slab->capacity = capacity;
}

void Arena::AdvanceSlab() {
  if (slabs_used_ == slabs_.size()) {
    Resize(&slabs_.emplace_back(), slab_bytes_);
  }
  ++slabs_used_;
  offset_ = 0;
}

absl::Span<char> Arena::OpenRegion() const {
  if (is_large_open_) {
    const Slab& slab = large_slabs_.back();
    return {slab.bytes.get(), slab.capacity};
  }
  return {slabs_[slabs_used_ - 1].bytes.get() + offset_, slab_bytes_ - offset_};
}

}  // namespace binferry::worker
