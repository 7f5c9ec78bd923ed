// Arbitrary bytes as a set of GTIDs, binary and as text: what is read must be
// written and read again as the same set.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tests/fuzz/allocation_bound.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/gtid_set.h"

namespace binferry::worker {
namespace {

void CheckRead(const absl::StatusOr<GtidSet>& set) {
  if (!set.ok()) return;
  const absl::StatusOr<GtidSet> decoded = GtidSet::Decode(set->Encode());
  if (!decoded.ok() || *decoded != *set) __builtin_trap();
  const absl::StatusOr<GtidSet> parsed = GtidSet::Parse(set->ToString());
  if (!parsed.ok() || *parsed != *set) __builtin_trap();
  if (!set->Contains(*decoded) || !set->Minus(*parsed).empty()) {
    __builtin_trap();
  }
}

void Run(absl::string_view bytes) {
  constexpr size_t kBytesPerByte = 64;
  constexpr size_t kSlackBytes = 16384;
  const AllocationBound bound(kBytesPerByte * bytes.size() + kSlackBytes);
  CheckRead(GtidSet::Decode(bytes));
  CheckRead(GtidSet::Parse(bytes));
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(
      binferry::worker::AsText(absl::MakeConstSpan(bytes, size)));
  return 0;
}
