// What the text of a QUERY event is.
#ifndef BINFERRY_WORKER_BINLOG_STATEMENT_H_
#define BINFERRY_WORKER_BINLOG_STATEMENT_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "worker/binlog/events.h"
#include "worker/charset/charset.h"

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

// What decides where quoted text ends.
struct StatementSyntax {
  // False: sql_mode NO_BACKSLASH_ESCAPES.
  bool has_backslash_escapes = true;
  // sql_mode ANSI_QUOTES: "x" is a name, in which a backslash is a letter.
  bool has_ansi_quotes = false;
  // Of the text: some have characters of two bytes of which the second may be
  // that of a quote or a backslash.
  Charset charset = Charset::kUtf8mb4;
};

// As the session that wrote `query` had it.
StatementSyntax SyntaxOf(const QueryEvent& query);

// Never fails: what it doesn't know is kDefinition.
Statement ClassifyStatement(absl::string_view text,
                            const StatementSyntax& syntax = {});

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_STATEMENT_H_
