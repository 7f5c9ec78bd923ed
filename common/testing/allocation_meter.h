// What code asks of the heap, for tests and benchmarks.
#ifndef BINFERRY_COMMON_TESTING_ALLOCATION_METER_H_
#define BINFERRY_COMMON_TESTING_ALLOCATION_METER_H_

#include <cstddef>
#include <cstdint>

namespace binferry {

// Counts what its thread allocates with operator new while it lives, by
// replacing that operator in the program that links this library. One meter at
// a time and thread; malloc() itself is not seen.
class AllocationMeter {
 public:
  AllocationMeter();
  AllocationMeter(const AllocationMeter&) = delete;
  AllocationMeter& operator=(const AllocationMeter&) = delete;

  // How many allocations.
  uint64_t count() const;
  // The most bytes in use at once, beyond what was in use before.
  size_t peak_bytes() const;
  // The bytes in use now, beyond what was in use before; negative if some of
  // that was freed.
  int64_t live_bytes() const;
};

}  // namespace binferry

#endif  // BINFERRY_COMMON_TESTING_ALLOCATION_METER_H_
