// Binary JSON turned into text, value by value.
#ifndef BINFERRY_WORKER_BINLOG_JSON_TEXT_H_
#define BINFERRY_WORKER_BINLOG_JSON_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "worker/binlog/json_value.h"

namespace binferry::worker {

// Appends one document to a text that outlives it. A caller who puts a document
// together himself writes containers like this:
//
//   BINFERRY_RETURN_IF_ERROR(out.Open('{'));
//   ... out.Separate(), out.Key(key), out.Value(value) per member
//   out.Close('}');
//
// After an error nothing more may be written. Thread-compatible.
class JsonText {
 public:
  // Of at most about `max_bytes`: that many, and six times one string's.
  JsonText(size_t max_bytes, std::string* text)
      : limit_(text->size() + max_bytes), text_(text) {}

  // DATA_LOSS beyond kMaxJsonDepth.
  absl::Status Open(char bracket);
  // Between two values or members; nothing before a container's first.
  void Separate();
  // DATA_LOSS beyond the text's limit.
  absl::Status Key(absl::string_view key);
  // With all that is in it. DATA_LOSS as above and for damaged bytes.
  absl::Status Value(const JsonValue& value);
  void Close(char bracket);

 private:
  absl::Status Container(const JsonValue& value);
  absl::Status Scalar(const JsonValue& value);
  void String(absl::string_view content);

  const size_t limit_;  // Of `text_`.
  std::string* const text_;
  int depth_ = 0;
  bool is_first_ = true;  // Nothing stands in the innermost container yet.
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_JSON_TEXT_H_
