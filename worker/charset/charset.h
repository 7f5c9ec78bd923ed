// Character sets of MySQL columns and their way to UTF-8.
#ifndef BINFERRY_WORKER_CHARSET_CHARSET_H_
#define BINFERRY_WORKER_CHARSET_CHARSET_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {

enum class Charset : uint8_t {
  kBinary,
  kAscii,
  kLatin1,  // MySQL's latin1 is cp1252 with its five holes mapped to U+0081,
            // U+008D, U+008F, U+0090, U+009D.
  kUtf8mb3,
  kUtf8mb4,
};

// What to do with bytes that are invalid in the character set of their text.
enum class InvalidText : uint8_t {
  kStop,     // An error.
  kReplace,  // U+FFFD stands for them.
};

// The character set of a collation id as binlogs carry it. UNIMPLEMENTED,
// naming the id, for any other set.
absl::StatusOr<Charset> CharsetOfCollation(uint32_t collation_id);

// The name that MySQL gives the set, e.g. "utf8mb4".
absl::string_view CharsetName(Charset charset);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_CHARSET_CHARSET_H_
