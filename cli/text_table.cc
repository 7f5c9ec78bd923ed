#include "cli/text_table.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace binferry::cli {
namespace {

constexpr size_t kTitleWidth = 14;

}  // namespace

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const std::vector<std::string>& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string table;
  for (const std::vector<std::string>& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i],
                      std::string(widths[i] - row[i].size() + 2, ' '));
    }
    absl::StrAppend(&table, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  return table;
}

void AppendLine(absl::string_view title, absl::string_view text,
                std::string* page) {
  if (text.empty()) return;
  const std::string indent = "\n" + std::string(kTitleWidth + 1, ' ');
  absl::StrAppendFormat(page, "%-*s %s\n", kTitleWidth,
                        title.empty() ? "" : absl::StrCat(title, ":"),
                        absl::StrReplaceAll(text, {{"\n", indent}}));
}

}  // namespace binferry::cli
