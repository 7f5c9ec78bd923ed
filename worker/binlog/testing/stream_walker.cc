#include "worker/binlog/testing/stream_walker.h"

#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "common/status_macros.h"
#include "worker/binlog/gtid_set.h"
#include "worker/binlog/row_decoder.h"
#include "worker/binlog/transaction_payload.h"
#include "worker/schema/row.h"

namespace binferry::worker {
namespace {

uint64_t SumOf(const std::vector<Value>& row) {
  uint64_t sum = 0;
  for (const Value& value : row) {
    switch (value.kind) {
      case Value::Kind::kText:
      case Value::Kind::kBytes:
      case Value::Kind::kDecimal:
      case Value::Kind::kVector:
        for (const char c : value.bytes) sum += static_cast<unsigned char>(c);
        break;
      case Value::Kind::kAbsent:
      case Value::Kind::kNull:
        break;
      case Value::Kind::kDate:
      case Value::Kind::kTime:
      case Value::Kind::kDatetime:
        sum += value.temporal.micros;
        break;
      case Value::Kind::kSigned:
      case Value::Kind::kUnsigned:
      case Value::Kind::kFloat:
      case Value::Kind::kDouble:
      case Value::Kind::kTimestamp:
      case Value::Kind::kYear:
      case Value::Kind::kEnum:
      case Value::Kind::kSet:
        sum += value.natural;
        break;
    }
  }
  return sum;
}

}  // namespace

absl::Status StreamWalker::Take(absl::Span<const uint8_t> raw) {
  EventDecoder decoder = decoder_;
  BINFERRY_ASSIGN_OR_RETURN(const EventFrame frame, decoder.Frame(raw));
  std::swap(decoder_, decoder);
  const absl::Status status = TakeFrame(frame);
  if (!status.ok()) std::swap(decoder_, decoder);
  return status;
}

absl::Status StreamWalker::TakeFrame(const EventFrame& frame) {
  BINFERRY_ASSIGN_OR_RETURN(const Event event, decoder_.Decode(frame));
  // An order that makes no sense, or XA, must not hide what the events hold.
  if (!grammar_.Accept(event).ok()) grammar_.Reset();
  if (const auto* payload = std::get_if<TransactionPayloadEvent>(&event)) {
    return TakePayload(*payload);
  }
  if (const auto* previous = std::get_if<PreviousGtidsEvent>(&event)) {
    return GtidSet::Decode(previous->encoded).status();
  }
  if (const auto* unsupported = std::get_if<UnsupportedEvent>(&event)) {
    return decoder_.Locate(UnsupportedEventError(*unsupported));
  }
  if (const auto* map = std::get_if<TableMapEvent>(&event)) {
    return TakeTableMap(*map);
  }
  if (const auto* rows = std::get_if<RowsEvent>(&event)) {
    return TakeRows(*rows);
  }
  return absl::OkStatus();
}

absl::Status StreamWalker::TakePayload(const TransactionPayloadEvent& payload) {
  PayloadReader reader;
  BINFERRY_RETURN_IF_ERROR(reader.Start(payload));
  for (;;) {
    BINFERRY_ASSIGN_OR_RETURN(const auto raw, reader.Next());
    if (!raw.has_value()) return absl::OkStatus();
    BINFERRY_ASSIGN_OR_RETURN(const EventFrame frame,
                              decoder_.FrameInner(*raw));
    BINFERRY_RETURN_IF_ERROR(TakeFrame(frame));
  }
}

absl::Status StreamWalker::TakeTableMap(const TableMapEvent& event) {
  absl::StatusOr<TableMap> map = BuildTableMap(event, MissingNames::kNumber);
  std::shared_ptr<const TableMap>& kept = maps_[event.table_id];
  kept = nullptr;
  if (!map.ok()) return map.status();
  kept = std::make_shared<const TableMap>(*std::move(map));
  return absl::OkStatus();
}

absl::Status StreamWalker::TakeRows(const RowsEvent& rows) {
  if (rows.table_id == RowsEvent::kDummyTableId) return absl::OkStatus();
  const auto found = maps_.find(rows.table_id);
  if (found == maps_.end() || found->second == nullptr) {
    return absl::DataLossError("rows of a table without a map");
  }
  const TableMap& map = *found->second;
  const absl::StatusOr<uint64_t> count = CountRows(map, rows);
  RowDecoder decoder(MissingDocument::kLeaveOut);
  BINFERRY_RETURN_IF_ERROR(decoder.Start(map, rows));
  std::vector<Value> before(map.steps.size());
  std::vector<Value> after(map.steps.size());
  uint64_t decoded = 0;
  for (; decoder.HasNext(); ++decoded) {
    BINFERRY_RETURN_IF_ERROR(
        decoder.Next(absl::MakeSpan(before), absl::MakeSpan(after)));
    if (rows.kind != RowsEvent::Kind::kWrite) sum_ += SumOf(before);
    if (rows.kind != RowsEvent::Kind::kDelete) sum_ += SumOf(after);
  }
  // Who passes over rows must see as many as who decodes them.
  if (!count.ok() || *count != decoded) {
    return absl::InternalError("rows counted and rows decoded differ");
  }
  rows_ += decoded;
  return absl::OkStatus();
}

}  // namespace binferry::worker
