#include "cli/nearest_word.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/strings/ascii.h"

namespace binferry::cli {
namespace {

// Levenshtein's distance, row by row.
size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::optional<std::string> NearestWord(absl::string_view typed,
                                       const std::vector<std::string>& words) {
  const std::string lower = absl::AsciiStrToLower(typed);
  std::optional<std::string> nearest;
  size_t best = std::max<size_t>(2, typed.size() / 3) + 1;
  for (const std::string& word : words) {
    const size_t distance = EditDistance(lower, absl::AsciiStrToLower(word));
    if (distance < best) {
      best = distance;
      nearest = word;
    }
  }
  return nearest;
}

}  // namespace binferry::cli
