// Statements as text.
#ifndef BINFERRY_WORKER_DECODE_STATEMENT_TEXT_H_
#define BINFERRY_WORKER_DECODE_STATEMENT_TEXT_H_

#include "worker/binlog/events.h"
#include "worker/decode/json_object.h"

namespace binferry::worker {

// The members that tell a statement: `charset`, its client's, and `sql`;
// `sql_is_exact` = false where bytes were invalid. The statements that servers
// write themselves are in UTF-8 whatever the client's character set is: CREATE
// TABLE of a table with a generated invisible primary key, like a temporary
// table, or with START TRANSACTION for the rows of a SELECT.
void WriteStatement(const QueryEvent& query, JsonObject* object);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_STATEMENT_TEXT_H_
