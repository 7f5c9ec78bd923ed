#include "controller/coordination/assignment_proto.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/resource_name.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/rpc/spec_proto.h"
#include "controller/secrets/uuid.h"

namespace binferry::controller {
namespace {

constexpr size_t kMaxPlaceBytes = 64;
constexpr size_t kMaxLabelBytes = 255;
constexpr size_t kMaxTableNameBytes = 255;
constexpr size_t kMaxReportedGtidSetBytes = 1024 * 1024;

google::protobuf::Duration DurationToProto(absl::Duration duration) {
  google::protobuf::Duration out;
  absl::Duration rest;
  out.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &rest));
  out.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  return out;
}

// At most `max_bytes`, ending between characters, without NUL bytes, which
// PostgreSQL's text does not take.
std::string Cut(absl::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    while (max_bytes > 0 &&
           (static_cast<unsigned char>(text[max_bytes]) & 0xc0) == 0x80) {
      --max_bytes;
    }
    text = text.substr(0, max_bytes);
  }
  std::string out(text);
  out.erase(std::remove(out.begin(), out.end(), '\0'), out.end());
  return out;
}

std::optional<absl::Time> OptionalTime(
    bool has, const google::protobuf::Timestamp& timestamp) {
  if (!has) return std::nullopt;
  const absl::StatusOr<absl::Time> time = TimeFromProto(timestamp);
  return time.ok() ? std::optional<absl::Time>(*time) : std::nullopt;
}

Position PositionFromProto(const binferry::v1::Position& in) {
  Position out;
  out.file = Cut(in.coordinates().file(), kMaxReportedTextBytes);
  out.position = in.coordinates().position();
  out.gtid_set = Cut(in.gtid_set(), kMaxReportedGtidSetBytes);
  out.rows_done = in.rows_done();
  out.source_time = OptionalTime(in.has_source_time(), in.source_time());
  out.last_record_id = in.last_record_id();
  return out;
}

Counters CountersFromProto(const binferry::v1::Counters& in) {
  Counters out;
  out.inserts = in.inserts();
  out.updates = in.updates();
  out.deletes = in.deletes();
  out.records = in.records();
  out.transactions = in.transactions();
  out.binlog_bytes = in.binlog_bytes();
  out.record_bytes = in.record_bytes();
  out.ddl_omitted = in.ddl_omitted();
  out.recoveries = in.recoveries();
  out.replaced_texts = in.replaced_texts();
  out.alerts = in.alerts();
  return out;
}

Fault FaultFromProto(const binferry::v1::Fault& in) {
  Fault out;
  out.code = Cut(in.code(), 64);
  out.message = Cut(in.message(), kMaxReportedTextBytes);
  out.time = OptionalTime(in.has_time(), in.time()).value_or(absl::UnixEpoch());
  out.attempts = in.attempts();
  out.next_retry_time =
      OptionalTime(in.has_next_retry_time(), in.next_retry_time());
  out.first_time = OptionalTime(in.has_first_time(), in.first_time());
  out.remedy = Cut(in.remedy(), kMaxReportedTextBytes);
  return out;
}

PipelineLoad LoadFromProto(const binferry::v1::PipelineLoad& in) {
  PipelineLoad out;
  out.memory_bytes = in.memory_bytes();
  out.memory_limit_bytes = in.memory_limit_bytes();
  out.queued_records = in.queued_records();
  out.queued_records_limit = in.queued_records_limit();
  out.back_pressure_reason = Cut(in.back_pressure_reason(), 64);
  return out;
}

std::vector<TableCounters> TopTablesFromProto(
    const coordination_v1::TaskReport& in) {
  std::vector<TableCounters> out;
  for (const binferry::v1::TableCounters& table : in.top_tables()) {
    if (out.size() == kMaxTopTables) break;
    out.push_back({.database = Cut(table.database(), kMaxTableNameBytes),
                   .table = Cut(table.table(), kMaxTableNameBytes),
                   .inserts = table.inserts(),
                   .updates = table.updates(),
                   .deletes = table.deletes(),
                   .record_bytes = table.record_bytes()});
  }
  return out;
}

std::vector<ReportedLogLine> LogLinesFromProto(
    const coordination_v1::TaskReport& in) {
  std::vector<ReportedLogLine> out;
  const int skipped =
      std::max(0, in.log_lines_size() - static_cast<int>(kMaxReportedLogLines));
  for (int i = skipped; i < in.log_lines_size(); ++i) {
    const coordination_v1::ReportedLogLine& line = in.log_lines(i);
    const bool is_known = binferry::v1::LogLevel_IsValid(line.level()) &&
                          line.level() != binferry::v1::LOG_LEVEL_UNSPECIFIED;
    out.push_back({.number = line.number(),
                   .time = OptionalTime(line.has_time(), line.time())
                               .value_or(absl::UnixEpoch()),
                   .level = is_known ? static_cast<TaskLogLevel>(
                                           static_cast<int>(line.level()))
                                     : TaskLogLevel::kInfo,
                   .message = Cut(line.message(), kMaxReportedTextBytes)});
  }
  return out;
}

TaskReport ReportFromProto(const coordination_v1::TaskReport& in) {
  TaskReport out;
  out.uid = TaskUid(in.task_uid());
  out.epoch = Epoch(in.epoch());
  out.generation = Generation(in.generation());
  out.state = coordination_v1::RunState_IsValid(in.state())
                  ? static_cast<RunState>(static_cast<int>(in.state()))
                  : RunState::kUnspecified;
  if (in.has_position()) out.position = PositionFromProto(in.position());
  if (in.has_counters()) out.counters = CountersFromProto(in.counters());
  if (in.has_lag_ms()) out.lag = absl::Milliseconds(in.lag_ms());
  if (in.has_last_error()) out.fault = FaultFromProto(in.last_error());
  if (in.has_source_position()) {
    out.source_position = PositionFromProto(in.source_position());
  }
  if (in.has_load()) out.load = LoadFromProto(in.load());
  out.top_tables = TopTablesFromProto(in);
  out.start_position_committed = in.start_position_committed();
  out.found_epoch = Epoch(in.found_epoch());
  out.retry_count = in.retry_count();
  const int skipped =
      std::max(0, in.events_size() - static_cast<int>(kMaxReportedEvents));
  for (int i = skipped; i < in.events_size(); ++i) {
    const coordination_v1::ReportedEvent& event = in.events(i);
    out.events.push_back(
        {.number = event.number(),
         .reason = Cut(event.reason(), 64),
         .message = Cut(event.message(), kMaxReportedTextBytes),
         .time = OptionalTime(event.has_time(), event.time())
                     .value_or(absl::UnixEpoch())});
  }
  out.log_lines = LogLinesFromProto(in);
  return out;
}

void CheckPlace(const coordination_v1::WorkerPlace& place,
                std::vector<FieldViolation>* violations) {
  const auto check = [violations](absl::string_view field,
                                  absl::string_view text, size_t max_bytes) {
    if (text.size() <= max_bytes &&
        text.find('\0') == absl::string_view::npos) {
      return;
    }
    violations->push_back(
        {.field = absl::StrCat("place.", field),
         .description =
             absl::StrCat("must be at most ", max_bytes, " bytes of text")});
  };
  check("region", place.region(), kMaxPlaceBytes);
  check("availability_zone", place.availability_zone(), kMaxPlaceBytes);
  check("vpc", place.vpc(), kMaxPlaceBytes);
  check("subnet", place.subnet(), kMaxPlaceBytes);
  for (const auto& [key, value] : place.labels()) {
    check("labels", key, kMaxLabelBytes);
    check("labels", value, kMaxLabelBytes);
  }
  if (place.labels_size() > kMaxLabels) {
    violations->push_back(
        {.field = "place.labels",
         .description = absl::StrCat("has more than ", kMaxLabels)});
  }
  if (place.region().empty()) {
    violations->push_back(
        {.field = "place.region", .description = "must be set"});
  }
  for (const int type : place.network_types()) {
    if (binferry::v1::NetworkType_IsValid(type) && type != 0) continue;
    violations->push_back({.field = "place.network_types",
                           .description = absl::StrCat("has no ", type)});
  }
}

WorkerPlace PlaceFromProto(const coordination_v1::WorkerPlace& in) {
  WorkerPlace out;
  out.region = in.region();
  out.availability_zone = in.availability_zone();
  for (const int type : in.network_types()) {
    out.network_types.push_back(static_cast<NetworkType>(type));
  }
  out.vpc = in.vpc();
  out.subnet = in.subnet();
  out.labels = {in.labels().begin(), in.labels().end()};
  return out;
}

}  // namespace

absl::StatusOr<WorkerIdentity> IdentityFromProto(
    const coordination_v1::WorkerIdentity& identity) {
  if (absl::Status name = CheckWorkerId(identity.name()); !name.ok()) {
    return InvalidFieldError("worker.name", name.message());
  }
  if (!IsUuid(identity.incarnation())) {
    return InvalidFieldError("worker.incarnation", "must be a UUID");
  }
  return WorkerIdentity{.name = WorkerName(identity.name()),
                        .incarnation = Incarnation(identity.incarnation())};
}

absl::StatusOr<Heartbeat> HeartbeatFromProto(
    const coordination_v1::HeartbeatRequest& request) {
  Heartbeat heartbeat;
  BINFERRY_ASSIGN_OR_RETURN(heartbeat.worker,
                            IdentityFromProto(request.worker()));
  std::vector<FieldViolation> violations;
  CheckPlace(request.place(), &violations);
  if (request.slots() < 0 || request.slots() > kMaxSlots) {
    violations.push_back(
        {.field = "slots",
         .description = absl::StrCat("must be 0 to ", kMaxSlots)});
  }
  if (request.tasks_size() > kMaxReportedTasks) {
    violations.push_back(
        {.field = "tasks",
         .description = absl::StrCat("has more than ", kMaxReportedTasks)});
  }
  for (const coordination_v1::TaskReport& report : request.tasks()) {
    if (IsUuid(report.task_uid())) continue;
    violations.push_back(
        {.field = "tasks.task_uid", .description = "must be a UUID"});
    break;
  }
  BINFERRY_RETURN_IF_ERROR(
      FieldViolationsError(absl::StatusCode::kInvalidArgument, violations));
  heartbeat.sequence = request.sequence();
  heartbeat.place = PlaceFromProto(request.place());
  heartbeat.slots = request.slots();
  heartbeat.version = Cut(request.version(), 64);
  heartbeat.draining = request.draining();
  heartbeat.reports.reserve(static_cast<size_t>(request.tasks_size()));
  for (const coordination_v1::TaskReport& report : request.tasks()) {
    heartbeat.reports.push_back(ReportFromProto(report));
  }
  return heartbeat;
}

absl::Duration HoldFromProto(const coordination_v1::HeartbeatRequest& request) {
  const absl::Duration asked = absl::Seconds(request.max_hold().seconds()) +
                               absl::Nanoseconds(request.max_hold().nanos());
  return std::clamp(asked, absl::ZeroDuration(), kMaxHold);
}

coordination_v1::HeartbeatResponse ToProto(const WorkerOrders& orders) {
  coordination_v1::HeartbeatResponse response;
  for (const Order& order : orders.orders) {
    coordination_v1::Assignment* out = response.add_assignments();
    out->set_task_uid(order.task_uid.value());
    out->set_epoch(order.epoch.value());
    out->set_generation(order.generation.value());
    out->set_purpose(
        static_cast<coordination_v1::Purpose>(static_cast<int>(order.purpose)));
    out->set_retry_count(order.retry_count);
  }
  for (const Probe& probe : orders.probes) {
    coordination_v1::Probe* out = response.add_probes();
    // Of a newer controller: the worker says that it doesn't know it.
    out->ParsePartialFromString(probe.question);
    out->set_id(probe.id);
    out->set_task_uid(probe.task_uid.value());
    out->set_epoch(probe.epoch.value());
    *out->mutable_time_left() = DurationToProto(probe.time_left);
  }
  *response.mutable_lease() = DurationToProto(kLease);
  response.set_version(orders.Version());
  return response;
}

absl::StatusOr<AssignmentClaim> ClaimFromProto(
    const coordination_v1::WorkerIdentity& worker, const std::string& task_uid,
    int64_t epoch) {
  AssignmentClaim claim;
  BINFERRY_ASSIGN_OR_RETURN(claim.worker, IdentityFromProto(worker));
  if (!IsUuid(task_uid)) {
    return InvalidFieldError("task_uid", "must be a UUID");
  }
  claim.task_uid = TaskUid(task_uid);
  claim.epoch = Epoch(epoch);
  return claim;
}

absl::StatusOr<coordination_v1::GetTaskSpecResponse> ToProto(
    const AssignedTask& assigned, const TaskSecrets& secrets,
    const std::string& state_topic_prefix) {
  coordination_v1::GetTaskSpecResponse response;
  BINFERRY_ASSIGN_OR_RETURN(*response.mutable_task(),
                            ParseDocument(assigned.task.spec));
  binferry::v1::Task* const task = response.mutable_task();
  task->set_name(FormatTaskName(assigned.task.key));
  task->set_uid(assigned.task.uid.value());
  task->set_generation(assigned.task.generation.value());
  SecretsToProto(secrets, task);

  coordination_v1::TaskRuntime* const runtime = response.mutable_runtime();
  runtime->set_server_id(assigned.runtime.server_id);
  runtime->set_replica_uuid(assigned.runtime.replica_uuid);
  runtime->set_state_topic_prefix(state_topic_prefix);
  // The same under every epoch: that is how Kafka fences the last owner.
  runtime->set_transactional_id(
      absl::StrCat(state_topic_prefix, "-", assigned.task.uid.value()));
  if (assigned.runtime.state_partition.has_value()) {
    runtime->set_state_partition(*assigned.runtime.state_partition);
    runtime->set_kafka_cluster_id(assigned.runtime.kafka_cluster_id);
  }
  runtime->set_reset_count(assigned.runtime.reset_count);
  runtime->set_start_position_committed(
      assigned.runtime.start_position_committed);
  return response;
}

}  // namespace binferry::controller
