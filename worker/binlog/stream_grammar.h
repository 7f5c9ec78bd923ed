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
//     └── another statement, INCIDENT ──▶ kIdle
//
// A FORMAT_DESCRIPTION of a server start leads back to kIdle from anywhere: a
// crashed source never ended the group.
//
// The events of a TRANSACTION_PAYLOAD go through it like others; the payload
// event itself means nothing.
//
// Statuses: DATA_LOSS for a sequence that no source writes (the stream did not
// start between two groups, or events are missing); UNIMPLEMENTED for XA. They
// name no place: EventDecoder::Locate.
// Thread-compatible.
class StreamGrammar {
 public:
  enum class State : uint8_t { kIdle, kAnnounced, kOpen };

  // Of a stream that begins between two groups.
  StreamGrammar() = default;
  // The same; `may_be_behind_incident`: or behind an INCIDENT, in front of the
  // COMMIT that may follow it.
  explicit StreamGrammar(bool may_be_behind_incident)
      : is_behind_incident_(may_be_behind_incident) {}

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
    kIncident,      // The source lost changes.
    kSavepoint,     // Rows from here on may be taken back.
    kRolledBackTo,  // The rows since `savepoint` are void. Sources write this
                    // only where statements of other engines or of temporary
                    // tables stand between; else they write no such rows.
    kCommitted,     // The transaction's rows are valid.
    kRolledBack,    // All rows of the transaction are void; written in the same
                    // cases. Rows of other engines stand in their own groups.
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
    // For kSavepoint and kRolledBackTo: Statement::savepoint.
    absl::string_view savepoint;
  };

  // Takes the next event. An UnsupportedEvent means nothing here; the caller
  // has judged it.
  absl::StatusOr<Step> Accept(const Event& event);
  // The same for events that the caller doesn't decode.
  absl::StatusOr<Step> AcceptRows();
  absl::StatusOr<Step> AcceptTableMap();

  State state() const { return state_; }
  // As new: for a new stream, which starts between groups.
  void Reset() { *this = StreamGrammar(); }

 private:
  absl::StatusOr<Step> AcceptQuery(const QueryEvent& query);
  absl::StatusOr<Step> AcceptGtid();
  absl::StatusOr<Step> Begin();
  absl::StatusOr<Step> Commit(absl::string_view what);
  Step Rollback();
  Step Incident();
  Step AtSavepoint(Meaning meaning, absl::string_view savepoint) const;
  Step OtherStatement(Meaning meaning, absl::string_view first_word);
  Step Restart();
  Step Stay(Meaning meaning) const;

  State state_ = State::kIdle;
  bool is_behind_incident_ = false;
};

absl::string_view StateName(StreamGrammar::State state);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_STREAM_GRAMMAR_H_
