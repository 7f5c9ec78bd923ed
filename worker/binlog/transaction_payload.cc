#include "worker/binlog/transaction_payload.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_header.h"

namespace binferry::worker {
namespace {

constexpr size_t kUsualBufferBytes = size_t{128} << 10;
// What is kept for the next payload.
constexpr size_t kMaxIdleBufferBytes = size_t{1} << 20;
constexpr size_t kMaxIdleContextBytes = size_t{8} << 20;
// 128 MiB, the window of the highest compression level.
constexpr int kMaxWindowLog = 27;

absl::Status Damaged(absl::string_view why) {
  return absl::DataLossError(
      absl::StrCat("a damaged TRANSACTION_PAYLOAD: ", why));
}

absl::Status Refused(absl::string_view why) {
  return absl::FailedPreconditionError(absl::StrCat(
      "a TRANSACTION_PAYLOAD is refused: ", why,
      ". If the source's transactions are such, set "
      "binlog_transaction_compression=OFF there and start behind this place"));
}

}  // namespace

void PayloadReader::FreeDecompressor::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

PayloadReader::PayloadReader() = default;
PayloadReader::~PayloadReader() = default;

absl::Status PayloadReader::Start(const TransactionPayloadEvent& event) {
  event_ = event;
  consumed_ = 0;
  produced_ = 0;
  is_in_frame_ = false;
  begin_ = 0;
  end_ = 0;
  if (event.algorithm == TransactionPayloadEvent::kNotCompressed) {
    consumed_ = event.payload.size();
    produced_ = event.payload.size();
    end_ = event.payload.size();
    return CheckEnd();
  }
  if (event.algorithm != TransactionPayloadEvent::kZstd) {
    return absl::UnimplementedError(absl::StrCat(
        "Binferry does not know the compression ", event.algorithm,
        " of a TRANSACTION_PAYLOAD: set binlog_transaction_compression=OFF on "
        "the source and start behind this place"));
  }
  if (event.uncompressed_size > kMaxUncompressedBytes) {
    return Refused(absl::StrCat("it says that it holds ",
                                event.uncompressed_size,
                                " bytes, more than any source puts into one"));
  }
  if (event.uncompressed_size > kFreeBytes &&
      (event.uncompressed_size - kFreeBytes) / kMaxGrowth >
          event.payload.size()) {
    return Refused(absl::StrCat(event.payload.size(), " bytes are to become ",
                                event.uncompressed_size, ", more than ",
                                kMaxGrowth, " times as many"));
  }
  return PrepareContext();
}

absl::Status PayloadReader::PrepareContext() {
  if (buffer_.size() > kMaxIdleBufferBytes) {
    std::vector<uint8_t>().swap(buffer_);  // `= {}` would keep the memory.
  }
  if (context_ != nullptr &&
      ZSTD_sizeof_DCtx(context_.get()) > kMaxIdleContextBytes) {
    context_.reset();
  }
  if (context_ == nullptr) {
    context_.reset(ZSTD_createDCtx());
    if (context_ == nullptr) {
      return absl::ResourceExhaustedError(
          "no memory to decompress a TRANSACTION_PAYLOAD");
    }
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }
  ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  return absl::OkStatus();
}

absl::Span<const uint8_t> PayloadReader::available() const {
  const uint8_t* const bytes =
      event_.algorithm == TransactionPayloadEvent::kNotCompressed
          ? event_.payload.data()
          : buffer_.data();
  return {bytes + begin_, end_ - begin_};
}

absl::StatusOr<std::optional<absl::Span<const uint8_t>>> PayloadReader::Next() {
  constexpr size_t kSizeOffset = 9;
  BINFERRY_RETURN_IF_ERROR(Fetch(EventHeader::kBytes));
  if (available().empty()) {
    BINFERRY_RETURN_IF_ERROR(CheckEnd());
    return std::nullopt;
  }
  if (available().size() < EventHeader::kBytes) {
    return Damaged("it ends inside the header of an event");
  }
  const size_t size = ReadLittleEndian(available().data() + kSizeOffset, 4);
  const uint64_t rest =
      event_.uncompressed_size - std::min(event_.uncompressed_size, produced_);
  if (size < EventHeader::kBytes || size > available().size() + rest) {
    return Damaged(
        absl::StrCat("an event in it says that it has ", size, " bytes"));
  }
  BINFERRY_RETURN_IF_ERROR(Fetch(size));
  if (available().size() < size) return Damaged("it ends inside an event");
  const absl::Span<const uint8_t> event = available().first(size);
  begin_ += size;
  return event;
}

absl::Status PayloadReader::Fetch(size_t bytes) {
  while (available().size() < bytes && !IsExhausted()) {
    MakeRoom(bytes);
    BINFERRY_RETURN_IF_ERROR(Decompress());
  }
  return absl::OkStatus();
}

bool PayloadReader::IsExhausted() const {
  return consumed_ == event_.payload.size() && !is_in_frame_;
}

void PayloadReader::MakeRoom(size_t bytes) {
  const size_t kept = end_ - begin_;
  const bool has_room =
      end_ < buffer_.size() && buffer_.size() - begin_ >= bytes;
  if (has_room && kept > 0) return;
  if (kept > 0 && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, kept);
  }
  begin_ = 0;
  end_ = kept;
  if (buffer_.size() < bytes || end_ == buffer_.size()) {
    // Twice as much at most: `bytes` is what the payload says.
    buffer_.resize(std::min(std::max(bytes, kUsualBufferBytes),
                            std::max(2 * buffer_.size(), kUsualBufferBytes)));
  }
}

absl::Status PayloadReader::Decompress() {
  ZSTD_inBuffer in{event_.payload.data(), event_.payload.size(), consumed_};
  ZSTD_outBuffer out{buffer_.data() + end_, buffer_.size() - end_, 0};
  const size_t hint = ZSTD_decompressStream(context_.get(), &out, &in);
  if (ZSTD_isError(hint) != 0) {
    return ZSTD_getErrorCode(hint) == ZSTD_error_frameParameter_windowTooLarge
               ? Refused("its compression needs a window above 128 MiB")
               : Damaged(ZSTD_getErrorName(hint));
  }
  if (in.pos == consumed_ && out.pos == 0) {
    return Damaged("its compressed bytes end too early");
  }
  consumed_ = in.pos;
  end_ += out.pos;
  produced_ += out.pos;
  is_in_frame_ = hint != 0;
  if (produced_ > event_.uncompressed_size) {
    return Damaged(absl::StrCat("it holds more than the ",
                                event_.uncompressed_size,
                                " bytes that it says"));
  }
  return absl::OkStatus();
}

absl::Status PayloadReader::CheckEnd() const {
  if (produced_ == event_.uncompressed_size) return absl::OkStatus();
  return Damaged(absl::StrCat("it holds ", produced_, " bytes and says that ",
                              "it holds ", event_.uncompressed_size));
}

}  // namespace binferry::worker
