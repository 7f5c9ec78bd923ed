#include "worker/binlog/stream_grammar.h"

#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/binlog/statement.h"

namespace binferry::worker {
namespace {

absl::Status OutOfOrder(absl::string_view what, StreamGrammar::State state) {
  return absl::DataLossError(absl::StrCat(
      what, " can't come in the state ", StateName(state),
      ": the stream did not start between two transactions, or events are "
      "missing"));
}

absl::Status XaError() {
  return absl::UnimplementedError(
      "Binferry does not read XA transactions: use none on the source and "
      "start behind this place");
}

}  // namespace

absl::string_view StateName(StreamGrammar::State state) {
  switch (state) {
    case StreamGrammar::State::kIdle:
      return "idle";
    case StreamGrammar::State::kAnnounced:
      return "announced";
    case StreamGrammar::State::kOpen:
      return "open";
  }
  return "";
}

absl::StatusOr<StreamGrammar::Step> StreamGrammar::Accept(const Event& event) {
  if (const auto* query = std::get_if<QueryEvent>(&event)) {
    return AcceptQuery(*query);
  }
  if (std::holds_alternative<GtidEvent>(event)) return AcceptGtid();
  if (std::holds_alternative<TableMapEvent>(event)) return AcceptTableMap();
  if (std::holds_alternative<RowsEvent>(event)) return AcceptRows();
  if (std::holds_alternative<XidEvent>(event)) return Commit("XID");
  if (std::holds_alternative<IncidentEvent>(event)) return Incident();
  if (std::holds_alternative<XaPrepareEvent>(event)) return XaError();
  if (const auto* format = std::get_if<FormatDescriptionEvent>(&event)) {
    if (format->is_server_start) return Restart();
    if (state_ != State::kIdle) {
      return OutOfOrder("FORMAT_DESCRIPTION", state_);
    }
  }
  if (const auto* rotate = std::get_if<RotateEvent>(&event)) {
    if (!rotate->is_artificial && state_ != State::kIdle) {
      return OutOfOrder("ROTATE", state_);
    }
  }
  return Stay(Meaning::kNothing);
}

absl::StatusOr<StreamGrammar::Step> StreamGrammar::AcceptRows() {
  if (state_ != State::kOpen) return OutOfOrder("a rows event", state_);
  return Stay(Meaning::kRows);
}

absl::StatusOr<StreamGrammar::Step> StreamGrammar::AcceptTableMap() {
  if (state_ != State::kOpen) return OutOfOrder("TABLE_MAP", state_);
  return Stay(Meaning::kTableMap);
}

absl::StatusOr<StreamGrammar::Step> StreamGrammar::AcceptQuery(
    const QueryEvent& query) {
  const Statement statement = ClassifyStatement(query.text, SyntaxOf(query));
  switch (statement.kind) {
    case StatementKind::kBegin:
      return Begin();
    case StatementKind::kCommit:
      return Commit("COMMIT");
    case StatementKind::kRollback:
      return Rollback();
    case StatementKind::kSavepoint:
      return AtSavepoint(Meaning::kSavepoint, statement.savepoint);
    case StatementKind::kRollbackTo:
      return AtSavepoint(Meaning::kRolledBackTo, statement.savepoint);
    case StatementKind::kReleaseSavepoint:
      return Stay(Meaning::kNothing);
    case StatementKind::kXa:
      return XaError();
    case StatementKind::kChange:
      return OtherStatement(Meaning::kUnreadChange, statement.first_word);
    case StatementKind::kDefinition:
      return OtherStatement(Meaning::kStatement, statement.first_word);
  }
  return absl::InternalError("an unknown kind of statement");
}

absl::StatusOr<StreamGrammar::Step> StreamGrammar::AcceptGtid() {
  if (state_ != State::kIdle) return OutOfOrder("GTID", state_);
  Reset();
  state_ = State::kAnnounced;
  return Stay(Meaning::kAnnounced);
}

absl::StatusOr<StreamGrammar::Step> StreamGrammar::Begin() {
  if (state_ == State::kOpen) return OutOfOrder("BEGIN", state_);
  Reset();
  state_ = State::kOpen;
  return Stay(Meaning::kBegun);
}

absl::StatusOr<StreamGrammar::Step> StreamGrammar::Commit(
    absl::string_view what) {
  if (state_ == State::kIdle && is_behind_incident_) {
    is_behind_incident_ = false;
    return Stay(Meaning::kNothing);
  }
  if (state_ != State::kOpen) return OutOfOrder(what, state_);
  state_ = State::kIdle;
  return Step{
      .meaning = Meaning::kCommitted, .ends_group = true, .is_boundary = true};
}

// Sources of 5.x write a lone ROLLBACK too; it means nothing.
StreamGrammar::Step StreamGrammar::Rollback() {
  if (state_ == State::kIdle) return Stay(Meaning::kNothing);
  state_ = State::kIdle;
  return Step{
      .meaning = Meaning::kRolledBack, .ends_group = true, .is_boundary = true};
}

// Sources write it behind a GTID of its own in place of the lost transaction,
// perhaps with a COMMIT, or, where they have no GTIDs, between groups.
StreamGrammar::Step StreamGrammar::Incident() {
  Step step = Stay(Meaning::kIncident);
  if (state_ == State::kAnnounced) {
    Reset();
    is_behind_incident_ = true;
    step.ends_group = true;
    step.is_boundary = true;
  }
  return step;
}

StreamGrammar::Step StreamGrammar::AtSavepoint(
    Meaning meaning, absl::string_view savepoint) const {
  Step step = Stay(meaning);
  step.savepoint = savepoint;
  return step;
}

StreamGrammar::Step StreamGrammar::OtherStatement(
    Meaning meaning, absl::string_view first_word) {
  Step step = Stay(meaning);
  step.first_word = first_word;
  if (state_ != State::kOpen) {
    Reset();
    step.ends_group = true;
    step.is_boundary = true;
  }
  return step;
}

StreamGrammar::Step StreamGrammar::Restart() {
  const bool was_idle = state_ == State::kIdle;
  state_ = State::kIdle;
  return Stay(was_idle ? Meaning::kNothing : Meaning::kVoid);
}

StreamGrammar::Step StreamGrammar::Stay(Meaning meaning) const {
  return Step{.meaning = meaning, .is_boundary = state_ == State::kIdle};
}

}  // namespace binferry::worker
