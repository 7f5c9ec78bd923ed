#include "worker/pipeline/event_reader.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/event_body.h"
#include "worker/binlog/row_decoder.h"
#include "worker/pipeline/statement_reach.h"

namespace binferry::worker {
namespace {

// What a transaction's end adds to a chunk.
constexpr size_t kGroupEndBytes = sizeof(Gtid) + sizeof(Chunk::Origin);

int LeaveCode(LeavePlace place) {
  switch (place) {
    case LeavePlace::kNextCommit:
      return 2;
    case LeavePlace::kTransactionBoundary:
      return 1;
  }
  return 0;
}

bool DefinesTables(absl::string_view first_word) {
  for (const absl::string_view word :
       {"CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"}) {
    if (absl::EqualsIgnoreCase(first_word, word)) return true;
  }
  return false;
}

}  // namespace

EventReader::EventReader(const Surroundings& surroundings,
                         const Checkpoint& start)
    : to_(surroundings),
      start_{start.file, start.position},
      decoder_(start_),
      // Only such a task has passed an INCIDENT.
      grammar_(start.alerts > 0),
      place_(start_),
      transaction_(surroundings.feed, surroundings.budget),
      is_resuming_(start.rows_done > 0),
      rows_to_skip_(start.rows_done) {}

void EventReader::Leave(LeavePlace place) {
  const int code = LeaveCode(place);
  int known = leave_.load();
  while (known < code && !leave_.compare_exchange_weak(known, code)) {
  }
  // Either this sees that the reader waits at a boundary, or the reader, which
  // says so before it waits, sees the wish.
  if (place == LeavePlace::kNextCommit || is_at_boundary_) {
    to_.source->Interrupt();
  }
}

bool EventReader::MustLeave() {
  const bool is_at_boundary = !is_in_group_;
  if (is_at_boundary != is_at_boundary_.load(std::memory_order_relaxed)) {
    is_at_boundary_ = is_at_boundary;
  }
  const int leave = leave_;
  return leave == LeaveCode(LeavePlace::kNextCommit) ||
         (leave != 0 && is_at_boundary);
}

absl::Status EventReader::Run() {
  const absl::Status status = ReadAll();
  transaction_.DropHeld();
  return status;
}

absl::Status EventReader::ReadAll() {
  while (!MustLeave()) {
    to_.board->SetReading(ProgressBoard::Reading::kAwaitsSource);
    const absl::StatusOr<absl::Span<const uint8_t>> raw = to_.source->Next();
    to_.board->SetReading(ProgressBoard::Reading::kReads);
    if (!raw.ok()) {
      if (absl::IsCancelled(raw.status()) && leave_ != 0) break;
      return raw.status();
    }
    to_.board->CountRead(raw->size());
    if (to_.rate_limit->is_set()) Pace(raw->size());
    BINFERRY_ASSIGN_OR_RETURN(const EventFrame frame, decoder_.Frame(*raw));
    BINFERRY_RETURN_IF_ERROR(HandleFrame(frame));
  }
  return absl::OkStatus();
}

void EventReader::Pace(size_t bytes) {
  const absl::Duration wait = to_.rate_limit->Charge(bytes);
  if (wait <= absl::ZeroDuration()) return;
  // What was read need not wait.
  if (!transaction_.is_held()) to_.feed->CloseOpenChunk();
  to_.board->SetReading(ProgressBoard::Reading::kPaces);
  to_.rate_limit->Wait(wait);
  to_.board->SetReading(ProgressBoard::Reading::kReads);
}

void EventReader::NoteOrigin(Chunk* chunk, bool is_start) const {
  const bool is_known = !is_start && !chunk->origins.empty() &&
                        chunk->origins.back().position == group_start_.position;
  if (is_known) return;
  chunk->origins.push_back({.first_row_event = chunk->rows.size(),
                            .is_start = is_start,
                            .position = group_start_.position,
                            .gtid = gtid_});
}

absl::Status EventReader::HandleFrame(const EventFrame& frame) {
  if (frame.IsRows()) return decoder_.Locate(HandleRows(frame));
  to_.board->NoteArrival();
  return HandleOther(frame);
}

absl::Status EventReader::HandleRows(const EventFrame& frame) {
  BINFERRY_ASSIGN_OR_RETURN(const StreamGrammar::Step step,
                            grammar_.AcceptRows());
  static_cast<void>(step);
  BINFERRY_ASSIGN_OR_RETURN(const uint64_t table_id, PeekTableId(frame.body));
  if (table_id == RowsEvent::kDummyTableId) return absl::OkStatus();
  BINFERRY_ASSIGN_OR_RETURN(std::shared_ptr<const PlannedTable>* const table,
                            to_.planner->Find(table_id));
  if (*table == nullptr) return absl::OkStatus();

  uint64_t rows_to_skip = 0;
  if (rows_to_skip_ > 0) {
    bool is_whole_event = false;
    BINFERRY_ASSIGN_OR_RETURN(rows_to_skip,
                              SkipDelivered(frame, **table, &is_whole_event));
    transaction_.NoteDelivered();
    if (is_whole_event) return absl::OkStatus();
  }
  return AppendRows(frame, *table, rows_to_skip);
}

absl::Status EventReader::AppendRows(
    const EventFrame& frame, const std::shared_ptr<const PlannedTable>& table,
    uint64_t rows_to_skip) {
  const size_t size = frame.body.size();
  const int64_t es_ms = TimeOf(frame);
  const bool is_first = !std::exchange(has_appended_, true);
  return Append(size, sizeof(Chunk::Rows), es_ms, [&](Chunk* chunk) {
    if (chunk->tables.empty() || chunk->tables.back() != table) {
      chunk->tables.push_back(table);
    }
    if (is_first && !is_resuming_) {
      chunk->has_open_transaction_start = true;
      chunk->open_transaction_rows_from = chunk->rows.size();
    }
    if (!chunk->is_transaction_open) {
      chunk->is_transaction_open = true;
      chunk->place = group_start_;
    }
    if (to_.with_origins) NoteOrigin(chunk, is_first && !is_resuming_);
    transaction_.AppendTo(
        chunk, {.table = table.get(),
                .offset = chunk->bytes.size(),
                .size = size,
                .expected_record_bytes = table->ExpectRecordBytes(size),
                .event_type = frame.header.type,
                .rows_to_skip = rows_to_skip,
                .position = frame.position,
                .es_ms = es_ms});
    chunk->bytes.insert(chunk->bytes.end(), frame.body.begin(),
                        frame.body.end());
    chunk->source_time_ms = es_ms;
  });
}

absl::StatusOr<uint64_t> EventReader::SkipDelivered(const EventFrame& frame,
                                                    const PlannedTable& table,
                                                    bool* is_whole_event) {
  BINFERRY_ASSIGN_OR_RETURN(const RowsEvent event,
                            ParseRows(frame.header.type, frame.body));
  BINFERRY_ASSIGN_OR_RETURN(const uint64_t rows, CountRows(table.map, event));
  const uint64_t skipped = std::min(rows, rows_to_skip_);
  rows_to_skip_ -= skipped;
  *is_whole_event = skipped == rows;
  return skipped;
}

absl::Status EventReader::HandleOther(const EventFrame& frame) {
  BINFERRY_ASSIGN_OR_RETURN(const Event event, decoder_.Decode(frame));
  if (const auto* table = std::get_if<TableMapEvent>(&event)) {
    BINFERRY_RETURN_IF_ERROR(
        decoder_.Locate(grammar_.AcceptTableMap().status()));
    return decoder_.Locate(to_.planner->Update(*table));
  }
  if (const auto* payload = std::get_if<TransactionPayloadEvent>(&event)) {
    return HandlePayload(*payload);
  }
  if (const auto* unsupported = std::get_if<UnsupportedEvent>(&event)) {
    return decoder_.Locate(UnsupportedEventError(*unsupported));
  }
  const absl::StatusOr<StreamGrammar::Step> step = grammar_.Accept(event);
  if (!step.ok()) return decoder_.Locate(step.status());
  return decoder_.Locate(HandleStep(frame, event, *step));
}

absl::Status EventReader::HandlePayload(
    const TransactionPayloadEvent& payload) {
  BINFERRY_RETURN_IF_ERROR(decoder_.Locate(payload_reader_.Start(payload)));
  bool has_ended = false;
  while (!MustLeave()) {
    const auto raw = payload_reader_.Next();
    if (!raw.ok()) return decoder_.Locate(raw.status());
    if (!raw->has_value()) break;
    if (has_ended) {
      return decoder_.Locate(absl::DataLossError(
          "a TRANSACTION_PAYLOAD goes on behind the end of its transaction"));
    }
    BINFERRY_ASSIGN_OR_RETURN(const EventFrame frame,
                              decoder_.FrameInner(**raw));
    BINFERRY_RETURN_IF_ERROR(HandleFrame(frame));
    has_ended = !is_in_group_;
  }
  return absl::OkStatus();
}

absl::Status EventReader::HandleStep(const EventFrame& frame,
                                     const Event& event,
                                     const StreamGrammar::Step& step) {
  switch (step.meaning) {
    case StreamGrammar::Meaning::kNothing:
      return HandleAside(frame, event);
    case StreamGrammar::Meaning::kAnnounced:
      return BeginGroup(frame, std::get_if<GtidEvent>(&event));
    case StreamGrammar::Meaning::kBegun:
      return is_in_group_ ? absl::OkStatus() : BeginGroup(frame, nullptr);
    case StreamGrammar::Meaning::kTableMap:
    case StreamGrammar::Meaning::kRows:
      return absl::OkStatus();
    case StreamGrammar::Meaning::kStatement:
      if (DefinesTables(step.first_word) &&
          MayDefineTables(std::get<QueryEvent>(event), *to_.selector)) {
        to_.board->CountOmittedDdl();
      }
      return step.ends_group ? EndGroup(frame, step.meaning) : absl::OkStatus();
    case StreamGrammar::Meaning::kUnreadChange:
      BINFERRY_RETURN_IF_ERROR(
          HandleUnreadChange(std::get<QueryEvent>(event), step.first_word));
      return step.ends_group ? EndGroup(frame, step.meaning) : absl::OkStatus();
    case StreamGrammar::Meaning::kIncident:
      BINFERRY_RETURN_IF_ERROR(
          HandleIncident(frame, std::get<IncidentEvent>(event)));
      return step.ends_group ? EndGroup(frame, step.meaning) : absl::OkStatus();
    case StreamGrammar::Meaning::kSavepoint:
      transaction_.SetSavepoint(step.savepoint);
      return absl::OkStatus();
    case StreamGrammar::Meaning::kRolledBackTo:
      return transaction_.RollBackTo(step.savepoint, rows_to_skip_);
    case StreamGrammar::Meaning::kCommitted:
      return EndGroup(frame, step.meaning);
    case StreamGrammar::Meaning::kRolledBack:
      BINFERRY_RETURN_IF_ERROR(transaction_.RollBack(rows_to_skip_));
      return EndGroup(frame, step.meaning);
    case StreamGrammar::Meaning::kVoid:
      to_.planner->ForgetIds();
      return VoidTransaction();
  }
  return absl::InternalError("an unknown meaning of an event");
}

absl::Status EventReader::HandleAside(const EventFrame& frame,
                                      const Event& event) {
  if (std::holds_alternative<FormatDescriptionEvent>(event)) {
    to_.planner->ForgetIds();
    // Another file may have begun without a ROTATE; see there.
    to_.feed->CloseOpenChunk();
  } else if (std::holds_alternative<HeartbeatEvent>(event)) {
    to_.board->NoteHeartbeat();
    return MoveBetweenGroups();
  } else if (const auto* rotate = std::get_if<RotateEvent>(&event);
             rotate != nullptr && !rotate->is_artificial &&
             !frame.header.has_flag(EventHeader::kArtificial)) {
    // So that the rows of a chunk are all in one file.
    to_.feed->CloseOpenChunk();
    return MoveBetweenGroups();
  }
  return absl::OkStatus();
}

absl::Status EventReader::MoveBetweenGroups() {
  if (is_in_group_ || is_resuming_ || decoder_.place() == place_) {
    return absl::OkStatus();
  }
  place_ = decoder_.place();
  to_.board->NotePlace(place_);
  return Append(0, 1, 0, [this](Chunk* chunk) { chunk->place = place_; });
}

absl::Status EventReader::HandleUnreadChange(const QueryEvent& query,
                                             absl::string_view first_word) {
  if (!MayChangeRows(query, *to_.selector)) return absl::OkStatus();
  BINFERRY_RETURN_IF_ERROR(to_.alerts->Raise(
      PipelineAlert::Reason::kUnreadStatement,
      absl::FailedPreconditionError(absl::StrCat(
          "a ", first_word, " in statement format (default database \"",
          query.database,
          "\") may have changed rows of selected tables, which are not in the "
          "binlog: a session runs with binlog_format=STATEMENT or MIXED; SET "
          "PERSIST binlog_format=ROW on the source and end such sessions")),
      decoder_.event_start()));
  transaction_.CountAlert();
  return absl::OkStatus();
}

absl::Status EventReader::HandleIncident(const EventFrame& frame,
                                         const IncidentEvent& incident) {
  // The stream may begin in front of the checkpoint: the start of its file.
  const bool was_seen = decoder_.file() == start_.file &&
                        frame.position < start_.position && !is_in_group_;
  if (was_seen) return absl::OkStatus();
  BINFERRY_RETURN_IF_ERROR(to_.alerts->Raise(
      PipelineAlert::Reason::kIncident,
      absl::DataLossError(absl::StrCat(
          "the source says in an INCIDENT event (", incident.number, ": ",
          incident.text,
          ") that changes did not get into its binlog; its error log tells "
          "the cause")),
      decoder_.event_start()));
  transaction_.CountAlert();
  if (is_in_group_) return absl::OkStatus();
  place_ = decoder_.place();
  return Append(0, 1, 0, [this](Chunk* chunk) {
    chunk->place = place_;
    transaction_.AddAlertsTo(chunk);
  });
}

absl::Status EventReader::BeginGroup(const EventFrame& frame,
                                     const GtidEvent* gtid) {
  is_in_group_ = true;
  group_start_ = {decoder_.file(), frame.position};
  gtid_ = gtid != nullptr ? gtid->gtid : std::nullopt;
  commit_time_ms_ = gtid != nullptr
                        ? static_cast<int64_t>(gtid->original_commit_us / 1000)
                        : 0;
  has_appended_ = false;
  // Sources take rows back only where statements stand between them.
  transaction_.Begin(gtid == nullptr || gtid->may_have_statements
                         ? OpenTransaction::Rows::kMayBeVoided
                         : OpenTransaction::Rows::kFinal);
  to_.planner->ForgetIdsAtLimit();
  if (is_resuming_ && group_start_ != place_) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the task stopped inside the transaction at ", place_.ToString(),
        ", but the source goes on with the one at ", group_start_.ToString(),
        ": its binlog is not the one that was read before; go on with the "
        "former source, or create the task anew"));
  }
  return absl::OkStatus();
}

absl::Status EventReader::EndGroup(const EventFrame& frame,
                                   StreamGrammar::Meaning meaning) {
  if (rows_to_skip_ > 0) {
    return absl::DataLossError(absl::StrCat(
        "the transaction at ", group_start_.ToString(), " has ", rows_to_skip_,
        " rows of selected tables fewer than were delivered of it: the "
        "selection or the source's binlog has changed; create the task anew"));
  }
  is_in_group_ = false;
  is_resuming_ = false;
  place_ = decoder_.place();
  to_.board->NotePlace(place_);
  const int64_t time_ms = TimeOf(frame);
  commit_time_ms_ = 0;
  const bool is_transaction = meaning == StreamGrammar::Meaning::kCommitted ||
                              meaning == StreamGrammar::Meaning::kRolledBack;
  BINFERRY_RETURN_IF_ERROR(
      Append(0, kGroupEndBytes, time_ms, [&](Chunk* chunk) {
        chunk->place = place_;
        chunk->is_transaction_open = false;
        chunk->has_open_transaction_start = false;
        chunk->source_time_ms = time_ms;
        transaction_.AddAlertsTo(chunk);
        if (is_transaction) ++chunk->transactions;
        if (gtid_.has_value()) chunk->gtids.push_back(*std::move(gtid_));
        gtid_.reset();
      }));
  transaction_.End();
  return absl::OkStatus();
}

absl::Status EventReader::VoidTransaction() {
  const absl::Status status = transaction_.RollBack(rows_to_skip_);
  transaction_.End();
  is_in_group_ = false;
  gtid_.reset();
  if (absl::IsUnimplemented(status) || is_resuming_) {
    return absl::DataLossError(absl::StrCat(
        "the source crashed and took back the transaction at ",
        group_start_.ToString(),
        ", whose rows may have been delivered already: compare the tables with "
        "the destination, and create the task anew behind this place"));
  }
  BINFERRY_RETURN_IF_ERROR(status);
  to_.feed->Amend([this](Chunk* chunk) {
    if (!chunk->is_transaction_open) return;
    chunk->is_transaction_open = false;
    chunk->has_open_transaction_start = false;
    chunk->place = place_;
  });
  to_.feed->CloseOpenChunk();  // Another file has begun.
  return absl::OkStatus();
}

absl::Status EventReader::Charge(size_t cost) {
  if (to_.budget->TryTakeRaw(cost)) return absl::OkStatus();
  // What is held stays, if the rest of the memory will do once it is free.
  if (!transaction_.is_held() ||
      to_.feed->open_charge() + cost > to_.budget->raw_limit()) {
    to_.feed->CloseOpenChunk();
  }
  to_.board->SetReading(ProgressBoard::Reading::kAwaitsMemory);
  if (!to_.budget->TakeRaw(cost)) return absl::CancelledError("interrupted");
  to_.board->SetReading(ProgressBoard::Reading::kReads);
  return absl::OkStatus();
}

absl::Status EventReader::Append(size_t raw_cost, size_t overhead_cost,
                                 int64_t time_ms,
                                 absl::FunctionRef<void(Chunk*)> edit) {
  // Whether the chunk is new is known only under its lock; so a chunk's own
  // cost is taken with every event and mostly given back at once.
  const size_t own_cost = overhead_cost + Chunk::kOverheadBytes;
  BINFERRY_RETURN_IF_ERROR(Charge(raw_cost + own_cost));
  bool is_new = false;
  to_.feed->Append([&](Chunk* chunk) {
    is_new = !chunk->has_content();
    if (is_new) to_.board->NoteBacklog(time_ms);
    chunk->raw_charge += raw_cost;
    chunk->overhead_charge += is_new ? own_cost : overhead_cost;
    edit(chunk);
  });
  if (!is_new) to_.budget->ReturnRaw(Chunk::kOverheadBytes);
  return absl::OkStatus();
}

int64_t EventReader::TimeOf(const EventFrame& frame) const {
  return commit_time_ms_ != 0 ? commit_time_ms_
                              : int64_t{frame.header.timestamp} * 1000;
}

}  // namespace binferry::worker
