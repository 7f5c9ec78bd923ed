// A bound on the memory that code under a fuzzer may hold.
#ifndef BINFERRY_TESTS_FUZZ_ALLOCATION_BOUND_H_
#define BINFERRY_TESTS_FUZZ_ALLOCATION_BOUND_H_

#include <cstddef>

namespace binferry::worker {

// While it lives, memory of more than `max_bytes` in use at once, beyond what
// was in use before, ends the run as a crash. Counts by AddressSanitizer's
// hooks, all threads; one at a time.
class AllocationBound {
 public:
  explicit AllocationBound(size_t max_bytes);
  AllocationBound(const AllocationBound&) = delete;
  AllocationBound& operator=(const AllocationBound&) = delete;
  ~AllocationBound();
};

}  // namespace binferry::worker

#endif  // BINFERRY_TESTS_FUZZ_ALLOCATION_BOUND_H_
