#include "worker/decode/binlog_printer.h"

#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/event_header.h"
#include "worker/binlog/statement.h"
#include "worker/decode/json_object.h"

namespace binferry::worker {
namespace {

// "GTID" of "GTID (33)".
std::string NameOf(uint8_t type) {
  const std::string name = EventTypeName(type);
  return name.substr(0, name.rfind(" ("));
}

bool StandsInNoFile(const EventHeader& header) {
  return header.log_pos == 0 || header.has_flag(EventHeader::kArtificial) ||
         header.Is(EventType::kHeartbeat) || header.Is(EventType::kHeartbeatV2);
}

void WriteFlags(const EventHeader& header, JsonObject* object) {
  constexpr std::pair<uint16_t, absl::string_view> kNames[] = {
      {EventHeader::kInUse, "IN_USE"},
      {0x04, "THREAD_SPECIFIC"},  // Concerns a temporary table.
      {0x08, "SUPPRESS_USE"},
      {EventHeader::kArtificial, "ARTIFICIAL"},
      {EventHeader::kRelayLog, "RELAY_LOG"},
      {EventHeader::kIgnorable, "IGNORABLE"}};
  std::string names;
  for (const auto& [flag, name] : kNames) {
    if (!header.has_flag(flag)) continue;
    absl::StrAppend(&names, names.empty() ? "[\"" : ",\"", name, "\"");
  }
  if (!names.empty()) object->Raw("flags", absl::StrCat(names, "]"));
}

absl::string_view ChangeName(RowsEvent::Kind kind) {
  switch (kind) {
    case RowsEvent::Kind::kWrite:
      return "INSERT";
    case RowsEvent::Kind::kUpdate:
      return "UPDATE";
    case RowsEvent::Kind::kDelete:
      return "DELETE";
  }
  return "";
}

}  // namespace

BinlogPrinter::BinlogPrinter(PrintOptions options, LineWriter* out,
                             Coordinates start)
    : options_(std::move(options)),
      out_(out),
      decoder_(std::move(start)),
      tables_(options_.format) {}

absl::Status BinlogPrinter::Print(absl::Span<const uint8_t> raw) {
  // A ROTATE stands in the file that it leaves.
  Occurrence occurrence{.frame = {}, .file = decoder_.file()};
  BINFERRY_ASSIGN_OR_RETURN(occurrence.frame, decoder_.Frame(raw));
  const EventHeader& header = occurrence.frame.header;
  occurrence.end = occurrence.frame.position;
  if (!StandsInNoFile(header)) occurrence.end += header.event_size;
  return PrintEvent(occurrence);
}

absl::Status BinlogPrinter::PrintEvent(const Occurrence& occurrence) {
  const absl::StatusOr<Event> event = decoder_.Decode(occurrence.frame);
  if (event.ok()) return PrintContent(occurrence, *event);
  absl::Status problem = event.status();
  BINFERRY_RETURN_IF_ERROR(PrintLine(occurrence, nullptr, {}, &problem));
  return Unreadable(problem);
}

absl::Status BinlogPrinter::PrintContent(const Occurrence& occurrence,
                                         const Event& event) {
  EventSurroundings surroundings;
  absl::Status problem = decoder_.Locate(Follow(event, &surroundings));
  BINFERRY_RETURN_IF_ERROR(
      PrintLine(occurrence, &event, surroundings, &problem));
  if (!problem.ok()) return Unreadable(problem);
  if (const auto* payload = std::get_if<TransactionPayloadEvent>(&event)) {
    return PrintPayload(occurrence, *payload);
  }
  const auto* rows = std::get_if<RowsEvent>(&event);
  if (rows != nullptr && options_.prints_changes &&
      surroundings.table != nullptr && IsSelected(*surroundings.table)) {
    return PrintChanges(occurrence, *surroundings.table, *rows);
  }
  return absl::OkStatus();
}

absl::Status BinlogPrinter::Follow(const Event& event,
                                   EventSurroundings* surroundings) {
  if (const auto* rows = std::get_if<RowsEvent>(&event)) {
    return FollowRows(*rows, surroundings);
  }
  if (const auto* table_map = std::get_if<TableMapEvent>(&event)) {
    return FollowTableMap(*table_map, surroundings);
  }
  if (const auto* gtid = std::get_if<GtidEvent>(&event)) {
    BeginGroup(gtid->gtid.has_value() ? gtid->gtid->ToString() : "");
  } else if (const auto* query = std::get_if<QueryEvent>(&event)) {
    // Old servers write no GTID events.
    if (ClassifyStatement(query->text).kind == StatementKind::kBegin) {
      BeginGroup(std::move(gtid_));
    }
  } else if (std::holds_alternative<FormatDescriptionEvent>(event)) {
    tables_.ForgetIds();
    gtid_.clear();
  } else if (const auto* unsupported = std::get_if<UnsupportedEvent>(&event)) {
    return UnsupportedEventError(*unsupported);
  }
  return absl::OkStatus();
}

absl::Status BinlogPrinter::FollowTableMap(const TableMapEvent& event,
                                           EventSurroundings* surroundings) {
  if (event.table_id == RowsEvent::kDummyTableId) return absl::OkStatus();
  const auto table = tables_.Update(event);
  if (table.ok()) {
    surroundings->table = *table;
    return absl::OkStatus();
  }
  return options_.filter.Selects(event.database, event.table)
             ? table.status()
             : absl::OkStatus();
}

absl::Status BinlogPrinter::FollowRows(const RowsEvent& rows,
                                       EventSurroundings* surroundings) {
  if (rows.table_id == RowsEvent::kDummyTableId) return absl::OkStatus();
  BINFERRY_ASSIGN_OR_RETURN(surroundings->table, tables_.Find(rows.table_id));
  if (surroundings->table == nullptr || !options_.prints_events) {
    return absl::OkStatus();
  }
  const auto count = CountRows(surroundings->table->map, rows);
  if (count.ok()) {
    surroundings->row_count = *count;
    return absl::OkStatus();
  }
  return IsSelected(*surroundings->table) ? count.status() : absl::OkStatus();
}

void BinlogPrinter::BeginGroup(std::string gtid) {
  gtid_ = std::move(gtid);
  change_count_ = 0;
  tables_.ForgetAtLimit();
}

absl::Status BinlogPrinter::PrintLine(const Occurrence& occurrence,
                                      const Event* event,
                                      const EventSurroundings& surroundings,
                                      absl::Status* problem) {
  if (!IsPrinted(occurrence)) return absl::OkStatus();
  const EventHeader& header = occurrence.frame.header;
  JsonObject line(out_->line());
  line.Text("event", NameOf(header.type));
  line.Number("type", header.type);
  line.Text("file", occurrence.file);
  line.Number("position", occurrence.frame.position);
  line.Number("end", occurrence.end);
  if (occurrence.is_inner) line.Flag("inside", true);
  if (header.timestamp != 0) line.Text("time", UtcTime(header.timestamp));
  line.Number("server_id", header.server_id);
  WriteFlags(header, &line);
  if (event != nullptr) {
    const absl::Status content =
        WriteEventContent(occurrence.frame, *event, surroundings, &line);
    if (problem->ok()) *problem = decoder_.Locate(content);
  }
  if (!problem->ok()) line.Text("error", problem->message());
  line.Close();
  return out_->EndLine();
}

absl::Status BinlogPrinter::PrintPayload(
    const Occurrence& outer, const TransactionPayloadEvent& payload) {
  if (const absl::Status started = payload_.Start(payload); !started.ok()) {
    return Unreadable(decoder_.Locate(started));
  }
  Occurrence inner{
      .frame = {}, .file = outer.file, .end = outer.end, .is_inner = true};
  while (true) {
    const auto raw = payload_.Next();
    if (!raw.ok()) return Unreadable(decoder_.Locate(raw.status()));
    if (!raw->has_value()) return absl::OkStatus();
    const auto frame = decoder_.FrameInner(**raw);
    if (!frame.ok()) return Unreadable(frame.status());
    inner.frame = *frame;
    BINFERRY_RETURN_IF_ERROR(PrintEvent(inner));
  }
}

absl::Status BinlogPrinter::PrintChanges(const Occurrence& occurrence,
                                         const PrintedTable& table,
                                         const RowsEvent& rows) {
  if (const absl::Status started = rows_.Start(table.map, rows);
      !started.ok()) {
    return Unreadable(decoder_.Locate(started));
  }
  before_.resize(table.map.steps.size());
  after_.resize(table.map.steps.size());
  const std::string time = UtcTime(occurrence.frame.header.timestamp);
  while (rows_.HasNext()) {
    const absl::Status next =
        rows_.Next(absl::MakeSpan(before_), absl::MakeSpan(after_));
    if (!next.ok()) return Unreadable(decoder_.Locate(next));
    ++change_count_;
    BINFERRY_RETURN_IF_ERROR(PrintChange(occurrence, time, table, rows));
  }
  return absl::OkStatus();
}

absl::Status BinlogPrinter::PrintChange(const Occurrence& occurrence,
                                        const std::string& time,
                                        const PrintedTable& table,
                                        const RowsEvent& rows) {
  std::string* const out = out_->line();
  JsonObject line(out);
  line.Text("change", ChangeName(rows.kind));
  line.Text("file", occurrence.file);
  line.Number("position", occurrence.frame.position);
  line.Number("row", change_count_);
  if (gtid_.empty()) {
    line.Null("gtid");
  } else {
    line.Text("gtid", gtid_);
  }
  line.Text("time", time);
  line.Text("database", table.map.schema.database);
  line.Text("table", table.map.schema.table);
  if (rows.kind != RowsEvent::Kind::kWrite) {
    line.Key("before");
    images_.Append(table, before_, rows.before_columns, out);
  }
  if (rows.kind != RowsEvent::Kind::kDelete) {
    line.Key("after");
    images_.Append(table, after_, rows.after_columns, out);
  }
  line.Close();
  return out_->EndLine();
}

absl::Status BinlogPrinter::Unreadable(const absl::Status& status) const {
  if (!options_.on_unreadable) return status;
  options_.on_unreadable(status);
  return absl::OkStatus();
}

bool BinlogPrinter::IsPrinted(const Occurrence& occurrence) const {
  return options_.prints_events &&
         (options_.prints_artificial || occurrence.is_inner ||
          !StandsInNoFile(occurrence.frame.header));
}

bool BinlogPrinter::IsSelected(const PrintedTable& table) const {
  return options_.filter.Selects(table.map.schema.database,
                                 table.map.schema.table);
}

}  // namespace binferry::worker
