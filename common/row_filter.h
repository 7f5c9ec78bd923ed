// Which rows a user wants: an expression over a table's columns, as it stands
// behind WHERE in SQL. docs/row-filter.md is the language's manual.
#ifndef BINFERRY_COMMON_ROW_FILTER_H_
#define BINFERRY_COMMON_ROW_FILTER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry {

// Longest text of a filter, in characters.
inline constexpr size_t kMaxRowFilterCharacters = 512;
// Deepest nesting of parentheses and NOT.
inline constexpr int kMaxRowFilterDepth = 32;

// A constant in a filter.
struct FilterLiteral {
  enum class Kind : uint8_t {
    kNull,    // `text` is empty.
    kNumber,  // `text`: an optional `-`, digits, and optionally `.` and digits;
              // at least one digit in front of the point. TRUE is 1, FALSE 0.
    kReal,    // A number with an exponent: `text` as it stands, with a sign.
    kText,    // `text`: UTF-8, escapes resolved. Under LIKE `\%` and `\_` stay.
  };

  Kind kind = Kind::kNull;
  std::string text;

  friend bool operator==(const FilterLiteral&, const FilterLiteral&) = default;
};

// A node of the expression. What has two forms in SQL has one here: `a NOT IN
// (1)` is NOT over IN, `a BETWEEN 1 AND 2` an AND of two comparisons, `1 < a`
// the comparison `a > 1`.
struct FilterNode {
  enum class Kind : uint8_t {
    kAnd,      // Of `operands`, at least two.
    kOr,       // The same.
    kNot,      // Of the one in `operands`.
    kCompare,  // `column` `comparison` `literals[0]`
    kIn,       // `column` is one of `literals`.
    kLike,     // `column` matches `literals[0]`, a kText or kNull.
    kIsNull,   // `column` is NULL.
  };
  enum class Comparison : uint8_t {
    kEqual,
    kNotEqual,
    kLess,
    kLessOrEqual,
    kGreater,
    kGreaterOrEqual,
  };

  Kind kind = Kind::kIsNull;
  Comparison comparison = Comparison::kEqual;
  // Indexes of nodes, each below this node's own.
  std::vector<uint32_t> operands;
  // Index into RowFilter::columns.
  uint32_t column = 0;
  std::vector<FilterLiteral> literals;
  // kLike: the character that takes the meaning from the next one; "" = none.
  std::string escape;

  friend bool operator==(const FilterNode&, const FilterNode&) = default;
};

struct RowFilter {
  // Names as they stand in the text, without backquotes, each once.
  std::vector<std::string> columns;
  // Operands first; the last one is the whole expression.
  std::vector<FilterNode> nodes;

  friend bool operator==(const RowFilter&, const RowFilter&) = default;
};

// Parses the text of a filter. INVALID_ARGUMENT, naming the place in the text
// ("at character 17"), what is wrong there and what to write instead, unless it
// is an expression of the language within its limits. What the columns are is
// not known here: whether a comparison fits its column's type is found where
// the table is (worker/select/row_predicate.h).
absl::StatusOr<RowFilter> ParseRowFilter(absl::string_view text);

}  // namespace binferry

#endif  // BINFERRY_COMMON_ROW_FILTER_H_
