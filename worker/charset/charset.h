// Character sets of MySQL columns and their way to UTF-8.
#ifndef BINFERRY_WORKER_CHARSET_CHARSET_H_
#define BINFERRY_WORKER_CHARSET_CHARSET_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

// The character sets of MySQL 8.0 to 9.7, all of them.
enum class Charset : uint8_t {
  kArmscii8,
  kAscii,
  kBig5,
  kBinary,
  kCp1250,
  kCp1251,
  kCp1256,
  kCp1257,
  kCp850,
  kCp852,
  kCp866,
  kCp932,
  kDec8,
  kEucjpms,
  kEuckr,
  kGb18030,
  kGb2312,
  kGbk,
  kGeostd8,
  kGreek,
  kHebrew,
  kHp8,
  kKeybcs2,
  kKoi8r,
  kKoi8u,
  kLatin1,  // MySQL's latin1 is cp1252 with its five holes mapped to U+0081,
            // U+008D, U+008F, U+0090, U+009D.
  kLatin2,
  kLatin5,
  kLatin7,
  kMacce,
  kMacroman,
  kSjis,
  kSwe7,
  kTis620,
  kUcs2,
  kUjis,
  kUtf16,
  kUtf16le,
  kUtf32,
  kUtf8mb3,
  kUtf8mb4,
};

inline constexpr size_t kCharsetCount =
    static_cast<size_t>(Charset::kUtf8mb4) + 1;

// What to do with bytes that are invalid in the character set of their text:
// malformed, or a code without a character in that set (see Character).
enum class InvalidText : uint8_t {
  kStop,     // An error.
  kReplace,  // U+FFFD stands for them.
};

// The character set of a collation id as binlogs carry it. UNIMPLEMENTED,
// naming the id, for one that MySQL 9.7 doesn't have; ids mean the same in all
// versions of MySQL.
absl::StatusOr<Charset> CharsetOfCollation(uint32_t collation_id);

// The name that MySQL gives the set, e.g. "utf8mb4".
absl::string_view CharsetName(Charset charset);

// Whether `texts`, which are all in one set, are the same ASCII whichever set
// that is: without the signs that are letters in swe7, and with a text of an
// odd size, as there is none in ucs2 and utf16, where "N-" is U+4E2D.
bool AreAsciiInAnyCharset(const std::vector<std::string>& texts);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_CHARSET_CHARSET_H_
