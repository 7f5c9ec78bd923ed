// The order in which events may come, and what it means.
#ifndef BINFERRY_WORKER_BINLOG_STREAM_GRAMMAR_H_
#define BINFERRY_WORKER_BINLOG_STREAM_GRAMMAR_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "worker/binlog/events.h"

namespace binferry::worker {

// The states of a binlog stream between and inside groups. A group is what one
// GTID names: a transaction, or a statement of its own.
//
//            GTID                 BEGIN
//   kIdle ─────────▶ kAnnounced ─────────▶ kOpen ──▶ XID, COMMIT, ROLLBACK:
//   kIdle
//     │                   └──▶ another statement: kIdle
//     ├── BEGIN (sources that write no GTID events) ──▶ kOpen
//     └── another statement ──▶ kIdle
//
// A FORMAT_DESCRIPTION of a server start leads back to kIdle from anywhere: a
// crashed source never ended the group.
//
// Statuses: DATA_LOSS for a sequence that no source writes (the stream did not
// start between two groups, or events are missing); UNIMPLEMENTED for XA and
// for ROLLBACK TO after rows. They name no place: EventDecoder::Locate.
// Thread-compatible.
class StreamGrammar {
 public:
  enum class State : uint8_t { kIdle, kAnnounced, kOpen };

  enum class Meaning : uint8_t {
    kNothing,    // No bearing on groups.
    kAnnounced,  // A group begins with this GTID event.
    kBegun,      // A transaction: rows may follow.
    kTableMap,   // A table map of the open transaction.
    kRows,       // A rows event of the open transaction.
    kStatement,  // DDL or the like, in a group of its own or, as CREATE TABLE
                 // ... SELECT is written, inside a transaction.
    kUnreadChange,  // A change of rows in statement format: they are in no
                    // event. `first_word` tells the statement.
    kCommitted,     // The transaction's rows are valid.
    kRolledBack,    // The rows of transactional tables are void. See
                    // has_rows().
    kVoid,  // The source crashed inside the group: it never happened, discard
            // its rows and its GTID.
  };

  struct Step {
    Meaning meaning = Meaning::kNothing;
    // The event completes its group: the GTID may be added to the executed set.
    bool ends_group = false;
    // Behind this event a stream may start anew.
    bool is_boundary = false;
    // For kStatement and kUnreadChange; points into the event.
    absl::string_view first_word;
  };

  // Takes the next event. An UnsupportedEvent means nothing here; the caller
  // has judged it.
  absl::StatusOr<Step> Accept(const Event& event);
  // The same for events that the caller doesn't decode.
  absl::StatusOr<Step> AcceptRows();
  absl::StatusOr<Step> AcceptTableMap();

  State state() const { return state_; }
  // Whether the open transaction, or the one just ended, had rows events.
  bool has_rows() const { return has_rows_; }

  // As new: for a new stream, which starts between groups.
  void Reset() { *this = StreamGrammar(); }

 private:
  absl::StatusOr<Step> AcceptQuery(const QueryEvent& query);
  absl::StatusOr<Step> AcceptGtid();
  absl::StatusOr<Step> Begin();
  absl::StatusOr<Step> Commit(absl::string_view what);
  Step Rollback();
  absl::StatusOr<Step> RollbackTo();
  Step OtherStatement(Meaning meaning, absl::string_view first_word);
  Step Restart();
  Step Stay(Meaning meaning) const;

  State state_ = State::kIdle;
  bool has_rows_ = false;
  bool has_rows_since_savepoint_ = false;
  bool has_savepoint_ = false;
};

absl::string_view StateName(StreamGrammar::State state);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_STREAM_GRAMMAR_H_
