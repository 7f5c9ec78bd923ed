// The JSON documents that partial updates leave behind.
#ifndef BINFERRY_WORKER_BINLOG_JSON_DIFF_H_
#define BINFERRY_WORKER_BINLOG_JSON_DIFF_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

// Appends the text, as of AppendJsonText(), of the document that `diffs` make
// of `before_document`. `diffs` are the bytes of a JSON column in the after
// image of a PARTIAL_UPDATE_ROWS event, without the four bytes of their length;
// empty ones leave the document as it is.
//
//   u8 operation (0 replace, 1 insert, 2 remove), packed path length, path,
//   and but for remove: packed value length, value (binary JSON)
//
// (sql/json_diff.h in mysql-server.) They are applied in order: replace and
// remove need the place that the path names; insert needs a member that is not
// there, or an array, whose later elements move.
//
// DATA_LOSS, naming no place, for damaged bytes and for diffs that don't fit
// the document. The text is bounded by MaxJsonTextBytes() of document and diffs
// together.
absl::Status AppendPatchedJsonText(absl::string_view before_document,
                                   absl::string_view diffs, std::string* text);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_JSON_DIFF_H_
