// Arbitrary bytes as a binlog file: whatever it holds, printing it must end, in
// lines of JSON and messages.
//
// Input: pieces as of binlog_event_fuzz, in one file behind its head; a piece
// that is taken as it is can be anything, half an event too.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "tests/fuzz/allocation_bound.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/file_binlog_source.h"
#include "worker/binlog/testing/event_builder.h"
#include "worker/binlog/testing/payload_builder.h"
#include "worker/decode/binlog_printer.h"
#include "worker/decode/line_writer.h"

namespace binferry::worker {
namespace {

std::string FileOf(absl::Span<const uint8_t> input) {
  constexpr uint16_t kAsItIs = 0x8000;
  constexpr uint16_t kInPayload = 0x4000;
  constexpr uint16_t kFlags = kAsItIs | kInPayload;
  constexpr uint8_t kPayloadType = 40;
  EventBuilder binlog;
  std::string file(
      "\xfe"
      "bin");
  file += binlog.FormatDescription();
  std::vector<std::string> inner;
  ByteReader pieces(input);
  while (!pieces.AtEnd()) {
    const uint16_t length = pieces.U16();
    const absl::Span<const uint8_t> piece =
        pieces.Bytes(std::min<uint64_t>(length & ~kFlags, pieces.remaining()));
    if ((length & kAsItIs) != 0) {
      absl::StrAppend(&file, AsText(piece));
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
      file += binlog.Raw(kPayloadType, PayloadOf(std::exchange(inner, {})));
    }
    file += binlog.Raw(type, AsText(fields.Rest()), flags);
  }
  return file;
}

// Never a bug of ours.
void Check(const absl::Status& status) {
  if (absl::IsInternal(status)) __builtin_trap();
}

void PrintFile(const std::string& path, int out_fd) {
  auto source = FileBinlogSource::Create({.paths = {path, path}});
  if (!source.ok()) __builtin_trap();
  LineWriter out(out_fd, LineWriter::Pace::kBatches);
  // A file that is damaged ends there; the same once more comes behind it, as
  // after --keep-going.
  auto printer = std::make_unique<BinlogPrinter>(
      PrintOptions{.prints_artificial = true, .on_unreadable = Check}, &out);
  while (true) {
    const auto raw = (*source)->Next();
    if (absl::IsOutOfRange(raw.status())) break;
    Check(raw.status());
    if (!raw.ok()) continue;
    const absl::Status printed = printer->Print(*raw);
    Check(printed);
    if (!printed.ok()) break;
  }
  Check(out.Flush());
}

void Run(absl::Span<const uint8_t> input) {
  // See binlog_event_fuzz; here a byte also becomes text, several times.
  constexpr size_t kBytesPerByte = 4096;
  constexpr size_t kSlackBytes = size_t{256} << 20;
  static const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  const std::string bytes = FileOf(input);
  const int file = memfd_create("binlog", MFD_CLOEXEC);
  if (write(file, bytes.data(), bytes.size()) !=
      static_cast<ssize_t>(bytes.size())) {
    __builtin_trap();
  }
  {
    const AllocationBound bound(kBytesPerByte * input.size() + kSlackBytes);
    PrintFile(absl::StrCat("/proc/self/fd/", file), null);
  }
  close(file);
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(absl::MakeConstSpan(bytes, size));
  return 0;
}
