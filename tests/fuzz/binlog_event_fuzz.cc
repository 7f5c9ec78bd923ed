// Arbitrary bytes as a stream of binlog events: whatever they are, decoding
// must end in events, rows and statuses.
//
// Input: pieces of `u16 length, bytes`. The first bit of the length's top byte
// says whether the piece is taken as it is; else it is `u8 type, u16 flags,
// body`, and gets a header and a place that fit, so that the fuzzer need not
// guess sizes and checksums.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/row_decoder.h"
#include "worker/binlog/stream_grammar.h"
#include "worker/binlog/table_map.h"
#include "worker/binlog/testing/event_builder.h"

namespace binferry::worker {
namespace {

// Reads all bytes that a value points to, for AddressSanitizer's sake.
size_t Touch(const Value& value) {
  size_t sum = 0;
  if (value.kind == Value::Kind::kText || value.kind == Value::Kind::kBytes ||
      value.kind == Value::Kind::kDecimal) {
    for (const char c : value.bytes) sum += static_cast<unsigned char>(c);
  }
  return sum;
}

// A reader of the whole stream, like the pipeline's.
class Reader {
 public:
  void Take(absl::Span<const uint8_t> raw) {
    EventDecoder decoder = decoder_;  // An error must not end the run.
    const absl::StatusOr<EventFrame> frame = decoder.Frame(raw);
    if (!frame.ok()) return;
    decoder_ = decoder;
    const absl::StatusOr<Event> event = decoder_.Decode(*frame);
    if (!event.ok()) return;
    if (!grammar_.Accept(*event).ok()) grammar_.Reset();
    if (const auto* unsupported = std::get_if<UnsupportedEvent>(&*event)) {
      (void)decoder_.Locate(UnsupportedEventError(*unsupported));
    }
    if (const auto* previous = std::get_if<PreviousGtidsEvent>(&*event)) {
      (void)GtidSet::Decode(previous->encoded);
    }
    if (const auto* map = std::get_if<TableMapEvent>(&*event)) {
      if (auto built = BuildTableMap(*map); built.ok()) {
        maps_[map->table_id] = *std::move(built);
      }
    }
    if (const auto* rows = std::get_if<RowsEvent>(&*event)) TakeRows(*rows);
  }

 private:
  void TakeRows(const RowsEvent& rows) {
    const auto map = maps_.find(rows.table_id);
    if (map == maps_.end()) return;
    const absl::StatusOr<uint64_t> count = CountRows(map->second, rows);
    if (!rows_.Start(map->second, rows).ok()) return;
    std::vector<Value> before(map->second.steps.size());
    std::vector<Value> after(map->second.steps.size());
    uint64_t decoded = 0;
    while (rows_.HasNext()) {
      if (!rows_.Next(absl::MakeSpan(before), absl::MakeSpan(after)).ok()) {
        return;
      }
      ++decoded;
      size_t sum = 0;
      for (const Value& value : before) sum += Touch(value);
      for (const Value& value : after) sum += Touch(value);
      sum_ += sum;
    }
    // Who passes over rows must see as many as who decodes them.
    if (!count.ok() || *count != decoded) __builtin_trap();
  }

  EventDecoder decoder_;
  StreamGrammar grammar_;
  std::map<uint64_t, TableMap> maps_;
  RowDecoder rows_;
  size_t sum_ = 0;  // Of all values' bytes, so that they are really read.
};

void Run(absl::Span<const uint8_t> input) {
  constexpr uint16_t kAsItIs = 0x8000;
  EventBuilder binlog;
  Reader reader;
  const auto take = [&reader](const std::string& event) {
    reader.Take(AsBytes(event));
  };
  take(binlog.FakeRotate());
  take(binlog.FormatDescription());
  ByteReader pieces(input);
  while (!pieces.AtEnd()) {
    const uint16_t length = pieces.U16();
    const absl::Span<const uint8_t> piece =
        pieces.Bytes(std::min<uint64_t>(length & ~kAsItIs, pieces.remaining()));
    if ((length & kAsItIs) != 0) {
      reader.Take(piece);
      continue;
    }
    ByteReader fields(piece);
    const uint8_t type = fields.U8();
    const uint16_t flags = fields.U16();
    take(binlog.Raw(type, AsText(fields.Rest()), flags));
  }
}

}  // namespace
}  // namespace binferry::worker

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  binferry::worker::Run(absl::MakeConstSpan(bytes, size));
  return 0;
}
