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
  const std::optional<ChunkSequence::Claim> claim =
      to_.sequence->ClaimIds(*chunk, count.value_or(0));
  if (!claim.has_value()) return false;
  chunk->status = count.status();
  if (count.ok() && *count > 0) {
    const uint64_t records = *count + chunk->tombstones;
    chunk->records.reserve(records);
    chunk->status = Render(*claim, chunk);
    if (absl::IsCancelled(chunk->status)) return false;
    if (chunk->status.ok() && chunk->records.size() != records) {
      chunk->status = absl::InternalError(absl::StrCat(
          records, " records were counted and ", chunk->records.size(),
          " encoded, before ", chunk->place.ToString()));
    }
  }
  if (!chunk->status.ok()) chunk->records.clear();
  return true;
}

absl::StatusOr<uint64_t> ChunkEncoder::Scan(Chunk* chunk) {
  events_.clear();
  counted_.clear();
  row_ids_.clear();
  const size_t open_from =
      chunk->rows.size() - chunk->open_transaction_events();
  uint64_t ids = 0;
  for (size_t i = 0; i < chunk->rows.size(); ++i) {
    const Chunk::Rows& rows = chunk->rows[i];
    absl::StatusOr<RowsEvent> event =
        ParseRows(rows.event_type, chunk->BodyOf(rows));
    if (!event.ok()) return At(event.status(), *chunk, rows);
    events_.push_back(*event);
    const absl::StatusOr<Counted> counted = ScanEvent(rows, *event);
    if (!counted.ok()) return At(counted.status(), *chunk, rows);
    counted_.push_back(*counted);
    ids += counted->ids;
    chunk->tombstones += counted->tombstones;
    chunk->changes[static_cast<size_t>(KindOf(event->kind))] += counted->rows;
    if (i >= open_from) {
      chunk->open_transaction_rows += counted->rows + rows.rows_taken_back;
    }
  }
  return ids;
}

absl::Status ChunkEncoder::Start(const Chunk::Rows& rows,
                                 const RowsEvent& event,
                                 RowDecoder::Columns columns) {
  const size_t column_count = rows.table->plan.columns.size();
  before_.resize(column_count);
  after_.resize(column_count);
  BINFERRY_RETURN_IF_ERROR(decoder_.Start(rows.table->map, event, columns,
                                          rows.table->plan.scanned_columns));
  for (uint64_t i = 0; i < rows.rows_to_skip && decoder_.HasNext(); ++i) {
    BINFERRY_RETURN_IF_ERROR(decoder_.Skip());
  }
  return absl::OkStatus();
}

absl::StatusOr<ChunkEncoder::Counted> ChunkEncoder::ScanEvent(
    const Chunk::Rows& rows, const RowsEvent& event) {
  const TablePlan& plan = rows.table->plan;
  const ChangeKind kind = KindOf(event.kind);
  const CountingNeed need = NeedOf(plan, kind);
  Counted counted{.has_row_ids = need.needs_rows, .ids_per_row = need.count};
  if (!need.needs_rows) {
    BINFERRY_RETURN_IF_ERROR(Start(rows, event, RowDecoder::Columns::kAll));
    for (; decoder_.HasNext(); ++counted.rows) {
      BINFERRY_RETURN_IF_ERROR(decoder_.Skip());
    }
    counted.ids = counted.rows * static_cast<uint64_t>(need.count);
    counted.carried_rows = counted.ids;
    if (HasTombstone(plan, kind, need.count)) counted.tombstones = counted.ids;
    return counted;
  }
  BINFERRY_RETURN_IF_ERROR(Start(rows, event, RowDecoder::Columns::kSome));
  counted.row_ids_from = row_ids_.size();
  while (decoder_.HasNext()) {
    BINFERRY_RETURN_IF_ERROR(DecodeRow());
    ++counted.rows;
    BINFERRY_ASSIGN_OR_RETURN(
        const int ids,
        CountRecords(plan, {.kind = kind, .before = before_, .after = after_},
                     &filter_text_));
    counted.ids += static_cast<uint64_t>(ids);
    row_ids_.push_back(static_cast<uint8_t>(ids));
    if (ids == 0) continue;
    ++counted.carried_rows;
    if (HasTombstone(plan, kind, ids)) ++counted.tombstones;
  }
  return counted;
}

absl::Status ChunkEncoder::Render(const ChunkSequence::Claim& claim,
                                  Chunk* chunk) {
  chunk->arena = to_.arenas->Take();
  BINFERRY_RETURN_IF_ERROR(ChargeRecords(0, chunk));
  RecordOrigin origin(to_.options->generation, chunk->records.capacity(),
                      chunk);
  Place place{.id = claim.first_id, .row = claim.open_transaction_rows};
  for (size_t i = 0; i < chunk->rows.size(); ++i) {
    const absl::Status status = RenderEvent(i, &origin, &place, chunk);
    if (absl::IsCancelled(status)) return status;
    BINFERRY_RETURN_IF_ERROR(At(status, *chunk, chunk->rows[i]));
  }
  return absl::OkStatus();
}

absl::Status ChunkEncoder::RenderEvent(size_t index, RecordOrigin* origin,
                                       Place* place, Chunk* chunk) {
  const Chunk::Rows& rows = chunk->rows[index];
  const RowsEvent& event = events_[index];
  const Counted& counted = counted_[index];
  origin->MoveTo(index, &place->row);
  place->row += rows.rows_taken_back;
  if (counted.ids == 0) {
    place->row += counted.rows;
    return absl::OkStatus();
  }
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
  for (size_t row = 0; decoder_.HasNext(); ++row) {
    ++place->row;
    const int ids = counted.has_row_ids ? row_ids_[counted.row_ids_from + row]
                                        : counted.ids_per_row;
    if (ids == 0) {
      BINFERRY_RETURN_IF_ERROR(decoder_.Skip());
      continue;
    }
    BINFERRY_RETURN_IF_ERROR(DecodeRow());
    change.first_id = place->id;
    change.headers = origin->HeadersOf(place->row);
    BINFERRY_ASSIGN_OR_RETURN(const EncodeCounts counts,
                              EncodeRow(rows.table->plan, change,
                                        chunk->arena.get(), &chunk->records));
    chunk->replaced_texts += counts.replaced_texts;
    place->id += static_cast<uint64_t>(ids);
    BINFERRY_RETURN_IF_ERROR(ChargeRecords(0, chunk));
  }
  CountEvent(counted, change.kind, rows, first_record, chunk);
  const uint64_t missing = decoder_.missing_documents() - missing_before;
  return missing == 0 ? absl::OkStatus() : RaiseAlert(missing, rows, chunk);
}

void ChunkEncoder::CountEvent(const Counted& counted, ChangeKind kind,
                              const Chunk::Rows& rows, size_t first_record,
                              Chunk* chunk) {
  size_t bytes = 0;
  size_t value_bytes = 0;
  for (size_t i = first_record; i < chunk->records.size(); ++i) {
    value_bytes += chunk->records[i].value.size();
    bytes += chunk->records[i].key.size() + chunk->records[i].value.size();
  }
  chunk->record_bytes += bytes;
  rows.table->Learn(rows.size, bytes);
  if (chunk->table_counts.empty() ||
      chunk->table_counts.back().table != rows.table) {
    chunk->table_counts.push_back({.table = rows.table});
  }
  Chunk::TableCount& count = chunk->table_counts.back();
  count.rows[static_cast<size_t>(kind)] += counted.carried_rows;
  count.value_bytes += value_bytes;
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
                      chunk->records.capacity() * sizeof(Record) +
                      chunk->headers.capacity() * sizeof(RecordHeaders) +
                      more_bytes;
  if (held <= chunk->encoded_charge) return absl::OkStatus();
  if (!to_.budget->TakeEncoded(chunk->number, held - chunk->encoded_charge)) {
    return absl::CancelledError("interrupted");
  }
  chunk->encoded_charge = held;
  return absl::OkStatus();
}

}  // namespace binferry::worker
