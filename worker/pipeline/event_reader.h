// From a source's events to chunks.
#ifndef BINFERRY_WORKER_PIPELINE_EVENT_READER_H_
#define BINFERRY_WORKER_PIPELINE_EVENT_READER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/types/span.h"
#include "worker/binlog/binlog_source.h"
#include "worker/binlog/coordinates.h"
#include "worker/binlog/event_decoder.h"
#include "worker/binlog/events.h"
#include "worker/binlog/gtid_set.h"
#include "worker/binlog/stream_grammar.h"
#include "worker/binlog/transaction_payload.h"
#include "worker/pipeline/alert_policy.h"
#include "worker/pipeline/byte_budget.h"
#include "worker/pipeline/chunk_feed.h"
#include "worker/pipeline/open_transaction.h"
#include "worker/pipeline/pipeline_options.h"
#include "worker/pipeline/progress_board.h"
#include "worker/pipeline/rate_limit.h"
#include "worker/pipeline/table_planner.h"
#include "worker/schema/checkpoint.h"
#include "worker/select/object_selection.h"

namespace binferry::worker {

// Reads a stream that was opened at a checkpoint, frames its transactions, and
// copies the rows events of selected tables into chunks; others are dropped
// before any copy. Compressed transactions are read as if their events stood in
// the stream; all have the position of the payload. Where the checkpoint stands
// inside a transaction, its first `rows_done` rows are passed over.
//
// Thread-compatible, but for Leave.
class EventReader {
 public:
  // What the reader works with; all must outlive it.
  struct Surroundings {
    BinlogSource* source = nullptr;
    const TableSelector* selector = nullptr;
    TablePlanner* planner = nullptr;
    ByteBudget* budget = nullptr;
    ChunkFeed* feed = nullptr;
    const AlertPolicy* alerts = nullptr;
    ProgressBoard* board = nullptr;
    RateLimit* rate_limit = nullptr;
    // Whether chunks are told where records come from.
    bool with_origins = false;
  };

  EventReader(const Surroundings& surroundings, const Checkpoint& start);

  // Reads until Leave (OK), the first error, or the budget's Abort (CANCELLED).
  // Statuses name file and position. What was read before is in the feed.
  //
  // Errors: as BinlogSource::Next, EventDecoder, PayloadReader, StreamGrammar,
  // TablePlanner; UNIMPLEMENTED for events that are not read, and for rows that
  // are taken back when they have been handed on. Under UnreadableChange::kStop
  // FAILED_PRECONDITION for changes in statement format that may concern a
  // selected table, and DATA_LOSS for an INCIDENT. DATA_LOSS also for a
  // transaction that a crash of the source made void when its rows had been
  // handed on, and one that isn't what it was when `rows_done` of it were
  // delivered.
  absl::Status Run();

  // Makes Run return OK soon. Any thread.
  void Leave(LeavePlace place);

 private:
  absl::Status ReadAll();
  absl::Status HandleFrame(const EventFrame& frame);
  absl::Status HandleRows(const EventFrame& frame);
  absl::Status AppendRows(const EventFrame& frame,
                          const std::shared_ptr<const PlannedTable>& table,
                          uint64_t rows_to_skip);
  // Tells `chunk` where the rows events to be appended come from.
  void NoteOrigin(Chunk* chunk, bool is_start) const;
  // Waits as the rate limit wants it, once `bytes` are read.
  void Pace(size_t bytes);
  absl::Status HandleOther(const EventFrame& frame);
  absl::Status HandlePayload(const TransactionPayloadEvent& payload);
  absl::Status HandleStep(const EventFrame& frame, const Event& event,
                          const StreamGrammar::Step& step);
  // An event without bearing on groups.
  absl::Status HandleAside(const EventFrame& frame, const Event& event);
  absl::Status HandleUnreadChange(const QueryEvent& query,
                                  absl::string_view first_word);
  absl::Status HandleIncident(const EventFrame& frame,
                              const IncidentEvent& incident);

  absl::Status BeginGroup(const EventFrame& frame, const GtidEvent* gtid);
  absl::Status EndGroup(const EventFrame& frame,
                        StreamGrammar::Meaning meaning);
  // Takes back the rows of a transaction that a crash made void.
  absl::Status VoidTransaction();
  // Notes that the stream has come to the decoder's place.
  absl::Status MoveBetweenGroups();
  // Passes over rows that were delivered earlier; how many of the event's.
  absl::StatusOr<uint64_t> SkipDelivered(const EventFrame& frame,
                                         const PlannedTable& table,
                                         bool* is_whole_event);
  // Takes `cost` bytes, handing on the open chunk before it waits.
  absl::Status Charge(size_t cost);
  absl::Status Append(size_t raw_cost, size_t overhead_cost, int64_t time_ms,
                      absl::FunctionRef<void(Chunk*)> edit);
  int64_t TimeOf(const EventFrame& frame) const;

  // Whether to end here, and tells Leave whether it may interrupt the source.
  bool MustLeave();

  const Surroundings to_;
  const Coordinates start_;
  EventDecoder decoder_;
  PayloadReader payload_reader_;
  StreamGrammar grammar_;

  // The end of the last group, or the checkpoint's place.
  Coordinates place_;
  // Of the group under way:
  bool is_in_group_ = false;
  Coordinates group_start_;
  std::optional<Gtid> gtid_;
  int64_t commit_time_ms_ = 0;  // 0 = the events' own times are used.
  bool has_appended_ = false;
  OpenTransaction transaction_;

  // The first group is one that was delivered in part.
  bool is_resuming_ = false;
  uint64_t rows_to_skip_ = 0;

  std::atomic<int> leave_{0};  // 1 + LeavePlace; 0 = go on.
  std::atomic<bool> is_at_boundary_{false};
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_PIPELINE_EVENT_READER_H_
