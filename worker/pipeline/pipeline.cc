#include "worker/pipeline/pipeline.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/status_macros.h"
#include "common/topic_name.h"
#include "worker/pipeline/alert_policy.h"
#include "worker/pipeline/arena_pool.h"
#include "worker/pipeline/byte_budget.h"
#include "worker/pipeline/checkpoint_tracker.h"
#include "worker/pipeline/chunk_encoder.h"
#include "worker/pipeline/chunk_feed.h"
#include "worker/pipeline/chunk_sequence.h"
#include "worker/pipeline/chunk_writer.h"
#include "worker/pipeline/event_reader.h"
#include "worker/pipeline/rate_limit.h"
#include "worker/pipeline/table_planner.h"

namespace binferry::worker {
namespace {

constexpr int kMaxEncoderThreads = 64;
constexpr size_t kMinBudgetBytes = size_t{64} << 10;

absl::Status CheckOptions(const PipelineOptions& options) {
  if (options.encoder_threads < 1 ||
      options.encoder_threads > kMaxEncoderThreads) {
    return absl::InvalidArgumentError(
        absl::StrCat("encoder_threads: ", options.encoder_threads,
                     " is not between 1 and ", kMaxEncoderThreads));
  }
  if (options.budget_bytes < kMinBudgetBytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "budget_bytes: ", options.budget_bytes, " is below ", kMinBudgetBytes));
  }
  if (options.heartbeat_period <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError("heartbeat_period: must be above 0");
  }
  const TopicPolicy& policy = options.topic_policy;
  return policy.specified_topic.empty()
             ? CheckTopicNameFormat(policy.name_format)
             : CheckTopicName(policy.specified_topic);
}

// An eighth is for arenas that wait to be used again.
size_t PoolBytes(const PipelineOptions& options) {
  return options.budget_bytes / 8;
}

size_t ChunkBytes(const PipelineOptions& options) {
  return std::clamp(options.budget_bytes / 64, size_t{4} << 10,
                    size_t{1} << 20);
}

size_t SlabBytes(const PipelineOptions& options) {
  return std::clamp(options.budget_bytes / 64, size_t{4} << 10,
                    size_t{64} << 10);
}

// A checkpoint at the place of `start` that goes on with what `last` counts.
Checkpoint ResetTo(const Checkpoint& start, const Checkpoint& last) {
  Checkpoint next = last;
  next.number = last.number + 1;
  next.server_uuid = start.server_uuid;
  next.gtid_set = start.gtid_set;
  next.uses_gtid = start.uses_gtid;
  next.file = start.file;
  next.position = start.position;
  next.rows_done = 0;
  next.selection_fingerprint = 0;
  next.source_time_ms = 0;
  return next;
}

}  // namespace

// The assembly line of one sink and one source.
class Pipeline::Assembly {
 public:
  Assembly(const Pipeline* pipeline, std::unique_ptr<RecordSink> sink,
           std::unique_ptr<BinlogSource> source, const Checkpoint& start,
           CheckpointTracker tracker, ProgressBoard* board)
      : options_(pipeline->options_),
        budget_(options_.budget_bytes - PoolBytes(options_),
                [this] { sequence_.Wake(); }),
        arenas_(SlabBytes(options_), PoolBytes(options_)),
        feed_(ChunkBytes(options_), options_.chunk_linger),
        sequence_(start.last_id, start.rows_done),
        rate_limit_(options_.max_binlog_bytes_per_second, pipeline->clock_),
        writer_({.options = &options_,
                 .clock = pipeline->clock_,
                 .sink = sink.get(),
                 .budget = &budget_,
                 .arenas = &arenas_,
                 .feed = &feed_,
                 .sequence = &sequence_,
                 .board = board,
                 .on_checkpoint = &pipeline->connections_.on_checkpoint},
                std::move(tracker)),
        sink_(std::move(sink)),
        source_(std::move(source)),
        alerts_(options_.unreadable_change, pipeline->connections_.on_alert),
        planner_(&options_, &pipeline->selector_, sink_.get(),
                 start.partition_counts),
        reader_({.source = source_.get(),
                 .selector = &pipeline->selector_,
                 .planner = &planner_,
                 .budget = &budget_,
                 .feed = &feed_,
                 .alerts = &alerts_,
                 .board = board,
                 .rate_limit = &rate_limit_,
                 .with_origins = options_.position_headers},
                start) {
    for (int i = 0; i < options_.encoder_threads; ++i) {
      encoders_.push_back(std::make_unique<ChunkEncoder>(
          ChunkEncoder::Surroundings{.options = &options_,
                                     .clock = pipeline->clock_,
                                     .budget = &budget_,
                                     .arenas = &arenas_,
                                     .feed = &feed_,
                                     .alerts = &alerts_,
                                     .sequence = &sequence_}));
    }
  }

  // Writes in the calling thread.
  absl::Status Run() {
    threads_.emplace_back([this] {
      absl::Status status = reader_.Run();
      sequence_.EndAfter(feed_.Finish(), std::move(status));
    });
    for (const std::unique_ptr<ChunkEncoder>& encoder : encoders_) {
      threads_.emplace_back([&encoder] { encoder->Run(); });
    }
    absl::Status status = writer_.Run();
    Abort();
    threads_.clear();  // Joins.
    return status;
  }

  void Leave(LeavePlace place) {
    reader_.Leave(place);
    rate_limit_.Lift();
  }

  void Abort() {
    budget_.Abort();
    feed_.Abort();
    sequence_.Abort();
    rate_limit_.Lift();
    source_->Interrupt();
  }

  const ByteBudget& budget() const { return budget_; }

 private:
  const PipelineOptions& options_;
  ByteBudget budget_;
  ArenaPool arenas_;
  ChunkFeed feed_;
  ChunkSequence sequence_;
  RateLimit rate_limit_;
  ChunkWriter writer_;  // Keeps the bytes that the sink may still read.
  const std::unique_ptr<RecordSink> sink_;
  const std::unique_ptr<BinlogSource> source_;
  const AlertPolicy alerts_;
  TablePlanner planner_;
  EventReader reader_;
  std::vector<std::unique_ptr<ChunkEncoder>> encoders_;
  std::vector<std::jthread> threads_;
};

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Create(
    PipelineOptions options, PipelineConnections connections,
    const Clock* clock) {
  BINFERRY_RETURN_IF_ERROR(CheckOptions(options));
  BINFERRY_ASSIGN_OR_RETURN(TableSelector selector,
                            TableSelector::Create(options.objects));
  return std::unique_ptr<Pipeline>(new Pipeline(
      std::move(options), std::move(connections), std::move(selector), clock));
}

Pipeline::Pipeline(PipelineOptions options, PipelineConnections connections,
                   TableSelector selector, const Clock* clock)
    : options_(std::move(options)),
      connections_(std::move(connections)),
      selector_(std::move(selector)),
      clock_(clock),
      board_(clock, options_.heartbeat_period) {}

Pipeline::~Pipeline() = default;

absl::Status Pipeline::Run(std::stop_token interrupt) {
  absl::StatusOr<Outcome> outcome = Outcome::kReopen;
  while (outcome.ok() && *outcome == Outcome::kReopen) {
    outcome = RunOnce(interrupt);
  }
  board_.SetPhase(PipelineStatistics::Phase::kEnded);
  if (interrupt.stop_requested()) return absl::CancelledError("interrupted");
  return outcome.status();
}

absl::StatusOr<Pipeline::Outcome> Pipeline::RunOnce(
    const std::stop_token& interrupt) {
  const auto is_over = [this, &interrupt] {
    return interrupt.stop_requested() || leave_place().has_value();
  };
  if (is_over()) return Outcome::kLeft;
  board_.SetPhase(PipelineStatistics::Phase::kOpening);
  BINFERRY_ASSIGN_OR_RETURN(OpenedSink opened, connections_.open_sink());
  if (is_over()) return Outcome::kLeft;
  BINFERRY_ASSIGN_OR_RETURN(const Checkpoint start, FindStart(opened));
  board_.SetStart(start);
  if (connections_.on_checkpoint != nullptr) connections_.on_checkpoint(start);
  if (opened.sink->NeedsReopen()) return Outcome::kReopen;
  if (is_over()) return Outcome::kLeft;
  BINFERRY_ASSIGN_OR_RETURN(std::unique_ptr<BinlogSource> source,
                            connections_.open_source(start));
  // Files and positions of later checkpoints are this server's.
  Checkpoint from = start;
  if (!source->server_uuid().empty()) from.server_uuid = source->server_uuid();
  BINFERRY_ASSIGN_OR_RETURN(CheckpointTracker tracker,
                            CheckpointTracker::Create(from, options_));

  Assembly assembly(this, std::move(opened.sink), std::move(source), start,
                    std::move(tracker), &board_);
  {
    absl::MutexLock lock(&mu_);
    assembly_ = &assembly;
    if (leave_place_.has_value()) assembly.Leave(*leave_place_);
  }
  board_.SetPhase(PipelineStatistics::Phase::kStreaming);
  if (connections_.on_streaming != nullptr) connections_.on_streaming();
  absl::Status status;
  {
    const std::stop_callback abort(interrupt,
                                   [&assembly] { assembly.Abort(); });
    status = assembly.Run();
  }
  absl::MutexLock lock(&mu_);
  assembly_ = nullptr;
  peak_bytes_ = std::max(peak_bytes_, assembly.budget().peak());
  if (!status.ok()) return status;
  return leave_place_.has_value() ? Outcome::kLeft : Outcome::kReopen;
}

absl::StatusOr<Checkpoint> Pipeline::FindStart(const OpenedSink& opened) {
  const bool is_known = opened.checkpoint.has_value();
  if (is_known && opened.checkpoint->resets >= options_.resets) {
    return *opened.checkpoint;
  }
  if (!is_known && (options_.history == TaskHistory::kStarted ||
                    board_.Snapshot().checkpoint.has_value())) {
    return RemedyError(
        absl::StatusCode::kFailedPrecondition,
        "the state topic is empty, but this task has committed a start "
        "position before: its checkpoint was deleted",
        "restore the topic, or create the task anew with a start position of "
        "your choice");
  }
  BINFERRY_ASSIGN_OR_RETURN(Checkpoint start, connections_.resolve_start());
  if (is_known) start = ResetTo(start, *opened.checkpoint);
  start.resets = options_.resets;
  start.task_uid = options_.task_uid;
  start.epoch = options_.epoch;
  start.generation = options_.generation;
  BINFERRY_RETURN_IF_ERROR(opened.sink->Commit(start));
  return start;
}

void Pipeline::Leave(LeavePlace place) {
  absl::MutexLock lock(&mu_);
  if (!leave_place_.has_value() || place == LeavePlace::kNextCommit) {
    leave_place_ = place;
  }
  if (assembly_ != nullptr) assembly_->Leave(place);
}

std::optional<LeavePlace> Pipeline::leave_place() const {
  absl::MutexLock lock(&mu_);
  return leave_place_;
}

PipelineStatistics Pipeline::Statistics() const {
  PipelineStatistics statistics = board_.Snapshot();
  absl::MutexLock lock(&mu_);
  statistics.peak_queued_bytes = peak_bytes_;
  statistics.limit_bytes = options_.budget_bytes;
  if (assembly_ != nullptr) {
    const ByteBudget& budget = assembly_->budget();
    statistics.queued_bytes = budget.used();
    if (statistics.back_pressure == BackPressure::kEncoders &&
        budget.is_short()) {
      statistics.back_pressure = BackPressure::kDestination;
    }
    statistics.peak_queued_bytes =
        std::max(peak_bytes_, assembly_->budget().peak());
  }
  return statistics;
}

}  // namespace binferry::worker
