// Arbitrary diffs of an arbitrary binary JSON document. Input: `u16 length`,
// the document, the diffs.
#include <algorithm>
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

void Run(absl::Span<const uint8_t> input) {
  ByteReader reader(input);
  const uint64_t length = reader.U16();
  const absl::string_view document =
      reader.Text(std::min<uint64_t>(length, reader.remaining()));
  const absl::string_view diffs = AsText(reader.Rest());
  // Three bytes of path ("[0]") may open a container, which then is a node and
  // three pieces.
  constexpr size_t kBytesPerDiffByte = 256;
  constexpr size_t kSlackBytes = 4096;
  const size_t text_bytes =
      MaxJsonTextBytes(document.size()) + MaxJsonTextBytes(diffs.size());
  const AllocationBound bound(4 * text_bytes +
                              kBytesPerDiffByte * diffs.size() + kSlackBytes);
  std::string text;
  const bool is_ok = AppendPatchedJsonText(document, diffs, &text).ok();
  if (is_ok && text.size() > text_bytes) __builtin_trap();
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(absl::MakeConstSpan(bytes, size));
  return 0;
}
