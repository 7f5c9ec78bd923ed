#include "worker/pipeline/testing/scripted_server.h"

#include <utility>

#include "worker/binlog/testing/payload_builder.h"

namespace binferry::worker {
namespace {

constexpr uint64_t kTableId = 100;

GtidOrigin Origin() {
  GtidOrigin origin;
  origin.uuid.fill(0x3e);
  return origin;
}

}  // namespace

EventBuilder::RowsSpec InsertOf(const TableSchema& schema,
                                std::vector<Row> after) {
  EventBuilder::RowsSpec rows;
  rows.kind = RowsEvent::Kind::kWrite;
  rows.schema = &schema;
  rows.after = std::move(after);
  return rows;
}

EventBuilder::RowsSpec UpdateOf(const TableSchema& schema,
                                std::vector<Row> before,
                                std::vector<Row> after) {
  EventBuilder::RowsSpec rows = InsertOf(schema, std::move(after));
  rows.kind = RowsEvent::Kind::kUpdate;
  rows.before = std::move(before);
  return rows;
}

EventBuilder::RowsSpec DeleteOf(const TableSchema& schema,
                                std::vector<Row> before) {
  EventBuilder::RowsSpec rows;
  rows.kind = RowsEvent::Kind::kDelete;
  rows.schema = &schema;
  rows.before = std::move(before);
  return rows;
}

TableSchema IdAndText(absl::string_view database, absl::string_view table,
                      bool has_key) {
  TableSchema schema;
  schema.database = std::string(database);
  schema.table = std::string(table);
  Column id;
  id.name = "id";
  Column text;
  text.name = "c";
  text.kind = ColumnKind::kVarchar;
  text.is_nullable = true;
  text.charset = Charset::kUtf8mb4;
  text.max_bytes = 60000;
  schema.columns = {id, text};
  if (has_key) schema.key_columns = {0};
  return schema;
}

ScriptedServer::ScriptedServer() {
  head_ = {builder_.FakeRotate(), builder_.FormatDescription(),
           builder_.PreviousGtids(GtidSet())};
  head_end_ = builder_.position();
}

Gtid ScriptedServer::TakeGtid() {
  return Gtid{.origin = Origin(), .number = next_number_};
}

std::string ScriptedServer::NextGtid() {
  group_start_ = builder_.position();
  return builder_.Gtid(TakeGtid());
}

std::vector<std::string> ScriptedServer::Begin() {
  std::vector<std::string> events = {NextGtid()};
  events.push_back(builder_.Query("", "BEGIN"));
  return events;
}

void ScriptedServer::Transaction(
    const std::vector<EventBuilder::RowsSpec>& events) {
  std::vector<std::string> group = {NextGtid()};
  EventBuilder inner;
  inner.set_clock(builder_.clock());
  EventBuilder* const builder = compresses_ ? &inner : &builder_;
  std::vector<std::string> rest = {builder->Query("", "BEGIN")};
  uint64_t table_id = kTableId;
  for (const EventBuilder::RowsSpec& rows : events) {
    rest.push_back(builder->TableMap(++table_id, *rows.schema));
    rest.push_back(builder->Rows(table_id, rows));
  }
  rest.push_back(builder->Xid(next_number_));
  if (compresses_) {
    rest = {builder_.Raw(static_cast<uint8_t>(EventType::kTransactionPayload),
                         PayloadOf(rest))};
  }
  group.insert(group.end(), rest.begin(), rest.end());
  Group(std::move(group));
}

void ScriptedServer::Statement(
    absl::string_view database, absl::string_view text,
    const std::vector<std::string>& updated_databases) {
  std::vector<std::string> group = {NextGtid()};
  group.push_back(
      builder_.Query(database, text,
                     updated_databases.empty()
                         ? std::vector<std::string>{std::string(database)}
                         : updated_databases));
  Group(std::move(group));
}

void ScriptedServer::Group(std::vector<std::string> events) {
  const Gtid gtid = TakeGtid();
  groups_.push_back({gtid, group_start_, std::move(events)});
  executed_.Add(gtid);
  ++next_number_;
}

SourceOpener ScriptedServer::Opener(absl::Status end) {
  return [this, end](const Checkpoint& checkpoint)
             -> absl::StatusOr<std::unique_ptr<BinlogSource>> {
    const absl::StatusOr<GtidSet> known = GtidSet::Parse(checkpoint.gtid_set);
    if (!known.ok()) return known.status();
    std::vector<std::string> events = head_;
    EventBuilder place;
    uint64_t position = head_end_;
    for (const Written& group : groups_) {
      if (known->Contains(group.gtid)) continue;
      if (group.position != position) {
        place.SkipTo(group.position);
        events.push_back(place.Heartbeat());
      }
      events.insert(events.end(), group.events.begin(), group.events.end());
      position = group.position;
      for (const std::string& event : group.events) position += event.size();
    }
    auto source = std::make_unique<ScriptedBinlogSource>(events, end);
    source_ = source.get();
    ++open_count_;
    return source;
  };
}

StartResolver ScriptedServer::StartOfFile() const {
  return []() -> absl::StatusOr<Checkpoint> {
    Checkpoint start;
    start.uses_gtid = true;
    start.file = "binlog.000001";
    start.position = 4;
    return start;
  };
}

}  // namespace binferry::worker
