#include "controller/store/report_json.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controller/store/json_text.h"

namespace binferry::controller {
namespace {

// Messages are for people; longer ones are cut.
constexpr size_t kMaxMessageBytes = 8 * 1024;

// Writes the members of one object.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(out) { out_->push_back('{'); }

  void Number(absl::string_view key, const absl::AlphaNum& value) {
    Key(key);
    absl::StrAppend(out_, value);
  }
  void Bool(absl::string_view key, bool value) {
    Key(key);
    absl::StrAppend(out_, value ? "true" : "false");
  }
  void Text(absl::string_view key, absl::string_view value) {
    Key(key);
    AppendJsonString(value.substr(0, kMaxMessageBytes), out_);
  }
  // Sets of GTIDs are as long as they are.
  void LongText(absl::string_view key, absl::string_view value) {
    Key(key);
    AppendJsonString(value, out_);
  }
  void Time(absl::string_view key, const std::optional<absl::Time>& value) {
    if (!value.has_value()) return;
    Key(key);
    AppendJsonString(
        absl::FormatTime("%Y-%m-%d %H:%M:%E*S%Ez", *value, absl::UTCTimeZone()),
        out_);
  }
  std::string* Raw(absl::string_view key) {
    Key(key);
    return out_;
  }
  void End() { out_->push_back('}'); }

 private:
  void Key(absl::string_view key) {
    if (!is_first_) out_->push_back(',');
    is_first_ = false;
    absl::StrAppend(out_, "\"", key, "\":");
  }

  std::string* const out_;
  bool is_first_ = true;
};

void WritePosition(const Position& position, ObjectWriter* object) {
  object->Text("binlog_file", position.file);
  object->Number("binlog_position", position.position);
  object->LongText("gtid_set", position.gtid_set);
  object->Number("rows_done", position.rows_done);
  object->Time("source_time", position.source_time);
  object->Number("last_record_id", position.last_record_id);
}

void WriteLoad(const PipelineLoad& load, ObjectWriter* object) {
  object->Number("memory_bytes", load.memory_bytes);
  object->Number("memory_limit_bytes", load.memory_limit_bytes);
  object->Number("queued_records", load.queued_records);
  object->Number("queued_records_limit", load.queued_records_limit);
  object->Text("back_pressure_reason", load.back_pressure_reason);
}

void WriteTopTables(const std::vector<TableCounters>& tables,
                    std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < std::min(tables.size(), kMaxTopTables); ++i) {
    if (i > 0) out->push_back(',');
    ObjectWriter object(out);
    object.Number("place", i);
    object.Text("database", tables[i].database);
    object.Text("table_name", tables[i].table);
    object.Number("inserts", tables[i].inserts);
    object.Number("updates", tables[i].updates);
    object.Number("deletes", tables[i].deletes);
    object.Number("record_bytes", tables[i].record_bytes);
    object.End();
  }
  out->push_back(']');
}

void WriteCounters(const Counters& counters, ObjectWriter* object) {
  object->Number("inserts", counters.inserts);
  object->Number("updates", counters.updates);
  object->Number("deletes", counters.deletes);
  object->Number("records", counters.records);
  object->Number("transactions", counters.transactions);
  object->Number("binlog_bytes", counters.binlog_bytes);
  object->Number("record_bytes", counters.record_bytes);
  object->Number("ddl_omitted", counters.ddl_omitted);
  object->Number("recoveries", counters.recoveries);
  object->Number("replaced_texts", counters.replaced_texts);
  object->Number("alerts", counters.alerts);
}

void WriteEvents(const std::vector<ReportedEvent>& events, std::string* out) {
  const size_t first =
      events.size() - std::min(events.size(), kMaxReportedEvents);
  out->push_back('[');
  for (size_t i = first; i < events.size(); ++i) {
    if (i > first) out->push_back(',');
    ObjectWriter object(out);
    object.Number("number", events[i].number);
    object.Text("reason", events[i].reason);
    object.Text("message", events[i].message);
    object.Time("time", events[i].time);
    object.End();
  }
  out->push_back(']');
}

void WriteLogLines(const std::vector<ReportedLogLine>& lines,
                   std::string* out) {
  const size_t first =
      lines.size() - std::min(lines.size(), kMaxReportedLogLines);
  out->push_back('[');
  for (size_t i = first; i < lines.size(); ++i) {
    if (i > first) out->push_back(',');
    ObjectWriter object(out);
    object.Number("number", lines[i].number);
    object.Time("time", lines[i].time);
    object.Number("level", static_cast<int>(lines[i].level));
    object.Text("message", lines[i].message);
    object.End();
  }
  out->push_back(']');
}

void WriteReport(const TaskReport& report, std::string* out) {
  ObjectWriter object(out);
  object.Text("uid", report.uid.value());
  object.Number("epoch", report.epoch.value());
  object.Number("generation", report.generation.value());
  object.Text("run_state", RunStateName(report.state));
  object.Number("retry_count", report.retry_count);
  object.Number("found_epoch", report.found_epoch.value());
  object.Bool("start_position_committed", report.start_position_committed);
  if (report.lag.has_value()) {
    object.Number("lag_ms", absl::ToInt64Milliseconds(*report.lag));
  }
  if (report.fault.has_value()) {
    object.Text("fault_code", report.fault->code);
    object.Text("fault_message", report.fault->message);
    object.Time("fault_time", report.fault->time);
    object.Number("fault_attempts", report.fault->attempts);
    object.Time("fault_next_retry_time", report.fault->next_retry_time);
    object.Time("fault_first_time", report.fault->first_time);
    object.Text("fault_remedy", report.fault->remedy);
  }
  if (report.position.has_value()) WritePosition(*report.position, &object);
  if (report.counters.has_value()) WriteCounters(*report.counters, &object);
  if (report.source_position.has_value()) {
    object.Text("source_file", report.source_position->file);
    object.Number("source_position", report.source_position->position);
    object.LongText("source_gtid_set", report.source_position->gtid_set);
  }
  if (report.load.has_value()) WriteLoad(*report.load, &object);
  if (!report.top_tables.empty()) {
    WriteTopTables(report.top_tables, object.Raw("top_tables"));
  }
  WriteEvents(report.events, object.Raw("events"));
  WriteLogLines(report.log_lines, object.Raw("log_lines"));
  object.End();
}

}  // namespace

std::string ReportsToJson(const std::vector<TaskReport>& reports) {
  std::string out = "[";
  for (const TaskReport& report : reports) {
    if (out.size() > 1) out.push_back(',');
    WriteReport(report, &out);
  }
  out.push_back(']');
  return out;
}

}  // namespace binferry::controller
