// Arbitrary payloads of TRANSACTION_PAYLOAD events. Input: `u8 form, u32
// declared size, bytes`. By its form's lowest bits the payload is
//   0  the bytes, said to be zstd
//   1  the bytes, not compressed
//   2  the bytes compressed, so that the fuzzer gets at what is inside
//   3  the same in two frames
// and with bit 2 the size is the true one, where it is known.
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "tests/fuzz/allocation_bound.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/transaction_payload.h"

namespace binferry::worker {
namespace {

void AppendFrame(absl::Span<const uint8_t> bytes, std::vector<uint8_t>* out) {
  const size_t begin = out->size();
  out->resize(begin + ZSTD_compressBound(bytes.size()));
  const size_t written = ZSTD_compress(out->data() + begin, out->size() - begin,
                                       bytes.data(), bytes.size(), 1);
  if (ZSTD_isError(written)) __builtin_trap();
  out->resize(begin + written);
}

// The events' bytes, one after the other, if all is well.
bool ReadAll(const TransactionPayloadEvent& event, std::string* events) {
  // Damaged frames may ask for zstd's largest window, and have the output that
  // is free of charge.
  constexpr size_t kZstdBytes = size_t{160} << 20;
  const AllocationBound bound(kZstdBytes + 4 * PayloadReader::kFreeBytes);
  PayloadReader reader;
  if (!reader.Start(event).ok()) return false;
  for (;;) {
    const auto next = reader.Next();
    if (!next.ok()) return false;
    if (!next->has_value()) return true;
    if (events->size() < PayloadReader::kFreeBytes) {
      events->append((*next)->begin(), (*next)->end());
    }
  }
}

void Run(absl::Span<const uint8_t> input) {
  ByteReader reader(input);
  const uint8_t form = reader.U8();
  TransactionPayloadEvent event;
  event.uncompressed_size = reader.U32();
  const absl::Span<const uint8_t> bytes = reader.Rest();
  std::vector<uint8_t> compressed;
  event.payload = bytes;
  if ((form & 3) == 1)
    event.algorithm = TransactionPayloadEvent::kNotCompressed;
  if ((form & 2) != 0) {
    const size_t first = (form & 1) != 0 ? bytes.size() / 2 : bytes.size();
    AppendFrame(bytes.first(first), &compressed);
    if ((form & 1) != 0) AppendFrame(bytes.subspan(first), &compressed);
    event.payload = compressed;
  }
  const bool is_plain_known = (form & 3) != 0;
  if (is_plain_known && (form & 4) != 0) event.uncompressed_size = bytes.size();
  std::string events;
  const bool is_ok = ReadAll(event, &events);
  // Nothing may be lost or made up.
  if (is_ok && is_plain_known && events != AsText(bytes)) __builtin_trap();
  if (is_ok && events.size() != event.uncompressed_size) __builtin_trap();
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(absl::MakeConstSpan(bytes, size));
  return 0;
}
