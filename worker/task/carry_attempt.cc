#include "worker/task/carry_attempt.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/source_check.h"
#include "worker/mysql/start_resolution.h"
#include "worker/pipeline/alert_policy.h"
#include "worker/sink/kafka_admin.h"
#include "worker/sink/sink_status.h"
#include "worker/task/destination_check.h"
#include "worker/task/drain_end.h"
#include "worker/task/progress_proto.h"
#include "worker/task/takeover.h"
#include "worker/task/task_sink.h"

namespace binferry::worker {
namespace {

std::string Describe(const Checkpoint& checkpoint) {
  if (checkpoint.uses_gtid) {
    return absl::StrCat("after the GTID set '", checkpoint.gtid_set, "'");
  }
  return absl::StrCat("at ", checkpoint.file, ":", checkpoint.position);
}

std::string Describe(const PipelineAlert& alert) {
  return absl::StrCat("at ", alert.file, ":", alert.position, ": ",
                      alert.message);
}

}  // namespace

CarryAttempt::CarryAttempt(TaskSpec spec, const TaskLimits& limits,
                           const AttemptSurroundings& surroundings,
                           const Clock* clock)
    : spec_(std::move(spec)),
      limits_(limits),
      surroundings_(surroundings),
      clock_(clock) {}

absl::Status CarryAttempt::Run(std::stop_token stop) {
  BINFERRY_RETURN_IF_ERROR(CheckSourceSetup());
  if (is_leaving() || stop.stop_requested()) return absl::OkStatus();
  BINFERRY_ASSIGN_OR_RETURN(const int32_t partition, FindStatePartition(stop));
  BINFERRY_ASSIGN_OR_RETURN(const std::shared_ptr<Pipeline> pipeline,
                            MakePipeline(partition, stop));
  {
    absl::MutexLock lock(&mu_);
    if (leaving_) return absl::OkStatus();
    pipeline_ = pipeline;
  }
  const absl::Status status = pipeline->Run(stop);
  if (IsFenced(status)) surroundings_.on_event("FENCED", status.message());
  return status;
}

bool CarryAttempt::is_leaving() const {
  absl::MutexLock lock(&mu_);
  return leaving_;
}

void CarryAttempt::Leave(LeaveAt at) {
  std::shared_ptr<Pipeline> pipeline;
  {
    absl::MutexLock lock(&mu_);
    leaving_ = true;
    pipeline = pipeline_;
  }
  if (pipeline == nullptr) return;
  switch (at) {
    case LeaveAt::kNextCommit:
      pipeline->Leave(LeavePlace::kNextCommit);
      return;
    case LeaveAt::kTransactionBoundary:
      pipeline->Leave(LeavePlace::kTransactionBoundary);
      return;
  }
}

absl::Status CarryAttempt::CheckSourceSetup() {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection,
                            Connection::Connect(spec_.source));
  // A table that is dropped while the task runs is the source's business.
  const std::vector<RequiredObject> objects =
      spec_.start_position_committed ? std::vector<RequiredObject>()
                                     : spec_.required_objects;
  BINFERRY_ASSIGN_OR_RETURN(
      const SourceFacts facts,
      ReadSourceFacts(connection.get(), spec_.source.user, objects));
  return CheckSource(facts).ToStatus();
}

absl::StatusOr<int32_t> CarryAttempt::FindStatePartition(
    const std::stop_token& interrupt) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::unique_ptr<KafkaAdmin> admin,
      KafkaAdmin::Create({.cluster = spec_.destination, .interrupt = interrupt},
                         clock_));
  BINFERRY_ASSIGN_OR_RETURN(const KafkaClusterDescription cluster,
                            admin->DescribeCluster());
  BINFERRY_RETURN_IF_ERROR(CheckCluster(spec_, cluster.cluster_id));
  BINFERRY_RETURN_IF_ERROR(CheckDestinationTopics(spec_, cluster, admin.get()));
  return surroundings_.claim_partition(cluster.cluster_id, interrupt);
}

PipelineOptions CarryAttempt::MakeOptions() const {
  PipelineOptions options;
  options.task_uid = spec_.uid;
  options.epoch = surroundings_.epoch;
  options.generation = spec_.generation;
  options.history = spec_.start_position_committed ? TaskHistory::kStarted
                                                   : TaskHistory::kNew;
  options.resets = spec_.resets;
  options.objects = spec_.selection;
  options.format = spec_.record_format;
  options.topic_policy.specified_topic = spec_.specified_topic;
  if (!spec_.topic_name_format.empty()) {
    options.topic_policy.name_format = spec_.topic_name_format;
  }
  options.partition_policy = spec_.partition_policy;
  options.invalid_text = spec_.invalid_text;
  options.unreadable_change = spec_.unreadable_change;
  options.position_headers = spec_.position_headers;
  options.tombstones = spec_.tombstones;
  options.hash_salt = spec_.hash_salt;
  options.max_binlog_bytes_per_second = spec_.max_binlog_bytes_per_second;
  options.budget_bytes =
      spec_.budget_bytes == 0 ? limits_.budget_bytes : spec_.budget_bytes;
  options.encoder_threads = spec_.encoder_threads == 0 ? limits_.encoder_threads
                                                       : spec_.encoder_threads;
  options.heartbeat_period = spec_.dump.heartbeat_period;
  return options;
}

void CarryAttempt::OnCheckpoint(const Checkpoint& checkpoint) {
  const std::optional<DrainEnd>* end = surroundings_.drain_end;
  if (end == nullptr || !end->has_value() || has_drained_ ||
      !HasReached(checkpoint, **end)) {
    return;
  }
  has_drained_ = true;
  Leave(LeaveAt::kTransactionBoundary);
}

absl::StatusOr<std::shared_ptr<Pipeline>> CarryAttempt::MakePipeline(
    int32_t state_partition, const std::stop_token& interrupt) {
  PipelineConnections connections{
      .open_sink = [this, open = TaskSinkOpener(
                              spec_, state_partition, surroundings_, interrupt,
                              clock_)] { return OpenSink(open); },
      .resolve_start = [this, interrupt] { return ResolveStartNow(interrupt); },
      .open_source =
          [this](const Checkpoint& checkpoint) {
            return OpenSource(checkpoint);
          },
      .on_streaming = nullptr,
      .on_checkpoint =
          [this](const Checkpoint& checkpoint) { OnCheckpoint(checkpoint); },
      .on_alert =
          [this](const PipelineAlert& alert) {
            surroundings_.on_alert(AlertReasonName(alert.reason),
                                   Describe(alert));
          }};
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<Pipeline> pipeline,
      Pipeline::Create(MakeOptions(), std::move(connections), clock_));
  return pipeline;
}

absl::StatusOr<OpenedSink> CarryAttempt::OpenSink(const SinkOpener& open) {
  absl::StatusOr<OpenedSink> opened = open();
  if (!opened.ok() || !opened->checkpoint.has_value()) return opened;
  BINFERRY_RETURN_IF_ERROR(CheckTakeover(*opened->checkpoint, spec_));
  return opened;
}

absl::StatusOr<Checkpoint> CarryAttempt::ResolveStartNow(
    const std::stop_token& interrupt) {
  resolved_start_ = true;
  return ResolveStart(
      spec_.start, {.connection = spec_.source, .dump = spec_.dump}, interrupt);
}

absl::StatusOr<std::unique_ptr<BinlogSource>> CarryAttempt::OpenSource(
    const Checkpoint& checkpoint) {
  if (std::exchange(resolved_start_, false)) {
    surroundings_.on_event("START_POSITION",
                           absl::StrCat("reading starts ", Describe(checkpoint),
                                        "; it is committed in Kafka"));
  }
  // Opening the stream ends that of whoever has the task now.
  BINFERRY_RETURN_IF_ERROR(surroundings_.check_lease());
  BINFERRY_ASSIGN_OR_RETURN(
      std::unique_ptr<BinlogSource> source,
      MysqlBinlogSource::Create(
          {.connection = spec_.source, .dump = spec_.dump}, checkpoint));
  surroundings_.log->Info(
      "source is read",
      {{"source", absl::StrCat(spec_.source.host, ":", spec_.source.port)},
       {"from", Describe(checkpoint)},
       {"last_record_id", checkpoint.last_id}});
  surroundings_.on_running();
  return source;
}

TaskProgress CarryAttempt::Progress() const {
  std::shared_ptr<Pipeline> pipeline;
  {
    absl::MutexLock lock(&mu_);
    pipeline = pipeline_;
  }
  TaskProgress progress;
  if (pipeline != nullptr) progress = ToProgress(pipeline->Statistics());
  progress.start_position_committed |= spec_.start_position_committed;
  return progress;
}

}  // namespace binferry::worker
