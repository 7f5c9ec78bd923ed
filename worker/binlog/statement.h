// What the text of a QUERY event is.
#ifndef BINFERRY_WORKER_BINLOG_STATEMENT_H_
#define BINFERRY_WORKER_BINLOG_STATEMENT_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace binferry::worker {

enum class StatementKind : uint8_t {
  kBegin,
  kCommit,
  kRollback,
  kSavepoint,         // SAVEPOINT x
  kRollbackTo,        // ROLLBACK TO x
  kReleaseSavepoint,  // RELEASE SAVEPOINT x
  kXa,                // XA START, END, COMMIT, ROLLBACK
  // Changes rows without rows events: INSERT and its like in statement format,
  // CREATE TABLE ... SELECT in statement format.
  kChange,
  kDefinition,  // DDL, account statements and all the rest.
};

struct Statement {
  StatementKind kind = StatementKind::kDefinition;
  // As written, after comments; in `/*! ... */` it stands inside.
  absl::string_view first_word;
  // Of kSavepoint, kRollbackTo and kReleaseSavepoint: without its quotes, but
  // with quotes in it doubled, as written.
  absl::string_view savepoint;
};

// Never fails: what it doesn't know is kDefinition. Bytes above 127 and
// character sets whose trail bytes look like ASCII matter only behind the
// words that decide.
Statement ClassifyStatement(absl::string_view text);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_STATEMENT_H_
