// Rows events whose decoding and encoding is worth measuring.
#ifndef BINFERRY_TESTS_BENCH_ROW_WORKLOAD_H_
#define BINFERRY_TESTS_BENCH_ROW_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/row_decoder.h"
#include "worker/binlog/table_map.h"
#include "worker/encode/arena.h"
#include "worker/encode/table_plan.h"
#include "worker/schema/record.h"
#include "worker/schema/row.h"

namespace binferry::worker {

// One table and one event of WRITE_ROWS of about 8 KiB, as sources cut them.
struct RowWorkload {
  TableMap map;
  TablePlan plan;
  EventDecoder decoder;  // Ready to take the event.
  std::string event;     // Raw, with its checksum.
  uint64_t rows = 0;     // In it.
};

// sysbench's: id INT, k INT, c CHAR(120), pad CHAR(60), the key being id.
RowWorkload SysbenchRows();
// 30 columns: each numeric and temporal type, decimals, texts in several
// character sets, binary, ENUM, SET, BIT and NULLs.
RowWorkload MixedRows();
// id INT and two JSON documents, an order of three lines and a list of numbers.
RowWorkload JsonRows();

// What a worker's thread does with the workload's event, with the memory that
// it keeps from one event to the next. Thread-compatible.
class RowPath {
 public:
  explicit RowPath(const RowWorkload* workload);

  // From the raw event to values.
  absl::Status Decode();
  // From the raw event to records in memory.
  absl::Status DecodeAndEncode();

  // Of the records of the last DecodeAndEncode.
  size_t record_bytes() const;

 private:
  absl::Status Start();

  const RowWorkload* const workload_;
  RowDecoder decoder_;
  std::vector<Value> values_;
  Arena arena_;
  std::vector<Record> records_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_TESTS_BENCH_ROW_WORKLOAD_H_
