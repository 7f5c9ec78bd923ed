#include "worker/binlog/testing/payload_builder.h"

#include <zstd.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "worker/binlog/events.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {

std::string InnerEvent(absl::string_view event, size_t checksum_bytes) {
  constexpr size_t kSizeOffset = 9;
  std::string inner(event.substr(0, event.size() - checksum_bytes));
  // Size and place.
  inner.replace(kSizeOffset, 8,
                LittleEndian(inner.size(), 4) + LittleEndian(0, 4));
  return inner;
}

std::string ZstdFrame(absl::string_view bytes, int level, int window_log) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(
      ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
  if (window_log != 0) {
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, window_log);
  }
  // As a stream, as servers do, so that the frame doesn't tell its size.
  std::string frame(ZSTD_compressBound(bytes.size()) + 64, '\0');
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_outBuffer out{frame.data(), frame.size(), 0};
  // There is room for all, so neither can fail; a test would see half a frame.
  ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_flush);
  ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_end);
  frame.resize(out.pos);
  return frame;
}

std::string PayloadBody(uint64_t algorithm, uint64_t uncompressed_size,
                        absl::string_view payload) {
  const auto field = [](uint64_t type, uint64_t value) {
    return PackedInteger(type) + PackedBytes(PackedInteger(value));
  };
  return absl::StrCat(field(2, algorithm), field(3, uncompressed_size),
                      field(1, payload.size()), PackedInteger(0), payload);
}

std::string PayloadOf(const std::vector<std::string>& events) {
  std::string bytes;
  for (const std::string& event : events) bytes += InnerEvent(event);
  return PayloadBody(TransactionPayloadEvent::kZstd, bytes.size(),
                     ZstdFrame(bytes));
}

}  // namespace binferry::worker
