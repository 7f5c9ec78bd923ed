#include "common/row_filter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/clean_text.h"
#include "common/filter_token.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

using Comparison = FilterNode::Comparison;
using TokenKind = FilterToken::Kind;

// Words that are no columns without backquotes.
constexpr absl::string_view kKeywords[] = {
    "AND",  "BETWEEN", "ESCAPE", "FALSE", "IN",   "IS",
    "LIKE", "NOT",     "NULL",   "OR",    "TRUE", "WHERE"};
// Words of MySQL's operators that the language doesn't have.
constexpr absl::string_view kUnsupported[] = {
    "BINARY", "CASE",   "COLLATE", "DIV",    "EXISTS", "INTERVAL", "MATCH",
    "MOD",    "REGEXP", "RLIKE",   "SELECT", "SOUNDS", "XOR"};

template <size_t kCount>
bool IsOneOf(absl::string_view word, const absl::string_view (&words)[kCount]) {
  return std::any_of(std::begin(words), std::end(words),
                     [word](absl::string_view other) {
                       return absl::EqualsIgnoreCase(word, other);
                     });
}

std::optional<Comparison> ComparisonOf(const FilterToken& token) {
  if (token.Is("=")) return Comparison::kEqual;
  if (token.Is("<>")) return Comparison::kNotEqual;
  if (token.Is("<")) return Comparison::kLess;
  if (token.Is("<=")) return Comparison::kLessOrEqual;
  if (token.Is(">")) return Comparison::kGreater;
  if (token.Is(">=")) return Comparison::kGreaterOrEqual;
  return std::nullopt;
}

// The same with its sides exchanged.
Comparison Mirrored(Comparison comparison) {
  switch (comparison) {
    case Comparison::kEqual:
    case Comparison::kNotEqual:
      return comparison;
    case Comparison::kLess:
      return Comparison::kGreater;
    case Comparison::kLessOrEqual:
      return Comparison::kGreaterOrEqual;
    case Comparison::kGreater:
      return Comparison::kLess;
    case Comparison::kGreaterOrEqual:
      return Comparison::kLessOrEqual;
  }
  return comparison;
}

bool IsOneCharacter(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin() + 1, text.end(), [](char c) {
    return (c & 0xC0) == 0x80;
  });
}

// By recursive descent; each method reads one rule of the grammar in
// docs/row-filter.md and returns the index of its node.
class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text), lexer_(text) {}

  absl::StatusOr<RowFilter> Parse() {
    BINFERRY_RETURN_IF_ERROR(Advance());
    if (token_.kind == TokenKind::kEnd) return Error("the filter is empty");
    if (token_.Is("WHERE")) {
      return Error("leave out WHERE; write what stands behind it");
    }
    BINFERRY_RETURN_IF_ERROR(Or().status());
    if (token_.kind != TokenKind::kEnd) return Unexpected("AND or OR");
    return std::move(filter_);
  }

 private:
  absl::Status Advance() {
    BINFERRY_ASSIGN_OR_RETURN(token_, lexer_.Next());
    return absl::OkStatus();
  }

  absl::Status Error(absl::string_view reason) const {
    return FilterError(text_, token_.at, reason);
  }

  absl::Status Unexpected(absl::string_view wanted) const {
    if (token_.kind == TokenKind::kEnd) {
      return Error(
          absl::StrCat("the filter ends where ", wanted, " is wanted"));
    }
    if (token_.kind == TokenKind::kWord && IsOneOf(token_.text, kUnsupported)) {
      return Error(absl::StrCat(
          absl::AsciiStrToUpper(token_.text),
          " is not supported; comparisons, IN, LIKE, BETWEEN, IS NULL, AND, OR "
          "and NOT are (a column of this name stands in backquotes)"));
    }
    if (token_.Is("+") || token_.Is("-")) {
      return Error("arithmetic is not supported; write its result");
    }
    return Error(
        absl::StrCat("found ", token_.text, " where ", wanted, " is wanted"));
  }

  absl::Status Expect(absl::string_view keyword_or_symbol) {
    if (!token_.Is(keyword_or_symbol)) return Unexpected(keyword_or_symbol);
    return Advance();
  }

  uint32_t Add(FilterNode node) {
    filter_.nodes.push_back(std::move(node));
    return static_cast<uint32_t>(filter_.nodes.size() - 1);
  }

  absl::StatusOr<uint32_t> Or() {
    FilterNode node{.kind = FilterNode::Kind::kOr};
    while (true) {
      BINFERRY_ASSIGN_OR_RETURN(const uint32_t operand, And());
      node.operands.push_back(operand);
      if (!token_.Is("OR")) break;
      BINFERRY_RETURN_IF_ERROR(Advance());
    }
    return node.operands.size() == 1 ? node.operands[0] : Add(std::move(node));
  }

  absl::StatusOr<uint32_t> And() {
    FilterNode node{.kind = FilterNode::Kind::kAnd};
    while (true) {
      BINFERRY_ASSIGN_OR_RETURN(const uint32_t operand, Not());
      node.operands.push_back(operand);
      if (!token_.Is("AND")) break;
      BINFERRY_RETURN_IF_ERROR(Advance());
    }
    return node.operands.size() == 1 ? node.operands[0] : Add(std::move(node));
  }

  absl::StatusOr<uint32_t> Not() {
    const bool is_not = token_.Is("NOT");
    if (!is_not && !token_.Is("(")) return Predicate();
    if (++depth_ > kMaxRowFilterDepth) {
      return Error(absl::StrCat("more than ", kMaxRowFilterDepth,
                                " parentheses and NOT inside each other; "
                                "write the filter flatter"));
    }
    BINFERRY_RETURN_IF_ERROR(Advance());
    uint32_t node = 0;
    if (is_not) {
      BINFERRY_ASSIGN_OR_RETURN(const uint32_t operand, Not());
      node = Negated(operand);
    } else {
      BINFERRY_ASSIGN_OR_RETURN(node, Or());
      BINFERRY_RETURN_IF_ERROR(Expect(")"));
    }
    --depth_;
    return node;
  }

  uint32_t Negated(uint32_t operand) {
    return Add({.kind = FilterNode::Kind::kNot, .operands = {operand}});
  }

  bool IsColumn() const {
    return token_.kind == TokenKind::kName ||
           (token_.kind == TokenKind::kWord &&
            !IsOneOf(token_.text, kKeywords) &&
            !IsOneOf(token_.text, kUnsupported));
  }

  absl::StatusOr<uint32_t> Predicate() {
    if (IsColumn()) return ColumnFirst();
    BINFERRY_ASSIGN_OR_RETURN(FilterLiteral literal, Literal("a column"));
    const std::optional<Comparison> comparison = ComparisonOf(token_);
    if (!comparison.has_value()) {
      return Unexpected("a comparison of the literal with a column");
    }
    BINFERRY_RETURN_IF_ERROR(Advance());
    if (!IsColumn()) return Unexpected("a column");
    BINFERRY_ASSIGN_OR_RETURN(const uint32_t column, Column());
    return Add({.kind = FilterNode::Kind::kCompare,
                .comparison = Mirrored(*comparison),
                .column = column,
                .literals = {std::move(literal)}});
  }

  absl::StatusOr<uint32_t> Column() {
    const FilterToken name = token_;
    BINFERRY_RETURN_IF_ERROR(Advance());
    if (token_.Is("(")) {
      return FilterError(
          text_, name.at,
          absl::StrCat("functions such as ", name.text,
                       "() are not supported; compare columns as they are"));
    }
    auto& columns = filter_.columns;
    const auto found = std::find(columns.begin(), columns.end(), name.text);
    const auto index = static_cast<uint32_t>(found - columns.begin());
    if (found == columns.end()) columns.push_back(name.text);
    return index;
  }

  absl::StatusOr<uint32_t> ColumnFirst() {
    BINFERRY_ASSIGN_OR_RETURN(const uint32_t column, Column());
    if (const auto comparison = ComparisonOf(token_); comparison.has_value()) {
      BINFERRY_RETURN_IF_ERROR(Advance());
      if (IsColumn()) {
        return Error(
            "two columns can't be compared; compare each with a literal");
      }
      return Compare(column, *comparison);
    }
    if (token_.Is("IS")) return IsNull(column);
    const bool is_not = token_.Is("NOT");
    if (is_not) BINFERRY_RETURN_IF_ERROR(Advance());
    absl::StatusOr<uint32_t> node =
        token_.Is("IN")     ? In(column)
        : token_.Is("LIKE") ? Like(column)
        : token_.Is("BETWEEN")
            ? Between(column)
            : Unexpected(absl::StrCat("a comparison of ",
                                      filter_.columns[column],
                                      " (a column alone is no condition; write "
                                      "<> 0)"));
    if (!node.ok() || !is_not) return node;
    return Negated(*node);
  }

  absl::StatusOr<uint32_t> Compare(uint32_t column, Comparison comparison) {
    BINFERRY_ASSIGN_OR_RETURN(FilterLiteral literal, Literal("a literal"));
    return Add({.kind = FilterNode::Kind::kCompare,
                .comparison = comparison,
                .column = column,
                .literals = {std::move(literal)}});
  }

  absl::StatusOr<uint32_t> IsNull(uint32_t column) {
    BINFERRY_RETURN_IF_ERROR(Advance());
    const bool is_not = token_.Is("NOT");
    if (is_not) BINFERRY_RETURN_IF_ERROR(Advance());
    BINFERRY_RETURN_IF_ERROR(Expect("NULL"));
    const uint32_t node =
        Add({.kind = FilterNode::Kind::kIsNull, .column = column});
    return is_not ? Negated(node) : node;
  }

  absl::StatusOr<uint32_t> In(uint32_t column) {
    FilterNode node{.kind = FilterNode::Kind::kIn, .column = column};
    BINFERRY_RETURN_IF_ERROR(Advance());
    BINFERRY_RETURN_IF_ERROR(Expect("("));
    while (true) {
      BINFERRY_ASSIGN_OR_RETURN(FilterLiteral literal, Literal("a literal"));
      node.literals.push_back(std::move(literal));
      if (!token_.Is(",")) break;
      BINFERRY_RETURN_IF_ERROR(Advance());
    }
    BINFERRY_RETURN_IF_ERROR(Expect(")"));
    return Add(std::move(node));
  }

  absl::StatusOr<uint32_t> Like(uint32_t column) {
    FilterNode node{.kind = FilterNode::Kind::kLike, .column = column};
    BINFERRY_RETURN_IF_ERROR(Advance());
    if (token_.kind != TokenKind::kText && !token_.Is("NULL")) {
      return Unexpected("a text in quotes behind LIKE");
    }
    BINFERRY_ASSIGN_OR_RETURN(FilterLiteral pattern, Literal("a text"));
    node.literals.push_back(std::move(pattern));
    node.escape = "\\";
    if (token_.Is("ESCAPE")) {
      BINFERRY_RETURN_IF_ERROR(Advance());
      if (token_.kind != TokenKind::kText ||
          (!token_.text.empty() && !IsOneCharacter(token_.text))) {
        return Error("ESCAPE takes one character in quotes, or none");
      }
      node.escape = token_.text;
      BINFERRY_RETURN_IF_ERROR(Advance());
    }
    return Add(std::move(node));
  }

  absl::StatusOr<uint32_t> Between(uint32_t column) {
    BINFERRY_RETURN_IF_ERROR(Advance());
    BINFERRY_ASSIGN_OR_RETURN(const uint32_t low,
                              Compare(column, Comparison::kGreaterOrEqual));
    BINFERRY_RETURN_IF_ERROR(Expect("AND"));
    BINFERRY_ASSIGN_OR_RETURN(const uint32_t high,
                              Compare(column, Comparison::kLessOrEqual));
    return Add({.kind = FilterNode::Kind::kAnd, .operands = {low, high}});
  }

  absl::StatusOr<FilterLiteral> Literal(absl::string_view wanted) {
    FilterLiteral literal;
    const bool is_negative = token_.Is("-");
    const bool has_sign = is_negative || token_.Is("+");
    if (has_sign) BINFERRY_RETURN_IF_ERROR(Advance());
    if (token_.kind == TokenKind::kNumber || token_.kind == TokenKind::kReal) {
      literal.kind = token_.kind == TokenKind::kNumber
                         ? FilterLiteral::Kind::kNumber
                         : FilterLiteral::Kind::kReal;
      literal.text = absl::StrCat(is_negative ? "-" : "", token_.text);
    } else if (has_sign) {
      return Unexpected("a number behind its sign");
    } else if (token_.kind == TokenKind::kText) {
      literal.kind = FilterLiteral::Kind::kText;
      literal.text = token_.text;
    } else if (token_.Is("TRUE") || token_.Is("FALSE")) {
      literal.kind = FilterLiteral::Kind::kNumber;
      literal.text = token_.Is("TRUE") ? "1" : "0";
    } else if (!token_.Is("NULL")) {
      return Unexpected(wanted);
    }
    BINFERRY_RETURN_IF_ERROR(Advance());
    return literal;
  }

  const absl::string_view text_;
  FilterLexer lexer_;
  FilterToken token_;
  RowFilter filter_;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<RowFilter> ParseRowFilter(absl::string_view text) {
  if (CleanText(text) != text) {
    return absl::InvalidArgumentError(
        "the filter is no valid UTF-8, or has a NUL; write '\\0' for one in a "
        "text");
  }
  const auto characters = static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  if (characters > kMaxRowFilterCharacters) {
    return absl::InvalidArgumentError(
        absl::StrCat("the filter has ", characters, " characters; at most ",
                     kMaxRowFilterCharacters, " are possible"));
  }
  return Parser(text).Parse();
}

}  // namespace binferry
