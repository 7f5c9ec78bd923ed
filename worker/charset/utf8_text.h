// Texts of any character set as UTF-8.
#ifndef BINFERRY_WORKER_CHARSET_UTF8_TEXT_H_
#define BINFERRY_WORKER_CHARSET_UTF8_TEXT_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "worker/charset/charset.h"

namespace binferry::worker {

// Appends `bytes`, which are in `charset`, to `text`, with the characters that
// character_decoder.h describes. Where bytes are none: kStop gives false, with
// what was appended left there; kReplace puts U+FFFD.
[[nodiscard]] bool AppendUtf8(Charset charset, absl::string_view bytes,
                              InvalidText invalid_text, std::string* text);

// The length of the character that `text` begins with, at least 1 and at most
// what is there. `text` is not empty; of what isn't UTF-8 each byte is one.
size_t Utf8CharacterLength(absl::string_view text);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_CHARSET_UTF8_TEXT_H_
