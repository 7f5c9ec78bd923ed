// Arbitrary bytes as a stream of binlog events: whatever they are, decoding
// must end in events, rows and statuses.
//
// Input: pieces of `u16 length, bytes`. The first bit of the length's top byte
// says whether the piece is taken as it is; else it is `u8 type, u16 flags,
// body`, and gets a header and a place that fit, so that the fuzzer need not
// guess sizes and checksums. With the bit below, such pieces are kept for the
// next without it, and go into a compressed payload in front of it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "tests/fuzz/allocation_bound.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/payload_builder.h"
#include "worker/binlog/testing/stream_walker.h"

namespace binferry::worker {
namespace {

class Stream {
 public:
  void Take(const std::string& event) { Take(AsBytes(event)); }
  void Take(absl::Span<const uint8_t> event) {
    if (absl::IsInternal(walker_.Take(event))) __builtin_trap();
  }

 private:
  StreamWalker walker_;
};

constexpr uint16_t kAsItIs = 0x8000;
constexpr uint16_t kInPayload = 0x4000;
constexpr uint16_t kFlags = kAsItIs | kInPayload;
constexpr uint8_t kPayloadType = 40;

absl::Span<const uint8_t> TakePiece(uint16_t length, ByteReader* pieces) {
  return pieces->Bytes(
      std::min<uint64_t>(length & ~kFlags, pieces->remaining()));
}

// Whether something in the input may be decompressed.
bool MayHavePayload(absl::Span<const uint8_t> input) {
  constexpr size_t kTypeOffset = 4;  // Of a whole event.
  for (ByteReader pieces(input); !pieces.AtEnd();) {
    const uint16_t length = pieces.U16();
    const absl::Span<const uint8_t> piece = TakePiece(length, &pieces);
    const size_t offset = (length & kAsItIs) != 0 ? kTypeOffset : 0;
    if ((length & kInPayload) != 0) return true;
    if (piece.size() > offset && piece[offset] == kPayloadType) return true;
  }
  return false;
}

void Run(absl::Span<const uint8_t> input) {
  // A column takes a byte of metadata, and some hundreds as a Column and a
  // DecodeStep; a payload the context of zstd and its largest window.
  constexpr size_t kBytesPerByte = 1024;
  constexpr size_t kSlackBytes = 65536;
  constexpr size_t kZstdBytes = size_t{256} << 20;
  const AllocationBound bound(kBytesPerByte * input.size() + kSlackBytes +
                              (MayHavePayload(input) ? kZstdBytes : 0));
  EventBuilder binlog;
  Stream stream;
  stream.Take(binlog.FakeRotate());
  stream.Take(binlog.FormatDescription());
  std::vector<std::string> inner;
  ByteReader pieces(input);
  while (!pieces.AtEnd()) {
    const uint16_t length = pieces.U16();
    const absl::Span<const uint8_t> piece = TakePiece(length, &pieces);
    if ((length & kAsItIs) != 0) {
      stream.Take(piece);
      continue;
    }
    ByteReader fields(piece);
    const uint8_t type = fields.U8();
    const uint16_t flags = fields.U16();
    if ((length & kInPayload) != 0) {
      EventBuilder inside;
      inner.push_back(inside.Raw(type, AsText(fields.Rest()), flags));
      continue;
    }
    if (!inner.empty()) {
      stream.Take(
          binlog.Raw(kPayloadType, PayloadOf(std::exchange(inner, {}))));
    }
    stream.Take(binlog.Raw(type, AsText(fields.Rest()), flags));
  }
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(absl::MakeConstSpan(bytes, size));
  return 0;
}
