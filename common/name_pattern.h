// Names of databases and tables by regular expression.
#ifndef BINFERRY_COMMON_NAME_PATTERN_H_
#define BINFERRY_COMMON_NAME_PATTERN_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace re2 {
class RE2;
}  // namespace re2

namespace binferry {

// Longest pattern, in characters.
inline constexpr size_t kMaxNamePatternCharacters = 512;

// A regular expression in RE2's syntax that matches whole names, which is to
// say UTF-8. Its time is linear in the name's length, its memory bounded.
// Immutable.
class NamePattern {
 public:
  // INVALID_ARGUMENT, saying what is wrong and what to write instead: empty,
  // too long, no UTF-8, no regular expression, or one that takes too much
  // memory.
  static absl::StatusOr<NamePattern> Create(absl::string_view pattern);

  NamePattern(NamePattern&&) noexcept;
  NamePattern& operator=(NamePattern&&) noexcept;
  ~NamePattern();

  // Letter case counts, unless the pattern says `(?i)`.
  bool Matches(absl::string_view name) const;
  bool MatchesInAnyCase(absl::string_view name) const;

 private:
  NamePattern(std::unique_ptr<re2::RE2> exact,
              std::unique_ptr<re2::RE2> any_case);

  std::unique_ptr<re2::RE2> exact_;
  std::unique_ptr<re2::RE2> any_case_;
};

}  // namespace binferry

#endif  // BINFERRY_COMMON_NAME_PATTERN_H_
