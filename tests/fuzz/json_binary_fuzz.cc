// Arbitrary bytes as a binary JSON document.
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "tests/fuzz/allocation_bound.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/json_binary.h"
#include "worker/binlog/json_diff.h"

namespace binferry::worker {
namespace {

void Run(absl::string_view document) {
  // Text that grows by doubling is there twice for a moment.
  constexpr size_t kSlackBytes = 4096;
  const AllocationBound bound(4 * MaxJsonTextBytes(document.size()) +
                              kSlackBytes);
  std::string text;
  const bool is_ok = AppendJsonText(document, &text).ok();
  if (is_ok && text.size() > MaxJsonTextBytes(document.size())) {
    __builtin_trap();
  }
  // The other reader of documents must see the same.
  std::string unchanged;
  if (AppendPatchedJsonText(document, "", &unchanged).ok() != is_ok ||
      unchanged != text) {
    __builtin_trap();
  }
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(
      binferry::worker::AsText(absl::MakeConstSpan(bytes, size)));
  return 0;
}
