// What a row costs between the raw event and its record, on one thread: with
// the event's checksum, and from there to values, or on to JSON in memory.
//
// `time_per_row` and `bytes_per_second` (of binlog events) are of CPU time.
// `allocations_per_row` should be 0.
#include <benchmark/benchmark.h>

#include <cstdint>

#include "absl/status/status.h"
#include "common/testing/allocation_meter.h"
#include "tests/bench/row_workload.h"

namespace binferry::worker {
namespace {

void Report(benchmark::State& state, const RowWorkload& workload,
            uint64_t allocations) {
  const double events = static_cast<double>(state.iterations());
  const double rows = events * static_cast<double>(workload.rows);
  state.counters["time_per_row"] = benchmark::Counter(
      rows, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["allocations_per_row"] =
      static_cast<double>(allocations) / rows;
  state.counters["event_bytes_per_row"] =
      static_cast<double>(workload.event.size()) /
      static_cast<double>(workload.rows);
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(workload.event.size()));
}

void BM_Decode(benchmark::State& state, RowWorkload (*make)()) {
  const RowWorkload workload = make();
  RowPath path(&workload);
  absl::Status status = path.Decode();  // Memory that is kept.
  const AllocationMeter meter;
  for (auto _ : state) status.Update(path.Decode());
  const uint64_t allocations = meter.count();
  if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
  Report(state, workload, allocations);
}

void BM_DecodeAndEncode(benchmark::State& state, RowWorkload (*make)()) {
  const RowWorkload workload = make();
  RowPath path(&workload);
  absl::Status status = path.DecodeAndEncode();
  const AllocationMeter meter;
  for (auto _ : state) status.Update(path.DecodeAndEncode());
  const uint64_t allocations = meter.count();
  if (!status.ok()) return state.SkipWithError(status.ToString().c_str());
  Report(state, workload, allocations);
  state.counters["record_bytes_per_row"] =
      static_cast<double>(path.record_bytes()) /
      static_cast<double>(workload.rows);
}

BENCHMARK_CAPTURE(BM_Decode, sysbench, SysbenchRows);
BENCHMARK_CAPTURE(BM_Decode, mixed, MixedRows);
BENCHMARK_CAPTURE(BM_Decode, json, JsonRows);
BENCHMARK_CAPTURE(BM_DecodeAndEncode, sysbench, SysbenchRows);
BENCHMARK_CAPTURE(BM_DecodeAndEncode, mixed, MixedRows);
BENCHMARK_CAPTURE(BM_DecodeAndEncode, json, JsonRows);

}  // namespace
}  // namespace binferry::worker

BENCHMARK_MAIN();
