// Writes JSON text into an arena.
#ifndef BINFERRY_WORKER_ENCODE_JSON_WRITER_H_
#define BINFERRY_WORKER_ENCODE_JSON_WRITER_H_

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "worker/charset/charset.h"
#include "worker/encode/arena.h"

namespace binferry::worker {

// Appends pieces of one JSON text after another to an arena. It knows how to
// escape strings, not the grammar: its user writes brackets and commas.
//
// Strings are escaped as Gson does by default: the JSON escapes in their short
// forms (`\"`, `\\`, `\b`, `\f`, `\n`, `\r`, `\t`, else `\u00XX`), `<` `>` `&`
// `=` `'` as `\u003c` and so on, U+2028 and U+2029 as `\u2028` and `\u2029`;
// `/` and U+007F stand as they are.
//
// Thread-compatible.
class JsonWriter {
 public:
  // `arena` must outlive this object and have no other user between the first
  // byte of a text and its Finish.
  explicit JsonWriter(Arena* arena) : arena_(arena) {}

  // Starts a text; drops one that isn't finished.
  void Start() { SetRegion(arena_->Open(kFirstBytes), 0); }

  // Ends the text and returns it; it lives as long as the arena keeps it.
  absl::string_view Finish() { return arena_->Close(size()); }

  // Bytes written since Start.
  size_t size() const { return static_cast<size_t>(next_ - begin_); }

  // For texts whose room is known: at least `bytes` bytes (and kSlack more) to
  // write to, and then where they end.
  char* Reserve(size_t bytes) {
    if (static_cast<ptrdiff_t>(bytes) > limit_ - next_) Grow(bytes);
    return next_;
  }
  void Advance(char* end) { next_ = end; }

  // Text as it is.
  void Raw(absl::string_view text) {
    char* const out = Reserve(text.size());
    std::memcpy(out, text.data(), text.size());
    next_ = out + text.size();
  }

  void Raw(char c) {
    *Reserve(1) = c;
    ++next_;
  }

  // What was written, from `offset` on; valid until the next byte is.
  char* At(size_t offset) { return begin_ + offset; }

  // Overwrites a byte that was written already.
  void Patch(size_t offset, char c) { begin_[offset] = c; }

  // A JSON number.
  template <typename Integer>
  void Number(Integer value) {
    char* const out = Reserve(kMaxNumber);  // Moves limit_, so it comes first.
    next_ = std::to_chars(out, limit_ + kSlack, value).ptr;
  }

  // A JSON number as a string, `"123"`.
  template <typename Integer>
  void QuotedNumber(Integer value) {
    char* out = Reserve(kMaxNumber);
    *out++ = '"';
    out = std::to_chars(out, limit_ + kSlack, value).ptr;
    *out++ = '"';
    next_ = out;
  }

  // Text that needs no escape, quoted.
  void QuotedPlain(absl::string_view text) {
    char* out = Reserve(text.size() + 2);
    *out++ = '"';
    std::memcpy(out, text.data(), text.size());
    out += text.size();
    *out++ = '"';
    next_ = out;
  }

  // `bytes`, which are in `charset`, as a JSON string in UTF-8: the characters
  // that Character in worker/charset/character_decoder.h describes. Where bytes
  // are none:
  // * kStop: false, with the text left unusable until the next Start.
  // * kReplace: U+FFFD for each malformed byte, or unit of a set of units, and
  //   for each code that the set leaves unassigned; true.
  // In kBinary no byte is a character.
  [[nodiscard]] bool String(Charset charset, absl::string_view bytes,
                            InvalidText invalid_text = InvalidText::kStop);

  // Counts a text that String made elsewhere, with something replaced.
  void CountReplaced() { ++replaced_texts_; }

  // The texts with something replaced that were written since construction.
  uint64_t replaced_texts() const { return replaced_texts_; }

  // Bytes as the text of a list of signed numbers: `"[106, 103, -1]"`.
  void ByteList(absl::string_view bytes);

 private:
  // Behind what Reserve gave, so that copies may be of whole vectors.
  static constexpr size_t kSlack = 32;
  static constexpr size_t kFirstBytes = 1024;
  static constexpr size_t kMaxNumber = 24;

  template <typename Decoder>
  bool Text(const Decoder& decoder, absl::string_view bytes,
            InvalidText invalid_text);

  void Grow(size_t bytes) {
    const size_t used = size();
    SetRegion(arena_->Grow(used, bytes + kSlack), used);
  }
  void SetRegion(absl::Span<char> region, size_t used) {
    begin_ = region.data();
    next_ = begin_ + used;
    limit_ = begin_ + region.size() - kSlack;
  }

  Arena* const arena_;
  char* begin_ = nullptr;
  char* next_ = nullptr;
  // kSlack before the end of the region; `next_` may be a little beyond it.
  char* limit_ = nullptr;
  uint64_t replaced_texts_ = 0;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_JSON_WRITER_H_
