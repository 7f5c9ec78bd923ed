// Columns of text.
#ifndef BINFERRY_CLI_TEXT_TABLE_H_
#define BINFERRY_CLI_TEXT_TABLE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace binferry::cli {

// Left-aligned columns, two blanks apart, as wide as needed. `rows` are as long
// as the first, which is the head.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);

// Appends `title: text`, with the texts of a page below each other; nothing if
// `text` is empty. An empty title goes on with the one before. Further lines of
// `text` are indented to its first.
void AppendLine(absl::string_view title, absl::string_view text,
                std::string* page);

}  // namespace binferry::cli

#endif  // BINFERRY_CLI_TEXT_TABLE_H_
