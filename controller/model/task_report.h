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

  friend bool operator==(const Rates&, const Rates&) = default;
};

struct Fault {
  std::string code;  // Name of a gRPC status code.
  std::string message;
  absl::Time time;
  int32_t attempts = 0;
  std::optional<absl::Time> next_retry_time = {};

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
  std::optional<Fault> fault;
  bool start_position_committed = false;
  Epoch found_epoch;
  int64_t retry_count = 0;
  std::vector<ReportedEvent> events;
};

// The last report of a task as stored.
struct StoredReport {
  TaskReport report;  // Without events.
  Rates rates;
  absl::Time time;
  // Number of the heartbeat that brought it; below the worker's own number: the
  // worker no longer reports the task.
  int64_t sequence = 0;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_REPORT_H_
