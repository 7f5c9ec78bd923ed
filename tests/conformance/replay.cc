// conformance_replay: a task's whole data path, from a real MySQL server into a
// file, between two places of the binlog. Killed and started again it goes on
// from its last commit, as a worker does with Kafka.
//
// Exit codes: 0 all is in the file, 1 the pipeline failed (stderr says how), 2
// senseless options, 4 the end did not come in time; SIGKILL by --kill-every.
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "common/clock.h"
#include "common/exit_code.h"
#include "common/status_macros.h"
#include "tests/conformance/file_sink.h"
#include "tests/conformance/paced_source.h"
#include "tests/conformance/replay_options.h"
#include "tests/conformance/source_log.h"
#include "worker/mysql/connection.h"
#include "worker/mysql/mysql_binlog_source.h"
#include "worker/mysql/start_position.h"
#include "worker/pipeline/alert_policy.h"
#include "worker/pipeline/pipeline.h"

namespace binferry::worker {
namespace {

constexpr int kExitTimeout = 4;
constexpr size_t kSmallBudgetBytes = size_t{64} << 10;

// Appends alerts as JSON lines with `reason`, `file`, `position` and `message`.
// Thread-safe.
class AlertFile {
 public:
  explicit AlertFile(const std::string& path) : out_(path, std::ios::app) {}

  void Add(const PipelineAlert& alert) {
    const nlohmann::json line = {
        {"reason", std::string(AlertReasonName(alert.reason))},
        {"file", alert.file},
        {"position", alert.position},
        {"message", alert.message}};
    absl::MutexLock lock(&mu_);
    out_ << line.dump() << std::endl;
  }

 private:
  absl::Mutex mu_;
  std::ofstream out_ ABSL_GUARDED_BY(mu_);
};

MysqlSourceOptions SourceOptions(const ReplayOptions& options) {
  std::random_device random;
  MysqlSourceOptions source;
  source.connection = options.server;
  source.dump.server_id = 1'000'000 + random() % 1'000'000'000;
  source.dump.replica_uuid =
      absl::StrFormat("%08x-0000-4000-8000-%06x%06x", random(),
                      random() & 0xffffff, random() & 0xffffff);
  return source;
}

ObjectSelection Selection(const ReplayOptions& options) {
  DatabaseObject rule;
  rule.name = options.database;
  rule.all_tables = true;
  return ObjectSelection{.databases = {rule}};
}

absl::StatusOr<Checkpoint> ResolveStart(const ReplayOptions& options) {
  BINFERRY_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                            Connection::Connect(options.server));
  BINFERRY_ASSIGN_OR_RETURN(const SourceHistory history,
                            ReadSourceHistory(connection.get()));
  return ResolveStartPosition(options.from, history);
}

absl::Status WriteSourceLog(const ReplayOptions& options) {
  BINFERRY_ASSIGN_OR_RETURN(const TableSelector selector,
                            TableSelector::Create(Selection(options)));
  BINFERRY_ASSIGN_OR_RETURN(const Checkpoint start, ResolveStart(options));
  MysqlSourceOptions source_options = SourceOptions(options);
  source_options.dump.stop_at_end = true;
  BINFERRY_ASSIGN_OR_RETURN(std::unique_ptr<MysqlBinlogSource> source,
                            MysqlBinlogSource::Create(source_options, start));
  std::ofstream out(options.source_log_path, std::ios::trunc);
  SourceLog log(&selector, &out);
  BINFERRY_RETURN_IF_ERROR(
      log.Write({start.file, start.position}, options.to, source.get()));
  out.close();
  return out ? absl::OkStatus()
             : absl::UnavailableError("can't write " + options.source_log_path);
}

PipelineOptions OptionsOf(const ReplayOptions& options) {
  PipelineOptions pipeline;
  pipeline.task_uid = TaskUid("00000000-0000-4000-8000-000000000000");
  pipeline.epoch = Epoch(1);
  pipeline.generation = Generation(1);
  pipeline.objects = Selection(options);
  pipeline.format = options.format;
  // Not a topic per table: their names may be none that Kafka has.
  pipeline.topic_policy.specified_topic = "changes";
  pipeline.partition_policy = options.partition_policy;
  pipeline.unreadable_change = UnreadableChange::kAlert;
  // The end of the run is the checkpoint behind the last event.
  pipeline.checkpoint_interval = absl::ZeroDuration();
  if (options.kill_every > 0) {
    // Commits as small as they can be.
    pipeline.budget_bytes = kSmallBudgetBytes;
    pipeline.commit_interval = absl::ZeroDuration();
    pipeline.idle_grace = absl::ZeroDuration();
    pipeline.chunk_linger = absl::ZeroDuration();
  }
  return pipeline;
}

// Runs the pipeline until all before `options.to` is in the sink's file.
class Replay {
 public:
  // `options` must outlive this object.
  explicit Replay(const ReplayOptions* options)
      : options_(*options), alerts_(options->alerts_path) {}

  // OK; DEADLINE_EXCEEDED; or what the pipeline says.
  absl::Status Run() {
    BINFERRY_ASSIGN_OR_RETURN(
        pipeline_,
        Pipeline::Create(OptionsOf(options_), Connections(), &clock_));
    std::stop_source interrupt;
    std::jthread watch([this, &interrupt] {
      if (ended_.WaitForNotificationWithTimeout(options_.timeout)) return;
      is_late_ = true;
      interrupt.request_stop();
    });
    const absl::Status status = pipeline_->Run(interrupt.get_token());
    ended_.Notify();
    watch.join();
    if (is_late_) {
      return absl::DeadlineExceededError("the end " + options_.to.ToString() +
                                         " was not reached");
    }
    return status;
  }

 private:
  PipelineConnections Connections() {
    PipelineConnections connections;
    connections.open_sink = [this] {
      return FileSink::Open(
          {.path = options_.sink_path,
           .kill_at_commit = options_.kill_every,
           .kill_point = options_.kill_point,
           .on_commit = [this](const Checkpoint& at) { NoteCommit(at); }});
    };
    connections.resolve_start = [this] { return ResolveStart(options_); };
    connections.open_source = [this](const Checkpoint& checkpoint) {
      return OpenSource(checkpoint);
    };
    connections.on_alert = [this](const PipelineAlert& alert) {
      alerts_.Add(alert);
    };
    // An earlier run may have got to the end and died before it could say so.
    connections.on_streaming = [this] {
      const PipelineStatistics now = pipeline_->Statistics();
      if (now.checkpoint.has_value()) LeaveAtEnd(*now.checkpoint);
    };
    return connections;
  }

  absl::StatusOr<std::unique_ptr<BinlogSource>> OpenSource(
      const Checkpoint& checkpoint) {
    BINFERRY_ASSIGN_OR_RETURN(
        std::unique_ptr<MysqlBinlogSource> source,
        MysqlBinlogSource::Create(SourceOptions(options_), checkpoint));
    if (options_.kill_every == 0) return source;
    return std::make_unique<PacedSource>(std::move(source), &commits_);
  }

  void NoteCommit(const Checkpoint& checkpoint) {
    commits_.Add();
    LeaveAtEnd(checkpoint);
  }

  void LeaveAtEnd(const Checkpoint& checkpoint) {
    if (checkpoint.rows_done == 0 && !checkpoint.file.empty() &&
        HasReached({checkpoint.file, checkpoint.position}, options_.to)) {
      pipeline_->Leave(LeavePlace::kTransactionBoundary);
    }
  }

  const ReplayOptions& options_;
  SystemClock clock_;
  AlertFile alerts_;
  CommitCount commits_;
  absl::Notification ended_;
  std::atomic<bool> is_late_{false};
  std::unique_ptr<Pipeline> pipeline_;
};

int Fail(const absl::Status& status) {
  std::cerr << "conformance_replay: " << status << "\n";
  return absl::IsDeadlineExceeded(status) ? kExitTimeout : kExitFailure;
}

}  // namespace
}  // namespace binferry::worker

int main(int argc, char** argv) {
  using namespace binferry::worker;  // NOLINT: this program is all of it.
  const ParsedReplayOptions parsed = ParseReplayOptions(argc, argv);
  if (parsed.exit_code.has_value()) return *parsed.exit_code;
  if (!parsed.options.source_log_path.empty()) {
    const absl::Status status = WriteSourceLog(parsed.options);
    if (!status.ok()) return Fail(status);
  }
  const absl::Status status = Replay(&parsed.options).Run();
  return status.ok() ? binferry::kExitOk : Fail(status);
}
