#include "tests/fuzz/allocation_bound.h"

#include <sanitizer/allocator_interface.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <limits>

namespace binferry::worker {
namespace {

constexpr int64_t kNoBound = std::numeric_limits<int64_t>::max();

std::atomic<int64_t> live_bytes{0};
std::atomic<int64_t> bound{kNoBound};

void OnMalloc(const volatile void*, size_t bytes) {
  const int64_t live = live_bytes += static_cast<int64_t>(bytes);
  if (live <= bound) return;
  const int64_t limit = bound.exchange(kNoBound);
  std::fprintf(stderr, "%lld bytes in use, %lld are the bound\n",
               static_cast<long long>(live), static_cast<long long>(limit));
  __builtin_trap();
}

void OnFree(const volatile void* pointer) {
  void* const plain = const_cast<void*>(pointer);
  if (plain == nullptr) return;
  live_bytes -= static_cast<int64_t>(__sanitizer_get_allocated_size(plain));
}

}  // namespace

AllocationBound::AllocationBound(size_t max_bytes) {
  static const bool is_installed =
      __sanitizer_install_malloc_and_free_hooks(OnMalloc, OnFree) != 0;
  if (!is_installed) __builtin_trap();
  bound = live_bytes + static_cast<int64_t>(max_bytes);
}

AllocationBound::~AllocationBound() { bound = kNoBound; }

}  // namespace binferry::worker
