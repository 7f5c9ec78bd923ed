// The events inside a TRANSACTION_PAYLOAD.
#ifndef BINFERRY_WORKER_BINLOG_TRANSACTION_PAYLOAD_H_
#define BINFERRY_WORKER_BINLOG_TRANSACTION_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "worker/binlog/events.h"

struct ZSTD_DCtx_s;

namespace binferry::worker {

// Decompresses payloads as streams and cuts them into their events.
//
// Memory: one event, and the window of the compression (at most 128 MiB, which
// zstd's highest level wants). What a payload says about sizes is never
// believed: memory grows with what was decompressed. A payload that grows
// beyond all reason is refused before it costs much time:
// kMaxUncompressedBytes, kMaxGrowth.
//
// One reader serves many payloads, one after the other, and keeps its buffers.
//
// Statuses name no place. DATA_LOSS: damaged bytes, or a size that isn't the
// one declared. UNIMPLEMENTED: an unknown compression. FAILED_PRECONDITION: a
// payload beyond the limits. After an error only Start may be called.
// Thread-compatible.
class PayloadReader {
 public:
  // Sources compress no transaction above 1 GiB; the rest is for the events'
  // own headers.
  static constexpr uint64_t kMaxUncompressedBytes =
      (uint64_t{1} << 30) + (uint64_t{64} << 20);
  // Beyond kFreeBytes of output, a byte of the payload may become so many.
  static constexpr uint64_t kMaxGrowth = 100;
  static constexpr uint64_t kFreeBytes = uint64_t{64} << 20;

  PayloadReader();
  PayloadReader(const PayloadReader&) = delete;
  PayloadReader& operator=(const PayloadReader&) = delete;
  ~PayloadReader();

  // Begins with another payload, whose bytes must stay until its end.
  absl::Status Start(const TransactionPayloadEvent& event);

  // The next event: header and body, without checksum; valid until the next
  // call. Nothing at the end of the payload.
  absl::StatusOr<std::optional<absl::Span<const uint8_t>>> Next();

 private:
  struct FreeDecompressor {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  absl::Status PrepareContext();
  // Makes `bytes` available if the payload has so many.
  absl::Status Fetch(size_t bytes);
  // Decompresses as much as the free part of the buffer takes.
  absl::Status Decompress();
  // Frees a part of the buffer, which need not become larger than `bytes`.
  void MakeRoom(size_t bytes);
  // Whether there is nothing more to decompress.
  bool IsExhausted() const;
  absl::Status CheckEnd() const;
  // What is decompressed and wasn't handed out.
  absl::Span<const uint8_t> available() const;

  std::unique_ptr<ZSTD_DCtx_s, FreeDecompressor> context_;
  TransactionPayloadEvent event_;
  size_t consumed_ = 0;    // Bytes of the payload.
  uint64_t produced_ = 0;  // Bytes of events.
  bool is_in_frame_ = false;

  // What is available stands in [begin_, end_) of the buffer, or of the payload
  // itself where that is not compressed.
  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TRANSACTION_PAYLOAD_H_
