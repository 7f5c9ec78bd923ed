// The values that events set for the statement behind them.
#ifndef BINFERRY_WORKER_DECODE_STATEMENT_VARIABLE_H_
#define BINFERRY_WORKER_DECODE_STATEMENT_VARIABLE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "worker/binlog/event_header.h"
#include "worker/decode/json_object.h"

namespace binferry::worker {

// Writes the members of an INTVAR (`variable`, `value`), RAND (`seeds`) or
// USER_VAR event (`variable`, `value`, `charset`); of other types none.
// `body` as EventFrame has it. DATA_LOSS for damaged bytes. Layouts:
// libs/mysql/binlog/event/statement_events.h in mysql-server.
absl::Status WriteStatementVariable(const EventHeader& header,
                                    absl::Span<const uint8_t> body,
                                    JsonObject* object);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_STATEMENT_VARIABLE_H_
