// What a worker says of one task in a heartbeat.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_REPORT_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/ids.h"
#include "controller/model/event.h"

namespace binferry::controller {

// Numbered as binferry.coordination.v1.RunState.
enum class RunState {
  kUnspecified,
  kIdle,
  kStarting,
  kRunning,
  kRetrying,
  kFailed,
  kFinished,
};

// "IDLE", "STARTING", ...; what PostgreSQL keeps.
absl::string_view RunStateName(RunState state);
std::optional<RunState> ParseRunState(absl::string_view name);

struct Position {
  std::string file;
  uint64_t position = 0;
  std::string gtid_set;
  uint64_t rows_done = 0;
  std::optional<absl::Time> source_time;
  uint64_t last_record_id = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

struct Counters {
  uint64_t inserts = 0;
  uint64_t updates = 0;
  uint64_t deletes = 0;
  uint64_t records = 0;
  uint64_t transactions = 0;
  uint64_t binlog_bytes = 0;
  uint64_t record_bytes = 0;
  uint64_t ddl_omitted = 0;
  uint64_t recoveries = 0;
  uint64_t replaced_texts = 0;
  uint64_t alerts = 0;

  friend bool operator==(const Counters&, const Counters&) = default;
};

// Over the last heartbeats, about 10 s.
struct Rates {
  double records_per_second = 0;
  double binlog_bytes_per_second = 0;
  double transactions_per_second = 0;

  friend bool operator==(const Rates&, const Rates&) = default;
};

// Since the worker opened the task; names as in the source.
struct TableCounters {
  std::string database;
  std::string table;
  uint64_t inserts = 0;
  uint64_t updates = 0;
  uint64_t deletes = 0;
  uint64_t record_bytes = 0;  // Of record values.

  friend bool operator==(const TableCounters&, const TableCounters&) = default;
};

// Of so many tables of a task counters are reported and kept.
inline constexpr size_t kMaxTopTables = 20;

// What a run holds and waits for; see binferry.v1.PipelineLoad.
struct PipelineLoad {
  uint64_t memory_bytes = 0;
  uint64_t memory_limit_bytes = 0;
  uint64_t queued_records = 0;
  uint64_t queued_records_limit = 0;
  std::string back_pressure_reason;  // "" = none.

  friend bool operator==(const PipelineLoad&, const PipelineLoad&) = default;
};

struct Fault {
  std::string code;     // Name of a gRPC status code.
  std::string message;  // What was tried, on what, and why it failed.
  absl::Time time;      // Of the last attempt that ended so.
  int32_t attempts = 0;
  std::optional<absl::Time> next_retry_time = {};
  std::optional<absl::Time> first_time = {};
  std::string remedy = {};  // What the user can do; "" = not known.

  friend bool operator==(const Fault&, const Fault&) = default;
};

struct ReportedEvent {
  int64_t number = 0;  // From 1, per epoch and task: repeats are recognized.
  std::string reason;
  std::string message;
  absl::Time time;
};

// At most so many events of one report are kept, the newest.
inline constexpr size_t kMaxReportedEvents = 20;

struct ReportedLogLine {
  int64_t number = 0;  // As those of events, but counted by themselves.
  absl::Time time;
  TaskLogLevel level = TaskLogLevel::kInfo;
  std::string message;
};

inline constexpr size_t kMaxReportedLogLines = 50;

struct TaskReport {
  TaskUid uid;
  Epoch epoch;
  // What runs; 0 while nothing does.
  Generation generation;
  RunState state = RunState::kUnspecified;
  // Unset: what is stored stays (a reserved task reports neither).
  std::optional<Position> position;
  std::optional<Counters> counters;
  std::optional<absl::Duration> lag;
  // The source's end; unset: what is stored stays.
  std::optional<Position> source_position;
  // Most records first; empty: what is stored stays.
  std::vector<TableCounters> top_tables;
  // Unset while nothing runs.
  std::optional<PipelineLoad> load;
  std::optional<Fault> fault;
  bool start_position_committed = false;
  Epoch found_epoch;
  int64_t retry_count = 0;
  std::vector<ReportedEvent> events;
  std::vector<ReportedLogLine> log_lines;
};

// The last report of a task as stored.
struct StoredReport {
  TaskReport report;  // Without events and log lines.
  // The last one that ran; 0 before the first run.
  Generation observed_generation;
  Rates rates;
  absl::Time time;
  // Number of the heartbeat that brought it; below the worker's own number: the
  // worker no longer reports the task.
  int64_t sequence = 0;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_REPORT_H_
