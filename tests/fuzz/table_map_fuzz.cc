// Arbitrary bytes as the body of a TABLE_MAP event.
#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tests/fuzz/allocation_bound.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/table_map.h"

namespace binferry::worker {
namespace {

// What everyone who uses a table map relies on.
void Check(const TableMap& map) {
  const size_t columns = map.schema.columns.size();
  if (columns == 0 || columns > 4096) __builtin_trap();
  if (map.steps.size() != columns) __builtin_trap();
  for (const uint16_t column : map.schema.key_columns) {
    if (column >= columns) __builtin_trap();
  }
  size_t json_columns = 0;
  for (const DecodeStep& step : map.steps) {
    // Either the size of a value is known, or how its length is written.
    if ((step.bytes == 0) == (step.length_bytes == 0)) __builtin_trap();
    if (step.bytes > 8 && step.operation != DecodeStep::Operation::kDecimal) {
      __builtin_trap();
    }
    if (step.operation == DecodeStep::Operation::kJson) ++json_columns;
  }
  if (json_columns != map.json_columns) __builtin_trap();
}

void Run(absl::Span<const uint8_t> body) {
  // One byte each of type, metadata and name at least.
  constexpr size_t kBytesPerByte = 512;
  constexpr size_t kSlackBytes = 16384;
  const AllocationBound bound(kBytesPerByte * body.size() + kSlackBytes);
  const absl::StatusOr<TableMapEvent> event = ParseTableMap(body);
  if (!event.ok()) return;
  const absl::StatusOr<TableMap> named = BuildTableMap(*event);
  const absl::StatusOr<TableMap> numbered =
      BuildTableMap(*event, MissingNames::kNumber);
  if (named.ok()) Check(*named);
  if (numbered.ok()) Check(*numbered);
  // Who takes less must take all that others take.
  if (named.ok() && !numbered.ok()) __builtin_trap();
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(absl::MakeConstSpan(bytes, size));
  return 0;
}
