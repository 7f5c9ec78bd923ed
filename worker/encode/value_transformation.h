// What a task's rules make of a column's values.
#ifndef BINFERRY_WORKER_ENCODE_VALUE_TRANSFORMATION_H_
#define BINFERRY_WORKER_ENCODE_VALUE_TRANSFORMATION_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "worker/encode/json_writer.h"
#include "worker/encode/salted_hash.h"

namespace binferry::worker {

// Works on JSON strings as JsonWriter makes them: a character is one of the
// text, not of its escapes.
struct ValueTransformation {
  enum class Kind : uint8_t {
    kNone,
    kDrop,      // Not written.
    kMask,      // `*` for each character but the first and last ones.
    kHash,      // SaltedHash.
    kTruncate,  // The first `max_characters`.
    kConstant,  // `constant` in place of every value, NULL too.
  };

  Kind kind = Kind::kNone;
  uint32_t show_first = 0;
  uint32_t show_last = 0;
  uint32_t max_characters = 0;
  std::string constant;  // A JSON string.
};

// Changes the JSON string at the end of what `writer` has written, from
// `start`, to what `transformation`, none of kDrop and kConstant, makes of it.
// `null` stays. `hash` is for kHash; false if it fails.
[[nodiscard]] bool TransformValue(const ValueTransformation& transformation,
                                  const SaltedHash* hash, size_t start,
                                  JsonWriter* writer);

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_ENCODE_VALUE_TRANSFORMATION_H_
