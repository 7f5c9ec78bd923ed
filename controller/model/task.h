// A task as the controller knows it.
#ifndef BINFERRY_CONTROLLER_MODEL_TASK_H_
#define BINFERRY_CONTROLLER_MODEL_TASK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/ids.h"
#include "controller/model/precheck.h"
#include "controller/model/task_report.h"
#include "controller/model/task_spec.h"
#include "controller/model/task_state.h"
#include "controller/model/worker.h"

namespace binferry::controller {

// `projects/{project}/tasks/{task_id}`.
struct TaskKey {
  std::string project;
  std::string task_id;

  friend bool operator==(const TaskKey&, const TaskKey&) = default;
  friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
};

// The spec as it is stored. The store and the scheduler read only the fields
// that they need; `document` is the whole spec without secrets in a form that
// only the api layer knows (the serialized public message, defaults filled in);
// `basic_document` is the same without what the BASIC view leaves out: a page
// of tasks is read without the long lists of their objects.
// `placement`, `tags` and `start_time` repeat what the document says; of
// `start_time` this copy is the truth, because StartTask may replace it.
struct StoredSpec {
  std::string document;
  std::string basic_document;
  Placement placement;
  std::map<std::string, std::string> tags;
  std::optional<absl::Time> start_time;
};

// Who has the task.
struct Assignment {
  WorkerIdentity worker;  // Empty name: nobody.
  // Of the last grant, 0 before the first. Stays when the worker goes.
  Epoch epoch;

  bool assigned() const { return !worker.name.empty(); }
};

struct Task {
  TaskKey key;
  TaskUid uid;
  Generation generation{1};
  // Grows with each change of the spec and of start_time; Task.etag is its
  // decimal text.
  int64_t revision = 1;
  // Grows with each write but those of reports: what compare-and-set compares.
  int64_t version = 1;
  absl::Time create_time;
  absl::Time update_time;
  // Of the last write of any kind but reports; the clock is PostgreSQL's.
  absl::Time change_time;
  StoredSpec spec;

  DesiredState desired_state = DesiredState::kConfigured;
  absl::Time desired_time;
  TaskState state = TaskState::kCreating;
  absl::Time state_time;
  std::string state_message;
  // Of a task that is stopped: how it ends.
  StopMode stop_mode = StopMode::kNow;
  // When a user last asked something of it: an edit, a verb, a probe. One that
  // is only configured gives its slot back when this is long ago.
  absl::Time use_time;
  // In a failed state: why. Outlives the worker's reports.
  std::optional<Fault> failure;

  Assignment assignment;
  int64_t retry_count = 0;
  // How often it was given a new start position.
  int64_t reset_count = 0;
  // A worker was told to run it once: it may have left a checkpoint in Kafka.
  bool started = false;
  // INCREMENTAL_SYNC was reached once since the last reset.
  bool synced = false;
  // Since the last reset.
  bool start_position_committed = false;

  // The last one; unset before the first.
  std::optional<PrecheckSummary> precheck;
  std::optional<StoredReport> report;

  // `report` if it was made under the present assignment.
  const StoredReport* CurrentReport() const {
    return report.has_value() && report->report.epoch == assignment.epoch
               ? &*report
               : nullptr;
  }
};

// What a worker needs to run a task beside its spec.
struct TaskRuntime {
  uint32_t server_id = 0;
  std::string replica_uuid;
  std::optional<int32_t> state_partition;  // In `kafka_cluster_id`.
  std::string kafka_cluster_id;
  bool start_position_committed = false;
  int64_t reset_count = 0;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_MODEL_TASK_H_
