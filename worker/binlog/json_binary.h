// MySQL's binary JSON as the text that its SELECT prints.
#ifndef BINFERRY_WORKER_BINLOG_JSON_BINARY_H_
#define BINFERRY_WORKER_BINLOG_JSON_BINARY_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

// Appends `document`, a JSON column's value in a row event, to `text` as the
// server would print it: ", " and ": " between things, members in the order in
// which they are stored (by length, then bytes), numbers with all their digits,
// opaque values as MySQL shows them ("base64:type15:AP8="). An empty document
// is the JSON null of a NOT NULL column that was given no value.
//
// DATA_LOSS, naming no place, for damaged bytes, for nesting that MySQL would
// refuse, and for more text than MaxJsonTextBytes(); `text` then holds what
// came before and is of no use. Nothing is allocated but the text's own growth
// and, for values in base64, a line of it.
absl::Status AppendJsonText(absl::string_view document, std::string* text);

// The most text that AppendJsonText() makes of so many bytes. What a document's
// bytes say once is printed once, and costs most as control characters in a
// string: six characters a byte ("\u0001"). The rest is for the quotes and the
// frame of a small value. Only a document whose offsets name the same bytes
// again and again, as MySQL writes none, needs more.
constexpr size_t MaxJsonTextBytes(size_t document_bytes) {
  return 6 * document_bytes + 16;
}

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_JSON_BINARY_H_
