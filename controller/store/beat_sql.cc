#include "controller/store/beat_sql.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "controller/store/notify.h"

namespace binferry::controller {
namespace {

constexpr char kOrders[] = R"sql(
  SELECT 'order' AS kind, t.uid, t.epoch, t.generation, t.state,
    t.desired_state, t.stop_mode, t.retry_count, NULL::uuid AS probe_id,
    NULL::bytea AS question, NULL::bigint AS time_left_ms
  FROM tasks t WHERE t.worker = $1 AND t.worker_incarnation = $2
  UNION ALL
  SELECT 'probe', t.uid, t.epoch, t.generation, t.state, t.desired_state,
    t.stop_mode, t.retry_count, p.id, p.question,
    (extract(epoch FROM p.deadline - now()) * 1000)::bigint
  FROM probes p JOIN tasks t ON t.uid = p.task_uid
  WHERE t.worker = $1 AND t.worker_incarnation = $2
    AND p.answer_time IS NULL AND p.deadline > now()
)sql";

// The worker itself. A process that is new takes the name over; one that was
// replaced, and a number that is not above the last one, change nothing.
constexpr char kBeat[] = R"sql(
before AS (SELECT * FROM workers WHERE name = $1),
beat AS (
  INSERT INTO workers AS w (name, incarnation, sequence, last_heartbeat_time,
    region, availability_zone, network_types, vpc, subnet, labels, slots,
    software_version, draining)
  VALUES ($1, $2, $3, now(), $4, $5, $6::integer[], $7, $8, $9::jsonb, $10,
    $11, $12)
  ON CONFLICT (name) DO UPDATE SET
    superseded = CASE WHEN w.incarnation = excluded.incarnation
      THEN w.superseded
      ELSE (array_prepend(w.incarnation, w.superseded))[1:100] END,
    incarnation = excluded.incarnation, sequence = excluded.sequence,
    last_heartbeat_time = excluded.last_heartbeat_time,
    region = excluded.region, availability_zone = excluded.availability_zone,
    network_types = excluded.network_types, vpc = excluded.vpc,
    subnet = excluded.subnet, labels = excluded.labels, slots = excluded.slots,
    software_version = excluded.software_version, draining = excluded.draining
  WHERE (w.incarnation = excluded.incarnation
      AND w.sequence < excluded.sequence)
    OR (w.incarnation <> excluded.incarnation
      AND NOT excluded.incarnation = ANY (w.superseded))
  RETURNING w.name
),
)sql";

// The reports of tasks that the worker has under that epoch, with what was
// reported before.
constexpr char kInput[] = R"sql(
input AS (
  SELECT DISTINCT ON (i.uid) i.*,
    old.task_uid IS NULL OR old.epoch <> i.epoch
      OR old.run_state <> i.run_state OR old.generation <> i.generation
      OR old.retry_count <> i.retry_count
      OR old.found_epoch <> i.found_epoch AS is_news
  FROM json_to_recordset($13::json) AS i (uid uuid, epoch bigint,
    generation bigint, run_state text, retry_count bigint, found_epoch bigint,
    start_position_committed boolean, lag_ms bigint, fault_code text,
    fault_message text, fault_time timestamptz, fault_attempts integer,
    fault_next_retry_time timestamptz, binlog_file text,
    binlog_position numeric, gtid_set text, rows_done numeric,
    source_time timestamptz, last_record_id numeric, inserts numeric,
    updates numeric, deletes numeric, records numeric, transactions numeric,
    binlog_bytes numeric, record_bytes numeric, ddl_omitted numeric,
    recoveries numeric, replaced_texts numeric, alerts numeric,
    fault_first_time timestamptz, fault_remedy text, source_file text,
    source_position numeric, source_gtid_set text, memory_bytes numeric,
    memory_limit_bytes numeric, queued_records numeric,
    queued_records_limit numeric, back_pressure_reason text, top_tables json,
    events json, log_lines json)
  JOIN tasks t ON t.uid = i.uid AND t.worker = $1
    AND t.worker_incarnation = $2 AND t.epoch = i.epoch
  LEFT JOIN task_reports old ON old.task_uid = i.uid
  WHERE EXISTS (SELECT 1 FROM beat)
),
)sql";

// Average of about 10 s: the older, the less it weighs.
std::string Rate(absl::string_view rate, absl::string_view counter) {
  const std::string seconds =
      "greatest(extract(epoch FROM excluded.time - r.time), 0.001)";
  return absl::StrCat(rate, " = CASE WHEN r.epoch <> excluded.epoch OR r.",
                      counter, " IS NULL THEN 0 ELSE r.", rate, " + (1 - exp(-",
                      seconds, " / 10)) * (greatest(coalesce(excluded.",
                      counter, ", r.", counter, ") - r.", counter, ", 0) / ",
                      seconds, " - r.", rate, ") END");
}

// Position and counters that a report leaves out stay as they were.
std::string Reported() {
  constexpr absl::string_view kFacts[] = {"generation",
                                          "run_state",
                                          "retry_count",
                                          "found_epoch",
                                          "lag_ms",
                                          "fault_code",
                                          "fault_message",
                                          "fault_time",
                                          "fault_attempts",
                                          "fault_next_retry_time",
                                          "fault_first_time",
                                          "fault_remedy",
                                          "memory_bytes",
                                          "memory_limit_bytes",
                                          "queued_records",
                                          "queued_records_limit",
                                          "back_pressure_reason"};
  constexpr absl::string_view kPosition[] = {"binlog_file", "binlog_position",
                                             "gtid_set",    "rows_done",
                                             "source_time", "last_record_id"};
  constexpr absl::string_view kSource[] = {"source_file", "source_position",
                                           "source_gtid_set"};
  constexpr absl::string_view kCounters[] = {
      "inserts",      "updates",        "deletes",      "records",
      "transactions", "binlog_bytes",   "record_bytes", "ddl_omitted",
      "recoveries",   "replaced_texts", "alerts"};
  std::vector<std::string> columns = {"epoch"};
  std::vector<std::string> sets = {"epoch = excluded.epoch",
                                   "sequence = excluded.sequence",
                                   "time = excluded.time"};
  for (const absl::string_view column : kFacts) {
    columns.emplace_back(column);
    sets.push_back(absl::StrCat(column, " = excluded.", column));
  }
  for (const absl::string_view column : kPosition) {
    columns.emplace_back(column);
    sets.push_back(absl::StrCat(
        column, " = CASE WHEN excluded.binlog_file IS NULL THEN r.", column,
        " ELSE excluded.", column, " END"));
  }
  for (const absl::string_view column : kSource) {
    columns.emplace_back(column);
    sets.push_back(absl::StrCat(column,
                                " = CASE WHEN excluded.source_file IS NULL "
                                "THEN r.",
                                column, " ELSE excluded.", column, " END"));
  }
  for (const absl::string_view column : kCounters) {
    columns.emplace_back(column);
    sets.push_back(absl::StrCat(column, " = coalesce(excluded.", column, ", r.",
                                column, ")"));
  }
  sets.push_back(Rate("records_per_second", "records"));
  sets.push_back(Rate("binlog_bytes_per_second", "binlog_bytes"));
  sets.push_back(Rate("transactions_per_second", "transactions"));
  sets.emplace_back(
      "observed_generation = CASE WHEN excluded.generation = 0 THEN "
      "r.observed_generation ELSE excluded.generation END");
  return absl::StrCat(
      "reported AS (INSERT INTO task_reports AS r (task_uid, "
      "sequence, time, observed_generation, ",
      absl::StrJoin(columns, ", "), ") SELECT uid, $3, now(), generation, ",
      absl::StrJoin(columns, ", "),
      " FROM input ON CONFLICT (task_uid) DO UPDATE SET ",
      absl::StrJoin(sets, ", "), " WHERE r.epoch <= excluded.epoch),\n");
}

constexpr char kRest[] = R"sql(
committed AS (
  UPDATE tasks t SET start_position_committed = true FROM input i
  WHERE t.uid = i.uid AND t.epoch = i.epoch AND i.start_position_committed
    AND NOT t.start_position_committed
    AND i.generation >= t.reset_generation
),
listed AS (
  INSERT INTO task_top_tables (task_uid, place, database, table_name, inserts,
    updates, deletes, record_bytes)
  SELECT i.uid, c.place, coalesce(c.database, ''), coalesce(c.table_name, ''),
    coalesce(c.inserts, 0), coalesce(c.updates, 0), coalesce(c.deletes, 0),
    coalesce(c.record_bytes, 0)
  FROM input i, json_to_recordset(i.top_tables) AS c (place integer,
    database text, table_name text, inserts numeric, updates numeric,
    deletes numeric, record_bytes numeric)
  ON CONFLICT (task_uid, place) DO UPDATE SET database = excluded.database,
    table_name = excluded.table_name, inserts = excluded.inserts,
    updates = excluded.updates, deletes = excluded.deletes,
    record_bytes = excluded.record_bytes
),
unlisted AS (
  DELETE FROM task_top_tables p USING input i
  WHERE p.task_uid = i.uid AND i.top_tables IS NOT NULL
    AND p.place >= json_array_length(i.top_tables)
),
happened AS (
  INSERT INTO task_events (task_uid, time, reason, message, epoch, number,
    actor)
  SELECT i.uid, e.time, e.reason, e.message, i.epoch, e.number, 'worker ' || $1
  FROM input i, json_to_recordset(i.events) AS e (number bigint, reason text,
    message text, time timestamptz)
  ON CONFLICT DO NOTHING
),
logged AS (
  INSERT INTO task_log_lines (task_uid, time, level, message, worker, epoch,
    number)
  SELECT i.uid, l.time, l.level, l.message, $1, i.epoch, l.number
  FROM input i, json_to_recordset(i.log_lines) AS l (number bigint,
    time timestamptz, level integer, message text)
  ON CONFLICT DO NOTHING
),
)sql";

// Wakes the planner when there is something for it.
std::string Notified() {
  return absl::StrCat("notified AS (SELECT pg_notify('", kNotifyChannel, "', '",
                      EncodeChange({.kind = Change::Kind::kReport}), R"sql(')
  WHERE EXISTS (SELECT 1 FROM input WHERE is_news)
    OR (EXISTS (SELECT 1 FROM beat) AND NOT EXISTS (SELECT 1 FROM before
      WHERE incarnation = $2 AND draining = $12 AND slots = $10))
),
)sql");
}

}  // namespace

std::string OrdersSql() { return kOrders; }

std::string BeatSql() {
  return absl::StrCat("WITH ", kBeat, kInput, Reported(), kRest, Notified(),
                      "orders AS (", kOrders, R"sql()
SELECT coalesce((SELECT $2 = ANY (superseded) FROM before), false)
    AS superseded,
  (SELECT count(*) FROM notified) AS notified, o.*
FROM (VALUES (1)) AS one (one) LEFT JOIN orders o ON true)sql");
}

}  // namespace binferry::controller
