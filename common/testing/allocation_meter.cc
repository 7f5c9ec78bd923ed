#include "common/testing/allocation_meter.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace binferry {
namespace {

struct Counts {
  uint64_t count = 0;
  int64_t live_bytes = 0;
  int64_t peak_bytes = 0;
};

thread_local Counts counts;

void* Allocate(size_t bytes, size_t alignment) {
  void* pointer = nullptr;
  if (posix_memalign(&pointer, std::max(alignment, sizeof(void*)), bytes) !=
      0) {
    std::abort();
  }
  ++counts.count;
  counts.live_bytes += static_cast<int64_t>(malloc_usable_size(pointer));
  counts.peak_bytes = std::max(counts.peak_bytes, counts.live_bytes);
  return pointer;
}

void Free(void* pointer) {
  if (pointer == nullptr) return;
  counts.live_bytes -= static_cast<int64_t>(malloc_usable_size(pointer));
  std::free(pointer);
}

}  // namespace

AllocationMeter::AllocationMeter() { counts = Counts(); }

uint64_t AllocationMeter::count() const { return counts.count; }

size_t AllocationMeter::peak_bytes() const {
  return static_cast<size_t>(counts.peak_bytes);
}

int64_t AllocationMeter::live_bytes() const { return counts.live_bytes; }

}  // namespace binferry

void* operator new(size_t bytes) { return binferry::Allocate(bytes, 1); }
void* operator new[](size_t bytes) { return binferry::Allocate(bytes, 1); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return binferry::Allocate(bytes, static_cast<size_t>(alignment));
}
void* operator new[](size_t bytes, std::align_val_t alignment) {
  return binferry::Allocate(bytes, static_cast<size_t>(alignment));
}
void operator delete(void* pointer) noexcept { binferry::Free(pointer); }
void operator delete[](void* pointer) noexcept { binferry::Free(pointer); }
void operator delete(void* pointer, size_t) noexcept {
  binferry::Free(pointer);
}
void operator delete[](void* pointer, size_t) noexcept {
  binferry::Free(pointer);
}
void operator delete(void* pointer, std::align_val_t) noexcept {
  binferry::Free(pointer);
}
void operator delete[](void* pointer, std::align_val_t) noexcept {
  binferry::Free(pointer);
}
void operator delete(void* pointer, size_t, std::align_val_t) noexcept {
  binferry::Free(pointer);
}
void operator delete[](void* pointer, size_t, std::align_val_t) noexcept {
  binferry::Free(pointer);
}
