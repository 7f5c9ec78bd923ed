#include "controller/store/task_row.h"

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"

namespace binferry::controller {
namespace {

constexpr char kColumns[] = R"sql(
  t.uid, t.project, t.task_id, t.generation, t.revision, t.version,
  t.create_time, t.update_time, t.change_time,
  ARRAY(SELECT unnest(ARRAY[key, value]) FROM jsonb_each_text(t.tags)) AS tags,
  t.region, t.availability_zones, t.network_type, t.vpc, t.subnet,
  t.security_group, t.start_time,
  t.desired_state, t.desired_time, t.state, t.state_time, t.state_message,
  t.failure_code, t.failure_message, t.failure_time, t.failure_attempts,
  t.failure_first_time, t.failure_remedy, t.use_time, t.stop_mode,
  t.reset_count, t.worker, t.worker_incarnation, t.epoch, t.retry_count, t.started, t.synced,
  t.start_position_committed,
  r.epoch AS report_epoch, r.sequence AS report_sequence,
  r.time AS report_time, r.generation AS report_generation, r.run_state,
  r.retry_count AS report_retry_count, r.found_epoch, r.lag_ms, r.fault_code,
  r.fault_message, r.fault_time, r.fault_attempts, r.fault_next_retry_time,
  r.binlog_file, r.binlog_position, r.gtid_set, r.rows_done, r.source_time,
  r.last_record_id, r.inserts, r.updates, r.deletes, r.records, r.transactions,
  r.binlog_bytes, r.record_bytes, r.ddl_omitted, r.recoveries,
  coalesce(r.replaced_texts, 0) AS replaced_texts,
  coalesce(r.alerts, 0) AS alerts,
  r.records_per_second, r.binlog_bytes_per_second, r.transactions_per_second,
  r.fault_first_time, r.fault_remedy, r.observed_generation, r.source_file,
  r.source_position, r.source_gtid_set, r.memory_bytes, r.memory_limit_bytes,
  r.queued_records, r.queued_records_limit, r.back_pressure_reason
)sql";

constexpr char kFrom[] = R"sql(
FROM tasks t
LEFT JOIN task_reports r ON r.task_uid = t.uid
)sql";

std::optional<Position> PositionFromRow(const PgRow& row) {
  if (row.IsNull("binlog_file")) return std::nullopt;
  return Position{.file = row.Text("binlog_file"),
                  .position = row.Uint("binlog_position"),
                  .gtid_set = row.Text("gtid_set"),
                  .rows_done = row.Uint("rows_done"),
                  .source_time = row.OptionalTime("source_time"),
                  .last_record_id = row.Uint("last_record_id")};
}

std::optional<Position> SourcePositionFromRow(const PgRow& row) {
  if (row.IsNull("source_file")) return std::nullopt;
  return Position{.file = row.Text("source_file"),
                  .position = row.Uint("source_position"),
                  .gtid_set = row.Text("source_gtid_set"),
                  .source_time = std::nullopt};
}

std::optional<PipelineLoad> LoadFromRow(const PgRow& row) {
  if (row.IsNull("memory_bytes")) return std::nullopt;
  return PipelineLoad{.memory_bytes = row.Uint("memory_bytes"),
                      .memory_limit_bytes = row.Uint("memory_limit_bytes"),
                      .queued_records = row.Uint("queued_records"),
                      .queued_records_limit = row.Uint("queued_records_limit"),
                      .back_pressure_reason = row.Text("back_pressure_reason")};
}

std::optional<Counters> CountersFromRow(const PgRow& row) {
  if (row.IsNull("records")) return std::nullopt;
  return Counters{.inserts = row.Uint("inserts"),
                  .updates = row.Uint("updates"),
                  .deletes = row.Uint("deletes"),
                  .records = row.Uint("records"),
                  .transactions = row.Uint("transactions"),
                  .binlog_bytes = row.Uint("binlog_bytes"),
                  .record_bytes = row.Uint("record_bytes"),
                  .ddl_omitted = row.Uint("ddl_omitted"),
                  .recoveries = row.Uint("recoveries"),
                  .replaced_texts = row.Uint("replaced_texts"),
                  .alerts = row.Uint("alerts")};
}

std::optional<StoredReport> ReportFromRow(const PgRow& row) {
  if (row.IsNull("report_epoch")) return std::nullopt;
  StoredReport stored;
  TaskReport& report = stored.report;
  report.uid = TaskUid(row.Text("uid"));
  report.epoch = Epoch(row.Int("report_epoch"));
  report.generation = Generation(row.Int("report_generation"));
  report.state =
      ParseRunState(row.Text("run_state")).value_or(RunState::kUnspecified);
  report.position = PositionFromRow(row);
  report.counters = CountersFromRow(row);
  if (!row.IsNull("lag_ms")) report.lag = absl::Milliseconds(row.Int("lag_ms"));
  if (!row.IsNull("fault_code")) {
    report.fault =
        Fault{.code = row.Text("fault_code"),
              .message = row.Text("fault_message"),
              .time = row.Time("fault_time"),
              .attempts = static_cast<int32_t>(row.Int("fault_attempts")),
              .next_retry_time = row.OptionalTime("fault_next_retry_time"),
              .first_time = row.OptionalTime("fault_first_time"),
              .remedy = row.Text("fault_remedy")};
  }
  report.source_position = SourcePositionFromRow(row);
  report.load = LoadFromRow(row);
  report.start_position_committed = row.Bool("start_position_committed");
  report.found_epoch = Epoch(row.Int("found_epoch"));
  report.retry_count = row.Int("report_retry_count");
  stored.rates = {
      .records_per_second = row.Double("records_per_second"),
      .binlog_bytes_per_second = row.Double("binlog_bytes_per_second"),
      .transactions_per_second = row.Double("transactions_per_second")};
  stored.observed_generation = Generation(row.Int("observed_generation"));
  stored.time = row.Time("report_time");
  stored.sequence = row.Int("report_sequence");
  return stored;
}

absl::string_view DocumentColumn(Document document) {
  switch (document) {
    case Document::kFull:
      return "t.document";
    case Document::kBasic:
      return "coalesce(t.basic_document, t.document)";
    case Document::kLeft:
      return "''::bytea";
  }
  return "";
}

StoredSpec SpecFromRow(const PgRow& row) {
  StoredSpec spec;
  spec.document = row.Bytes("document");
  const std::vector<std::string> tags = row.TextArray("tags");
  for (size_t i = 0; i + 1 < tags.size(); i += 2) {
    spec.tags[tags[i]] = tags[i + 1];
  }
  spec.placement = {
      .region = row.Text("region"),
      .availability_zones = row.TextArray("availability_zones"),
      .network_type = static_cast<NetworkType>(row.Int("network_type")),
      .vpc = row.Text("vpc"),
      .subnet = row.Text("subnet"),
      .security_group = row.Text("security_group")};
  spec.start_time = row.OptionalTime("start_time");
  return spec;
}

}  // namespace

std::string SelectTasks(Document document, absl::string_view rest) {
  return absl::StrCat("SELECT ", DocumentColumn(document), " AS document, ",
                      kColumns, kFrom, rest);
}

Task TaskFromRow(const PgRow& row) {
  Task task;
  task.key = {.project = row.Text("project"), .task_id = row.Text("task_id")};
  task.uid = TaskUid(row.Text("uid"));
  task.generation = Generation(row.Int("generation"));
  task.revision = row.Int("revision");
  task.version = row.Int("version");
  task.create_time = row.Time("create_time");
  task.update_time = row.Time("update_time");
  task.change_time = row.Time("change_time");
  task.spec = SpecFromRow(row);
  task.desired_state = ParseDesiredState(row.Text("desired_state"))
                           .value_or(DesiredState::kConfigured);
  task.desired_time = row.Time("desired_time");
  task.state = ParseTaskState(row.Text("state")).value_or(TaskState::kCreating);
  task.state_time = row.Time("state_time");
  task.state_message = row.Text("state_message");
  if (!row.IsNull("failure_code")) {
    task.failure =
        Fault{.code = row.Text("failure_code"),
              .message = row.Text("failure_message"),
              .time = row.Time("failure_time"),
              .attempts = static_cast<int32_t>(row.Int("failure_attempts")),
              .first_time = row.OptionalTime("failure_first_time"),
              .remedy = row.Text("failure_remedy")};
  }
  task.stop_mode =
      ParseStopMode(row.Text("stop_mode")).value_or(StopMode::kNow);
  task.use_time = row.Time("use_time");
  task.reset_count = row.Int("reset_count");
  task.assignment = {
      .worker = {.name = WorkerName(row.Text("worker")),
                 .incarnation = Incarnation(row.Text("worker_incarnation"))},
      .epoch = Epoch(row.Int("epoch"))};
  task.retry_count = row.Int("retry_count");
  task.started = row.Bool("started");
  task.synced = row.Bool("synced");
  task.start_position_committed = row.Bool("start_position_committed");
  task.report = ReportFromRow(row);
  return task;
}

}  // namespace binferry::controller
