// SQL's LIKE.
#ifndef BINFERRY_WORKER_SELECT_LIKE_PATTERN_H_
#define BINFERRY_WORKER_SELECT_LIKE_PATTERN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace binferry::worker {

// `%` matches any number of characters, `_` one, all others themselves, byte by
// byte as under a _bin collation. Immutable.
class LikePattern {
 public:
  // What `_` matches.
  enum class Unit : uint8_t {
    kCharacter,  // Of UTF-8.
    kByte,
  };

  // Behind `escape`, one character or "", a character of `pattern` means
  // itself; at the end `escape` means itself too. `pattern` is UTF-8.
  LikePattern(absl::string_view pattern, absl::string_view escape, Unit unit);

  // In time of at most the product of the lengths, without allocation.
  bool Matches(absl::string_view text) const;

 private:
  struct Piece {
    enum class Kind : uint8_t { kText, kOne, kAny };
    Kind kind = Kind::kText;
    std::string text;  // kText: one character.
  };

  const Unit unit_;
  std::vector<Piece> pieces_;
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SELECT_LIKE_PATTERN_H_
