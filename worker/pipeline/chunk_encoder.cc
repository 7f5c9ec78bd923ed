#include "worker/pipeline/chunk_encoder.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/event_body.h"
#include "worker/encode/record_encoder.h"
#include "worker/encode/row_change.h"

namespace binferry::worker {
namespace {

// Of events above it, the memory is taken before they are encoded.
constexpr size_t kLargeEventBytes = size_t{256} << 10;

ChangeKind KindOf(RowsEvent::Kind kind) {
  switch (kind) {
    case RowsEvent::Kind::kWrite:
      return ChangeKind::kInsert;
    case RowsEvent::Kind::kUpdate:
      return ChangeKind::kUpdate;
    case RowsEvent::Kind::kDelete:
      return ChangeKind::kDelete;
  }
  return ChangeKind::kInsert;
}

absl::Status At(const absl::Status& status, const Chunk& chunk,
                const Chunk::Rows& rows) {
  return AtCoordinates(status, {chunk.place.file, rows.position});
}

}  // namespace

ChunkEncoder::ChunkEncoder(const Surroundings& surroundings)
    : to_(surroundings),
      decoder_(surroundings.alerts->goes_on() ? MissingDocument::kLeaveOut
                                              : MissingDocument::kRefuse) {}

void ChunkEncoder::Run() {
  while (std::unique_ptr<Chunk> chunk = to_.feed->Take()) {
    if (!Encode(chunk.get())) return;
    // `= {}` would keep the memory.
    std::vector<uint8_t>().swap(chunk->bytes);
    std::vector<Chunk::Rows>().swap(chunk->rows);
    to_.budget->ReturnRaw(chunk->raw_charge);
    to_.sequence->Put(std::move(chunk));
  }
}

bool ChunkEncoder::Encode(Chunk* chunk) {
  const absl::StatusOr<uint64_t> count = Scan(chunk);
  const std::optional<uint64_t> first_id =
      to_.sequence->ClaimIds(chunk->number, count.value_or(0));
  if (!first_id.has_value()) return false;
  chunk->status = count.status();
  if (count.ok() && *count > 0) {
    chunk->records.reserve(*count);
    chunk->status = Render(*first_id, chunk);
    if (absl::IsCancelled(chunk->status)) return false;
    if (chunk->status.ok() && chunk->records.size() != *count) {
      chunk->status = absl::InternalError(absl::StrCat(
          *count, " records were counted and ", chunk->records.size(),
          " encoded, before ", chunk->place.ToString()));
    }
  }
  if (!chunk->status.ok()) chunk->records.clear();
  return true;
}

absl::StatusOr<uint64_t> ChunkEncoder::Scan(Chunk* chunk) {
  events_.clear();
  const size_t open_from =
      chunk->rows.size() - chunk->open_transaction_events();
  uint64_t records = 0;
  for (size_t i = 0; i < chunk->rows.size(); ++i) {
    const Chunk::Rows& rows = chunk->rows[i];
    absl::StatusOr<RowsEvent> event =
        ParseRows(rows.event_type, chunk->BodyOf(rows));
    if (!event.ok()) return At(event.status(), *chunk, rows);
    events_.push_back(*event);
    uint64_t row_count = 0;
    const absl::StatusOr<uint64_t> count = ScanEvent(rows, *event, &row_count);
    if (!count.ok()) return At(count.status(), *chunk, rows);
    records += *count;
    chunk->changes[static_cast<size_t>(KindOf(event->kind))] += row_count;
    if (i >= open_from) {
      chunk->open_transaction_rows += row_count + rows.rows_taken_back;
    }
  }
  return records;
}

absl::Status ChunkEncoder::Start(const Chunk::Rows& rows,
                                 const RowsEvent& event,
                                 RowDecoder::Columns columns) {
  const size_t column_count = rows.table->plan.columns.size();
  before_.resize(column_count);
  after_.resize(column_count);
  BINFERRY_RETURN_IF_ERROR(decoder_.Start(rows.table->map, event, columns));
  for (uint64_t i = 0; i < rows.rows_to_skip && decoder_.HasNext(); ++i) {
    BINFERRY_RETURN_IF_ERROR(decoder_.Skip());
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> ChunkEncoder::ScanEvent(const Chunk::Rows& rows,
                                                 const RowsEvent& event,
                                                 uint64_t* row_count) {
  const TablePlan& plan = rows.table->plan;
  if (!plan.is_partitioned_by_key || event.kind != RowsEvent::Kind::kUpdate) {
    BINFERRY_RETURN_IF_ERROR(Start(rows, event, RowDecoder::Columns::kAll));
    for (; decoder_.HasNext(); ++*row_count) {
      BINFERRY_RETURN_IF_ERROR(decoder_.Skip());
    }
    return *row_count;
  }
  BINFERRY_RETURN_IF_ERROR(Start(rows, event, RowDecoder::Columns::kKey));
  uint64_t records = 0;
  while (decoder_.HasNext()) {
    BINFERRY_RETURN_IF_ERROR(DecodeRow());
    ++*row_count;
    records += static_cast<uint64_t>(RecordCount(
        plan,
        {.kind = ChangeKind::kUpdate, .before = before_, .after = after_}));
  }
  return records;
}

absl::Status ChunkEncoder::Render(uint64_t first_id, Chunk* chunk) {
  chunk->arena = to_.arenas->Take();
  BINFERRY_RETURN_IF_ERROR(ChargeRecords(0, chunk));
  uint64_t next_id = first_id;
  for (size_t i = 0; i < chunk->rows.size(); ++i) {
    const Chunk::Rows& rows = chunk->rows[i];
    const absl::Status status = RenderEvent(rows, events_[i], &next_id, chunk);
    if (absl::IsCancelled(status)) return status;
    BINFERRY_RETURN_IF_ERROR(At(status, *chunk, rows));
  }
  return absl::OkStatus();
}

absl::Status ChunkEncoder::RenderEvent(const Chunk::Rows& rows,
                                       const RowsEvent& event,
                                       uint64_t* next_id, Chunk* chunk) {
  if (rows.size > kLargeEventBytes) {
    BINFERRY_RETURN_IF_ERROR(ChargeRecords(rows.size, chunk));
  }
  BINFERRY_RETURN_IF_ERROR(Start(rows, event, RowDecoder::Columns::kAll));
  const uint64_t missing_before = decoder_.missing_documents();
  RowChange change{.kind = KindOf(event.kind),
                   .before = before_,
                   .after = after_,
                   .es_ms = rows.es_ms,
                   .ts_ms = absl::ToUnixMillis(to_.clock->Now())};
  const size_t first_record = chunk->records.size();
  while (decoder_.HasNext()) {
    BINFERRY_RETURN_IF_ERROR(DecodeRow());
    change.first_id = *next_id;
    const size_t records_before = chunk->records.size();
    BINFERRY_ASSIGN_OR_RETURN(const EncodeCounts counts,
                              EncodeRow(rows.table->plan, change,
                                        chunk->arena.get(), &chunk->records));
    chunk->replaced_texts += counts.replaced_texts;
    *next_id += chunk->records.size() - records_before;
    BINFERRY_RETURN_IF_ERROR(ChargeRecords(0, chunk));
  }
  size_t bytes = 0;
  for (size_t i = first_record; i < chunk->records.size(); ++i) {
    bytes += chunk->records[i].key.size() + chunk->records[i].value.size();
  }
  chunk->record_bytes += bytes;
  rows.table->Learn(rows.size, bytes);
  const uint64_t missing = decoder_.missing_documents() - missing_before;
  return missing == 0 ? absl::OkStatus() : RaiseAlert(missing, rows, chunk);
}

absl::Status ChunkEncoder::DecodeRow() {
  const absl::Status status =
      decoder_.Next(absl::MakeSpan(before_), absl::MakeSpan(after_));
  // That of a missing document; the only one that a policy can prevent.
  if (!absl::IsFailedPrecondition(status)) return status;
  return absl::FailedPreconditionError(
      absl::StrCat(status.message(),
                   ", or set the task's unreadable_change_policy to ALERT to "
                   "go on without the column"));
}

absl::Status ChunkEncoder::RaiseAlert(uint64_t count, const Chunk::Rows& rows,
                                      Chunk* chunk) const {
  const TableSchema& schema = rows.table->map.schema;
  ++chunk->alerts;
  return to_.alerts->Raise(
      PipelineAlert::Reason::kMissingJsonDocument,
      absl::FailedPreconditionError(absl::StrCat(
          "table ", schema.database, ".", schema.table, ": ", count,
          " JSON values were changed in part, and the binlog lacks the "
          "documents that the changes apply to; the records lack the columns. "
          "Set binlog_row_image=FULL or binlog_row_value_options='' on the "
          "source")),
      {chunk->place.file, rows.position});
}

absl::Status ChunkEncoder::ChargeRecords(size_t more_bytes, Chunk* chunk) {
  const size_t held = chunk->arena->bytes_allocated() +
                      chunk->records.capacity() * sizeof(Record) + more_bytes;
  if (held <= chunk->encoded_charge) return absl::OkStatus();
  if (!to_.budget->TakeEncoded(chunk->number, held - chunk->encoded_charge)) {
    return absl::CancelledError("interrupted");
  }
  chunk->encoded_charge = held;
  return absl::OkStatus();
}

}  // namespace binferry::worker
