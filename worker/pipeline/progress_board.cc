#include "worker/pipeline/progress_board.h"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace binferry::worker {
namespace {

int64_t Nanoseconds(MonotonicTime time) {
  return absl::ToInt64Nanoseconds(time - MonotonicTime());
}

}  // namespace

void ProgressBoard::SetPhase(PipelineStatistics::Phase phase) {
  absl::MutexLock lock(&mu_);
  published_.phase = phase;
}

void ProgressBoard::SetStart(const Checkpoint& checkpoint) {
  is_caught_up_ = true;
  absl::MutexLock lock(&mu_);
  published_.checkpoint = checkpoint;
}

void ProgressBoard::NoteArrival() {
  last_arrival_ns_ = Nanoseconds(clock_->MonotonicNow());
}

void ProgressBoard::NoteHeartbeat() {
  NoteArrival();
  is_source_idle_ = true;
}

void ProgressBoard::NoteBacklog(int64_t source_time_ms) {
  is_source_idle_ = false;
  if (!is_caught_up_.load()) return;
  backlog_since_ms_ = source_time_ms;
  is_caught_up_ = false;
}

void ProgressBoard::NoteCaughtUp() { is_caught_up_ = true; }

void ProgressBoard::NotePlace(const Coordinates& place) {
  absl::MutexLock lock(&place_mu_);
  place_ = place;
}

void ProgressBoard::Publish(Commit commit) {
  const absl::Time now = clock_->Now();
  written_records_ = 0;
  absl::MutexLock lock(&mu_);
  for (auto& [name, more] : commit.tables) {
    const auto found = tables_.find(name);
    if (found == tables_.end()) {
      if (tables_.size() < PipelineStatistics::kMaxCountedTables) {
        tables_.emplace(name, std::move(more));
      }
      continue;
    }
    found->second.inserts += more.inserts;
    found->second.updates += more.updates;
    found->second.deletes += more.deletes;
    found->second.value_bytes += more.value_bytes;
  }
  published_.checkpoint = std::move(commit.checkpoint);
  published_.source_rows += commit.source_rows;
  published_.transactions += commit.transactions;
  published_.bytes_committed += commit.bytes;
  ++published_.commits;
  published_.last_commit_time = now;
}

PipelineStatistics ProgressBoard::Snapshot() const {
  PipelineStatistics statistics;
  {
    absl::MutexLock lock(&mu_);
    statistics = published_;
    statistics.top_tables = Top(tables_);
  }
  {
    absl::MutexLock lock(&place_mu_);
    statistics.read_place = place_;
  }
  statistics.queued_records = written_records_;
  statistics.back_pressure = Pressure();
  statistics.bytes_read = bytes_read_;
  statistics.ddl_omitted = ddl_omitted_;
  statistics.lag = Lag(statistics);
  return statistics;
}

BackPressure ProgressBoard::Pressure() const {
  switch (reading_.load(std::memory_order_relaxed)) {
    case Reading::kReads:
      break;
    case Reading::kAwaitsSource:
      if (is_caught_up_) return BackPressure::kNone;
      break;
    case Reading::kAwaitsMemory:
      return BackPressure::kEncoders;
    case Reading::kPaces:
      return BackPressure::kRateLimit;
  }
  return BackPressure::kSource;
}

std::vector<TableStatistics> ProgressBoard::Top(
    const absl::flat_hash_map<std::string, TableStatistics>& tables) {
  const auto rows = [](const TableStatistics& table) {
    return table.inserts + table.updates + table.deletes;
  };
  std::vector<const TableStatistics*> all;
  all.reserve(tables.size());
  for (const auto& [name, table] : tables) all.push_back(&table);
  const size_t count = std::min(all.size(), PipelineStatistics::kMaxTopTables);
  std::partial_sort(
      all.begin(), all.begin() + static_cast<ptrdiff_t>(count), all.end(),
      [&rows](const TableStatistics* a, const TableStatistics* b) {
        return std::make_tuple(rows(*b), absl::string_view(a->database),
                               absl::string_view(a->table)) <
               std::make_tuple(rows(*a), absl::string_view(b->database),
                               absl::string_view(b->table));
      });
  std::vector<TableStatistics> top;
  top.reserve(count);
  for (size_t i = 0; i < count; ++i) top.push_back(*all[i]);
  return top;
}

std::optional<absl::Duration> ProgressBoard::Lag(
    const PipelineStatistics& published) const {
  const int64_t arrival_ns = last_arrival_ns_;
  if (arrival_ns == 0) return std::nullopt;
  const int64_t committed_ms = published.checkpoint.has_value()
                                   ? published.checkpoint->source_time_ms
                                   : 0;
  if (!is_caught_up_) {
    // What waits began after the last commit, or when the stream went on after
    // a pause.
    const int64_t since_ms = std::max<int64_t>(backlog_since_ms_, committed_ms);
    return std::max(absl::ZeroDuration(),
                    clock_->Now() - absl::FromUnixMillis(since_ms));
  }
  const int64_t now_ns = Nanoseconds(clock_->MonotonicNow());
  if (absl::Nanoseconds(now_ns - arrival_ns) > 3 * heartbeat_period_) {
    return std::nullopt;
  }
  if (is_source_idle_ || !published.last_commit_time.has_value() ||
      committed_ms == 0) {
    return absl::ZeroDuration();
  }
  // How late the last commit was.
  return std::max(absl::ZeroDuration(), *published.last_commit_time -
                                            absl::FromUnixMillis(committed_ms));
}

}  // namespace binferry::worker
