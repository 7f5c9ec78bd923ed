#include "tests/conformance/source_log.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status_macros.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/row_decoder.h"

namespace binferry::worker {
namespace {

using Json = nlohmann::json;

absl::string_view ChangeName(RowsEvent::Kind kind) {
  switch (kind) {
    case RowsEvent::Kind::kWrite:
      return "insert";
    case RowsEvent::Kind::kUpdate:
      return "update";
    case RowsEvent::Kind::kDelete:
      return "delete";
  }
  return "";
}

bool IsShown(uint8_t type) {
  for (const EventType shown :
       {EventType::kIntvar, EventType::kRand, EventType::kUserVar,
        EventType::kIncident, EventType::kXaPrepare}) {
    if (type == static_cast<uint8_t>(shown)) return true;
  }
  return false;
}

// The number that the server counts its files by; 0 where there is none.
uint64_t FileNumber(absl::string_view file) {
  uint64_t number = 0;
  const size_t dot = file.rfind('.');
  if (dot == absl::string_view::npos ||
      !absl::SimpleAtoi(file.substr(dot + 1), &number)) {
    return 0;
  }
  return number;
}

}  // namespace

bool HasReached(const Coordinates& place, const Coordinates& to) {
  const uint64_t file = FileNumber(place.file);
  const uint64_t to_file = FileNumber(to.file);
  return file > to_file || (file == to_file && place.position >= to.position);
}

absl::Status SourceLog::Write(const Coordinates& from, const Coordinates& to,
                              BinlogSource* source) {
  decoder_ = EventDecoder(from);
  while (!HasReached(decoder_.place(), to)) {
    const absl::StatusOr<absl::Span<const uint8_t>> raw = source->Next();
    if (absl::IsOutOfRange(raw.status())) break;
    if (!raw.ok()) return raw.status();
    BINFERRY_ASSIGN_OR_RETURN(const EventFrame frame, decoder_.Frame(*raw));
    BINFERRY_RETURN_IF_ERROR(decoder_.Locate(Handle(frame)));
  }
  return absl::OkStatus();
}

void SourceLog::Print(const EventFrame& frame, absl::string_view kind,
                      Json line) {
  line["file"] = decoder_.file();
  line["position"] = frame.position;
  line["kind"] = std::string(kind);
  *out_ << line.dump() << "\n";
}

absl::Status SourceLog::Handle(const EventFrame& frame) {
  if (frame.IsRows()) return HandleRows(frame);
  if (IsShown(frame.header.type)) {
    Print(frame, "other",
          {{"type", frame.header.type},
           {"first_byte", frame.body.empty() ? Json() : Json(frame.body[0])}});
    return absl::OkStatus();
  }
  BINFERRY_ASSIGN_OR_RETURN(const Event event, decoder_.Decode(frame));
  if (std::holds_alternative<GtidEvent>(event)) {
    Print(frame, "group", Json::object());
  } else if (std::holds_alternative<XidEvent>(event)) {
    Print(frame, "xid", Json::object());
  } else if (const auto* query = std::get_if<QueryEvent>(&event)) {
    HandleQuery(frame, *query);
  } else if (const auto* table = std::get_if<TableMapEvent>(&event)) {
    return HandleTableMap(*table);
  } else if (const auto* payload =
                 std::get_if<TransactionPayloadEvent>(&event)) {
    return HandlePayload(frame, *payload);
  }
  return absl::OkStatus();
}

absl::Status SourceLog::HandlePayload(const EventFrame& frame,
                                      const TransactionPayloadEvent& event) {
  Print(frame, "payload", Json::object());
  BINFERRY_RETURN_IF_ERROR(payload_reader_.Start(event));
  while (true) {
    BINFERRY_ASSIGN_OR_RETURN(
        const std::optional<absl::Span<const uint8_t>> raw,
        payload_reader_.Next());
    if (!raw.has_value()) break;
    BINFERRY_ASSIGN_OR_RETURN(const EventFrame inner,
                              decoder_.FrameInner(*raw));
    BINFERRY_RETURN_IF_ERROR(Handle(inner));
  }
  Print(frame, "payload_end", Json::object());
  return absl::OkStatus();
}

absl::Status SourceLog::HandleTableMap(const TableMapEvent& event) {
  tables_.erase(event.table_id);
  if (!selector_->Select(event.database, event.table).has_value()) {
    return absl::OkStatus();
  }
  BINFERRY_ASSIGN_OR_RETURN(TableMap map, BuildTableMap(event));
  tables_.emplace(event.table_id, std::move(map));
  return absl::OkStatus();
}

absl::Status SourceLog::HandleRows(const EventFrame& frame) {
  BINFERRY_ASSIGN_OR_RETURN(const RowsEvent event,
                            ParseRows(frame.header.type, frame.body));
  const auto table = tables_.find(event.table_id);
  if (table == tables_.end()) return absl::OkStatus();
  BINFERRY_ASSIGN_OR_RETURN(const uint64_t count,
                            CountRows(table->second, event));
  Print(frame, "rows",
        {{"database", table->second.schema.database},
         {"table", table->second.schema.table},
         {"change", std::string(ChangeName(event.kind))},
         {"count", count}});
  return absl::OkStatus();
}

void SourceLog::HandleQuery(const EventFrame& frame, const QueryEvent& query) {
  Print(frame, "query",
        {{"text", absl::BytesToHexString(query.text)},
         {"database", absl::BytesToHexString(query.database)},
         {"collation", query.client_collation.has_value()
                           ? Json(*query.client_collation)
                           : Json()}});
}

}  // namespace binferry::worker
