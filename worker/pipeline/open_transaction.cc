#include "worker/pipeline/open_transaction.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/row_decoder.h"

namespace binferry::worker {

void OpenTransaction::Begin(Rows rows) {
  events_ = 0;
  delivered_events_ = 0;
  rows_taken_back_ = 0;
  alerts_ = 0;
  savepoints_.Clear();
  is_held_ = rows == Rows::kMayBeVoided;
  if (is_held_) feed_->Hold();
}

void OpenTransaction::End() {
  alerts_ = 0;  // Of one that never happened; else there are none left.
  if (std::exchange(is_held_, false)) feed_->Release();
}

void OpenTransaction::NoteDelivered() {
  // The run that delivered it counted what stood before it.
  rows_taken_back_ = 0;
  alerts_ = 0;
  delivered_events_ = ++events_;
}

void OpenTransaction::AppendTo(Chunk* chunk, Chunk::Rows rows) {
  if (rows.rows_to_skip == 0) ++events_;
  rows.rows_taken_back = std::exchange(rows_taken_back_, 0);
  rows.alerts = std::exchange(alerts_, 0);
  chunk->alerts += rows.alerts;
  chunk->expected_record_bytes += rows.expected_record_bytes;
  chunk->rows.push_back(rows);
}

void OpenTransaction::AddAlertsTo(Chunk* chunk) {
  chunk->alerts += std::exchange(alerts_, 0);
}

absl::Status OpenTransaction::RollBackTo(absl::string_view savepoint,
                                         uint64_t rows_to_skip) {
  const std::optional<uint64_t> mark = savepoints_.RollBackTo(savepoint);
  if (mark.has_value()) return TakeBack(*mark, rows_to_skip);
  if (events_ == 0) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat(
      "a transaction of selected tables goes back to a savepoint that isn't "
      "known, as it set more than ",
      Savepoints::kMaxSavepoints,
      ", or some whose names differ only beyond ASCII: compare its tables with "
      "the destination, and start behind it"));
}

absl::Status OpenTransaction::RollBack(uint64_t rows_to_skip) {
  return TakeBack(0, rows_to_skip);
}

absl::Status OpenTransaction::TakeBack(uint64_t mark, uint64_t rows_to_skip) {
  if (events_ <= mark) return absl::OkStatus();
  const auto count =
      static_cast<size_t>(events_ - std::max(mark, delivered_events_));
  bool is_possible = rows_to_skip > 0 || mark >= delivered_events_;
  absl::Status status;
  if (is_possible && count > 0) {
    feed_->Amend([&](Chunk* chunk) {
      is_possible = count <= chunk->open_transaction_events();
      if (is_possible) status = Cut(count, chunk);
    });
  }
  BINFERRY_RETURN_IF_ERROR(status);
  if (!is_possible) {
    return absl::UnimplementedError(
        "a transaction takes back rows of selected tables that have been "
        "delivered already, as can be where statements on temporary tables or "
        "on tables of other engines stand between them: compare its tables "
        "with the destination, use binlog_format=ROW, and start behind it");
  }
  events_ = mark;
  delivered_events_ = std::min(delivered_events_, mark);
  return absl::OkStatus();
}

absl::Status OpenTransaction::Cut(size_t count, Chunk* chunk) {
  const size_t kept = chunk->rows.size() - count;
  uint64_t rows = 0;
  uint64_t alerts = 0;
  size_t expected_record_bytes = 0;
  for (size_t i = kept; i < chunk->rows.size(); ++i) {
    const Chunk::Rows& cut = chunk->rows[i];
    BINFERRY_ASSIGN_OR_RETURN(const RowsEvent event,
                              ParseRows(cut.event_type, chunk->BodyOf(cut)));
    BINFERRY_ASSIGN_OR_RETURN(const uint64_t event_rows,
                              CountRows(cut.table->map, event));
    rows += event_rows - cut.rows_to_skip + cut.rows_taken_back;
    alerts += cut.alerts;
    expected_record_bytes += cut.expected_record_bytes;
  }
  rows_taken_back_ += rows;
  alerts_ += alerts;
  chunk->alerts -= alerts;
  chunk->expected_record_bytes -= expected_record_bytes;
  const size_t bytes = chunk->bytes.size() - chunk->rows[kept].offset;
  chunk->raw_charge -= bytes;
  chunk->overhead_charge -= count * sizeof(Chunk::Rows);
  budget_->ReturnRaw(bytes + count * sizeof(Chunk::Rows));
  chunk->bytes.resize(chunk->rows[kept].offset);
  chunk->rows.resize(kept);
  return absl::OkStatus();
}

void OpenTransaction::DropHeld() {
  if (!is_held_) return;
  feed_->Amend([this](Chunk* chunk) {
    const size_t count = chunk->open_transaction_events();
    // Damaged rows are for the encoder to refuse.
    if (count > 0) static_cast<void>(Cut(count, chunk).ok());
  });
  End();
}

}  // namespace binferry::worker
