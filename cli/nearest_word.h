// What somebody may have meant.
#ifndef BINFERRY_CLI_NEAREST_WORD_H_
#define BINFERRY_CLI_NEAREST_WORD_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace binferry::cli {

// The one of `words` that the fewest edits (insert, delete, replace a letter;
// letter case doesn't count) make from `typed`; nothing if that takes more than
// a third of its letters, and more than two.
std::optional<std::string> NearestWord(absl::string_view typed,
                                       const std::vector<std::string>& words);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_NEAREST_WORD_H_
