#include "worker/encode/value_transformation.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/string_view.h"
#include "worker/charset/utf8_text.h"

namespace binferry::worker {
namespace {

// The bytes of the character, escaped or not, that `escaped` begins with.
size_t CharacterBytes(absl::string_view escaped) {
  if (escaped.front() != '\\') return Utf8CharacterLength(escaped);
  return escaped[1] == 'u' ? 6 : 2;
}

size_t CountCharacters(absl::string_view escaped) {
  size_t count = 0;
  while (!escaped.empty()) {
    escaped.remove_prefix(CharacterBytes(escaped));
    ++count;
  }
  return count;
}

// The bytes of the first `count` characters, of which there may be fewer.
size_t BytesOf(absl::string_view escaped, size_t count) {
  const size_t size = escaped.size();
  while (!escaped.empty() && count-- > 0) {
    escaped.remove_prefix(CharacterBytes(escaped));
  }
  return size - escaped.size();
}

// What is left of `size` bytes at `text`.
size_t Mask(const ValueTransformation& by, char* text, size_t size) {
  const absl::string_view escaped(text, size);
  const size_t count = CountCharacters(escaped);
  const size_t shown = size_t{by.show_first} + by.show_last;
  if (count <= shown) return size;
  const size_t first = BytesOf(escaped, by.show_first);
  const size_t last = BytesOf(escaped, count - by.show_last);
  std::memset(text + first, '*', count - shown);
  std::memmove(text + first + (count - shown), text + last, size - last);
  return first + (count - shown) + (size - last);
}

}  // namespace

bool TransformValue(const ValueTransformation& transformation,
                    const SaltedHash* hash, size_t start, JsonWriter* writer) {
  // A string has its quotes, `null` begins with none.
  if (*writer->At(start) != '"') return true;
  const size_t size = writer->size() - start - 2;
  switch (transformation.kind) {
    case ValueTransformation::Kind::kNone:
    case ValueTransformation::Kind::kDrop:
    case ValueTransformation::Kind::kConstant:
      return true;
    case ValueTransformation::Kind::kMask: {
      char* const text = writer->At(start + 1);
      writer->Advance(text + Mask(transformation, text, size));
      break;
    }
    case ValueTransformation::Kind::kTruncate: {
      char* const text = writer->At(start + 1);
      writer->Advance(text +
                      BytesOf({text, size}, transformation.max_characters));
      break;
    }
    case ValueTransformation::Kind::kHash: {
      writer->Reserve(SaltedHash::kHexBytes);  // May move the text.
      char* const text = writer->At(start + 1);
      if (!hash->HashJsonText({text, size}, text)) return false;
      writer->Advance(text + SaltedHash::kHexBytes);
      break;
    }
  }
  writer->Raw('"');
  return true;
}

}  // namespace binferry::worker
