#include "worker/pipeline/chunk_writer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "common/status_macros.h"

namespace binferry::worker {

ChunkWriter::ChunkWriter(const Surroundings& surroundings,
                         CheckpointTracker tracker)
    : to_(surroundings),
      tracker_(std::move(tracker)),
      last_commit_time_(to_.clock->MonotonicNow()) {}

absl::Status ChunkWriter::Run() {
  while (true) {
    ChunkSequence::Item item =
        to_.sequence->Next(std::max(absl::ZeroDuration(), TimeToCommit()));
    bool has_waited = false;
    if (auto* chunk = std::get_if<std::unique_ptr<Chunk>>(&item)) {
      if (!(*chunk)->status.ok()) return End((*chunk)->status);
      BINFERRY_RETURN_IF_ERROR(Take(std::move(*chunk)));
    } else if (const auto* end = std::get_if<ChunkSequence::End>(&item)) {
      if (absl::IsCancelled(end->status)) return end->status;
      return End(end->status);
    } else {
      has_waited = true;
    }
    if (!MustCommit(has_waited)) continue;
    BINFERRY_RETURN_IF_ERROR(Commit());
    if (needs_reopen()) return absl::OkStatus();
  }
}

absl::Status ChunkWriter::Take(std::unique_ptr<Chunk> chunk) {
  to_.budget->ReturnRaw(chunk->overhead_charge);
  next_chunk_ = chunk->number + 1;
  if (!chunk->records.empty()) {
    if (written_.empty()) first_write_time_ = to_.clock->MonotonicNow();
    to_.board->CountWritten(chunk->records.size());
    BINFERRY_RETURN_IF_ERROR(to_.sink->Write(chunk->records));
  }
  tracker_.Advance(*chunk);
  for (const uint64_t rows : chunk->changes) pending_.source_rows += rows;
  pending_.transactions += chunk->transactions;
  pending_.bytes += chunk->record_bytes;
  CountTables(*chunk);
  if (!chunk->records.empty()) {
    written_charge_ += chunk->encoded_charge;
    written_.push_back(std::move(chunk));
  } else if (written_.empty()) {
    to_.budget->ReturnEncoded(next_chunk_, 0);
  }
  return absl::OkStatus();
}

void ChunkWriter::CountTables(const Chunk& chunk) {
  for (const Chunk::TableCount& count : chunk.table_counts) {
    TableStatistics& table = pending_.tables[count.table->quoted_name];
    if (table.table.empty()) {
      table.database = count.table->plan.schema.database;
      table.table = count.table->plan.schema.table;
    }
    table.inserts += count.rows[static_cast<size_t>(ChangeKind::kInsert)];
    table.updates += count.rows[static_cast<size_t>(ChangeKind::kUpdate)];
    table.deletes += count.rows[static_cast<size_t>(ChangeKind::kDelete)];
    table.value_bytes += count.value_bytes;
  }
}

absl::Status ChunkWriter::End(const absl::Status& status) {
  if (!written_.empty() || tracker_.has_progress()) {
    BINFERRY_RETURN_IF_ERROR(Commit());
  }
  return status;
}

absl::Status ChunkWriter::Commit() {
  pending_.checkpoint = tracker_.Next();
  BINFERRY_RETURN_IF_ERROR(to_.sink->Commit(pending_.checkpoint));
  tracker_.Committed();
  last_commit_time_ = to_.clock->MonotonicNow();
  for (const std::unique_ptr<Chunk>& chunk : written_) {
    to_.arenas->Return(std::move(chunk->arena));
  }
  written_.clear();
  to_.budget->ReturnEncoded(next_chunk_, std::exchange(written_charge_, 0));
  if (*to_.on_checkpoint != nullptr) (*to_.on_checkpoint)(pending_.checkpoint);
  to_.board->Publish(std::exchange(pending_, {}));
  to_.feed->IsDrained(next_chunk_, [this] { to_.board->NoteCaughtUp(); });
  return absl::OkStatus();
}

bool ChunkWriter::IsDrained() const {
  return to_.feed->IsDrained(next_chunk_, [] {});
}

absl::Duration ChunkWriter::TimeToCommit() const {
  const MonotonicTime now = to_.clock->MonotonicNow();
  const PipelineOptions& options = *to_.options;
  if (written_.empty()) {
    return (tracker_.has_progress() ? options.checkpoint_interval
                                    : options.idle_commit_interval) -
           (now - last_commit_time_);
  }
  const absl::Duration rest =
      options.commit_interval - (now - first_write_time_);
  return IsDrained() ? std::min(rest, options.idle_grace) : rest;
}

bool ChunkWriter::MustCommit(bool has_waited) const {
  const MonotonicTime now = to_.clock->MonotonicNow();
  const PipelineOptions& options = *to_.options;
  if (written_.empty()) {
    return now - last_commit_time_ >= (tracker_.has_progress()
                                           ? options.checkpoint_interval
                                           : options.idle_commit_interval);
  }
  return written_charge_ >= to_.budget->limit() / 4 ||
         now - first_write_time_ >= options.commit_interval ||
         to_.budget->is_short() || (has_waited && IsDrained());
}

}  // namespace binferry::worker
