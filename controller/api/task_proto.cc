#include "controller/api/task_proto.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/resource_name.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/model/task_state.h"
#include "controller/model/worker.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

google::protobuf::Duration DurationToProto(absl::Duration duration) {
  google::protobuf::Duration out;
  absl::Duration rest;
  out.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return out;
}

// Lag and rates are of the moment: they show only while the worker that has the
// task runs it and is heard of.
bool IsOfTheMoment(const StoredReport* current, absl::Time now) {
  if (current == nullptr || now - current->time > kLease) return false;
  switch (current->report.state) {
    case RunState::kRunning:
    case RunState::kRetrying:
      return true;
    case RunState::kUnspecified:
    case RunState::kIdle:
    case RunState::kStarting:
    case RunState::kFailed:
    case RunState::kFinished:
      return false;
  }
  return false;
}

void ReportToProto(const Task& task, absl::Time now, v1::TaskStatus* status) {
  if (!task.report.has_value()) return;
  const TaskReport& report = task.report->report;
  status->set_observed_generation(task.report->observed_generation.value());
  *status->mutable_report_time() = TimeToProto(task.report->time);
  if (report.position.has_value()) {
    *status->mutable_position() = PositionToProto(*report.position);
  }
  if (report.source_position.has_value()) {
    *status->mutable_source_position() =
        PositionToProto(*report.source_position);
  }
  if (report.counters.has_value()) {
    *status->mutable_counters() = CountersToProto(*report.counters);
  }
  if (!IsOfTheMoment(task.CurrentReport(), now)) return;
  if (report.lag.has_value()) {
    *status->mutable_lag() = DurationToProto(*report.lag);
  }
  if (report.load.has_value()) {
    *status->mutable_load() = LoadToProto(*report.load);
  }
  status->mutable_rates()->set_transactions_per_second(
      task.report->rates.transactions_per_second);
  status->mutable_rates()->set_records_per_second(
      task.report->rates.records_per_second);
  status->mutable_rates()->set_binlog_bytes_per_second(
      task.report->rates.binlog_bytes_per_second);
}

v1::TaskStatus StatusToProto(const Task& task, absl::Time now) {
  v1::TaskStatus status;
  status.set_state(static_cast<v1::TaskState>(static_cast<int>(task.state)));
  *status.mutable_state_time() = TimeToProto(task.state_time);
  status.set_state_message(task.state_message);
  if (task.assignment.assigned()) {
    status.set_worker(FormatWorkerName(task.assignment.worker.name.value()));
  }
  status.set_epoch(task.assignment.epoch.value());
  ReportToProto(task, now, &status);
  const StoredReport* current = task.CurrentReport();
  if (task.failure.has_value()) {
    *status.mutable_last_error() = FaultToProto(*task.failure);
  } else if (current != nullptr && current->report.fault.has_value()) {
    *status.mutable_last_error() = FaultToProto(*current->report.fault);
  }
  for (const std::string& action : AvailableActions(task.state)) {
    status.add_available_actions(action);
  }
  return status;
}

void DetailsToProto(const TaskDetails& details, v1::TaskStatus* status) {
  for (const TaskEvent& event : details.events) {
    *status->add_recent_events() = EventToProto(event);
  }
  for (const std::string& document : details.tests) {
    v1::ConnectionTest test;
    if (!test.ParseFromString(document)) continue;
    (test.endpoint() == v1::ENDPOINT_DESTINATION
         ? *status->mutable_destination_test()
         : *status->mutable_source_test()) = std::move(test);
  }
  for (const TableCounters& table : details.top_tables) {
    *status->add_top_tables() = TableCountersToProto(table);
  }
}

}  // namespace

absl::StatusOr<TaskView> ViewFromProto(v1::TaskView view,
                                       TaskView when_unspecified) {
  if (view == v1::TASK_VIEW_UNSPECIFIED) return when_unspecified;
  if (view == v1::TASK_VIEW_BASIC) return TaskView::kBasic;
  if (view == v1::TASK_VIEW_FULL) return TaskView::kFull;
  return InvalidFieldError(
      "view", absl::StrCat("has no value ", static_cast<int>(view)));
}

absl::StatusOr<v1::Task> ToProto(const Task& task, TaskView view,
                                 const TaskDetails& details, absl::Time now) {
  BINFERRY_ASSIGN_OR_RETURN(v1::Task out, ParseDocument(task.spec));
  ClearSecrets(&out);  // There are none; a fault elsewhere must not show any.
  out.set_name(FormatTaskName(task.key));
  out.set_uid(task.uid.value());
  out.set_etag(EtagOf(task));
  out.set_generation(task.generation.value());
  *out.mutable_create_time() = TimeToProto(task.create_time);
  *out.mutable_update_time() = TimeToProto(task.update_time);
  *out.mutable_status() = StatusToProto(task, now);
  switch (view) {
    case TaskView::kBasic:
      ReduceToBasic(&out);
      break;
    case TaskView::kFull:
      DetailsToProto(details, out.mutable_status());
      break;
  }
  return out;
}

v1::Position PositionToProto(const Position& position) {
  v1::Position out;
  if (!position.file.empty()) {
    out.mutable_coordinates()->set_file(position.file);
    out.mutable_coordinates()->set_position(position.position);
  }
  out.set_gtid_set(position.gtid_set);
  out.set_rows_done(position.rows_done);
  if (position.source_time.has_value()) {
    *out.mutable_source_time() = TimeToProto(*position.source_time);
  }
  out.set_last_record_id(position.last_record_id);
  return out;
}

v1::Counters CountersToProto(const Counters& counters) {
  v1::Counters out;
  out.set_inserts(counters.inserts);
  out.set_updates(counters.updates);
  out.set_deletes(counters.deletes);
  out.set_records(counters.records);
  out.set_transactions(counters.transactions);
  out.set_binlog_bytes(counters.binlog_bytes);
  out.set_record_bytes(counters.record_bytes);
  out.set_ddl_omitted(counters.ddl_omitted);
  out.set_recoveries(counters.recoveries);
  out.set_replaced_texts(counters.replaced_texts);
  out.set_alerts(counters.alerts);
  return out;
}

v1::PipelineLoad LoadToProto(const PipelineLoad& load) {
  v1::PipelineLoad out;
  out.set_memory_bytes(load.memory_bytes);
  out.set_memory_limit_bytes(load.memory_limit_bytes);
  out.set_queued_records(load.queued_records);
  out.set_queued_records_limit(load.queued_records_limit);
  out.set_back_pressure_reason(load.back_pressure_reason);
  return out;
}

v1::TableCounters TableCountersToProto(const TableCounters& counters) {
  v1::TableCounters out;
  out.set_database(counters.database);
  out.set_table(counters.table);
  out.set_inserts(counters.inserts);
  out.set_updates(counters.updates);
  out.set_deletes(counters.deletes);
  out.set_record_bytes(counters.record_bytes);
  return out;
}

v1::TaskEvent EventToProto(const TaskEvent& event) {
  v1::TaskEvent out;
  *out.mutable_time() = TimeToProto(event.time);
  out.set_reason(event.reason);
  out.set_message(event.message);
  out.set_actor(event.actor);
  out.set_result(event.result);
  return out;
}

v1::Fault FaultToProto(const Fault& fault) {
  v1::Fault out;
  out.set_code(fault.code);
  out.set_message(fault.message);
  *out.mutable_time() = TimeToProto(fault.time);
  out.set_attempts(fault.attempts);
  if (fault.next_retry_time.has_value()) {
    *out.mutable_next_retry_time() = TimeToProto(*fault.next_retry_time);
  }
  if (fault.first_time.has_value()) {
    *out.mutable_first_time() = TimeToProto(*fault.first_time);
  }
  out.set_remedy(fault.remedy);
  return out;
}

std::string EtagOf(const Task& task) { return absl::StrCat(task.revision); }

}  // namespace binferry::controller
