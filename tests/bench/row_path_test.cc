#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/testing/allocation_meter.h"
#include "common/testing/status_matchers.h"
#include "tests/bench/row_workload.h"

namespace binferry::worker {
namespace {

// Once the first event has been through, so that its memory is there.
uint64_t AllocationsPerEvent(const RowWorkload& workload) {
  RowPath path(&workload);
  EXPECT_THAT(path.DecodeAndEncode(), IsOk());
  const AllocationMeter meter;
  const absl::Status status = path.DecodeAndEncode();
  const uint64_t allocations = meter.count();
  EXPECT_THAT(status, IsOk());
  EXPECT_GT(path.record_bytes(), workload.event.size());
  return allocations;
}

TEST(RowPathTest, TheMeterSeesAllocations) {
  const AllocationMeter meter;
  const std::string text(1000, 'x');
  EXPECT_EQ(meter.count(), 1u);
  EXPECT_GT(meter.peak_bytes(), text.size());
}

TEST(RowPathTest, SysbenchRowsAllocateNothing) {
  EXPECT_EQ(AllocationsPerEvent(SysbenchRows()), 0u);
}

TEST(RowPathTest, RowsOfThirtyColumnsAllocateNothing) {
  EXPECT_EQ(MixedRows().map.steps.size(), 30u);
  EXPECT_EQ(AllocationsPerEvent(MixedRows()), 0u);
}

TEST(RowPathTest, JsonAllocatesNothing) {
  EXPECT_EQ(AllocationsPerEvent(JsonRows()), 0u);
}

}  // namespace
}  // namespace binferry::worker
