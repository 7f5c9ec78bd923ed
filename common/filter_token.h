// The words of a row filter's text.
#ifndef BINFERRY_COMMON_FILTER_TOKEN_H_
#define BINFERRY_COMMON_FILTER_TOKEN_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binferry {

struct FilterToken {
  enum class Kind : uint8_t {
    kEnd,
    kWord,    // Keyword or name: `text` as it stands.
    kName,    // In backquotes: `text` without them.
    kText,    // In quotes: `text` with its escapes resolved.
    kNumber,  // As FilterLiteral::Kind::kNumber, without a sign.
    kReal,    // As FilterLiteral::Kind::kReal, without a sign.
    kSymbol,  // One of `( ) , = <> < <= > >= + -`; `!=` is given as `<>`.
  };

  Kind kind = Kind::kEnd;
  std::string text;
  size_t at = 0;  // Byte in the filter's text where it begins.

  // Whether it is this keyword, in whatever letter case, or this symbol.
  bool Is(absl::string_view keyword_or_symbol) const;
};

// Reads tokens one after another. Thread-compatible.
class FilterLexer {
 public:
  // `text` is UTF-8 without NUL and must outlive the lexer.
  explicit FilterLexer(absl::string_view text) : text_(text) {}

  // INVALID_ARGUMENT as FilterError for what is no token. kEnd at the end.
  absl::StatusOr<FilterToken> Next();

 private:
  absl::StatusOr<FilterToken> Quoted(char quote);
  absl::StatusOr<FilterToken> Number();
  absl::StatusOr<FilterToken> Symbol();
  bool Digits(std::string* to);

  const absl::string_view text_;
  size_t at_ = 0;
};

// INVALID_ARGUMENT: "at character N: `reason`", for byte `at` of `text`.
absl::Status FilterError(absl::string_view text, size_t at,
                         absl::string_view reason);

}  // namespace binferry

#endif  // BINFERRY_COMMON_FILTER_TOKEN_H_
