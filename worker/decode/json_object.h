// One JSON object as a line of text.
#ifndef BINFERRY_WORKER_DECODE_JSON_OBJECT_H_
#define BINFERRY_WORKER_DECODE_JSON_OBJECT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "worker/charset/charset.h"

namespace binferry::worker {

// Appends an object to a text, member by member. Keys are written as they are
// and must need no escape. Of texts only what JSON demands is escaped, so that
// SQL stays readable, and what a terminal or a splitter of lines might act
// upon. Thread-compatible.
class JsonObject {
 public:
  // `out` must outlive this object and have no other user until Close, but for
  // the value that follows a Key.
  explicit JsonObject(std::string* out) : out_(out) { *out_ += '{'; }

  // What is appended to out() next is this member's value.
  void Key(absl::string_view key);
  std::string* out() const { return out_; }

  // UTF-8; each byte that isn't, as `\xE9`.
  void Text(absl::string_view key, absl::string_view text);
  void Number(absl::string_view key, uint64_t number);
  void Flag(absl::string_view key, bool value);
  void Null(absl::string_view key);
  // Something that is JSON already.
  void Raw(absl::string_view key, absl::string_view json);

  void Close() { *out_ += '}'; }

 private:
  std::string* const out_;
  bool has_members_ = false;
};

// Appends `text`, UTF-8, as a JSON string; each byte that isn't, as `\xE9`.
// False if there was one of those.
bool AppendQuoted(absl::string_view text, std::string* out);

// The same for bytes of any character set. Those of kBinary are taken for UTF-8
// where they are.
bool AppendQuoted(Charset charset, absl::string_view bytes, std::string* out);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_DECODE_JSON_OBJECT_H_
