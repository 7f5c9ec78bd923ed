#include "common/filter_token.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

bool IsDigit(char c) { return '0' <= c && c <= '9'; }

// Of names without backquotes, as MySQL has them.
bool IsNameByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return absl::ascii_isalnum(byte) || c == '_' || c == '$' || byte >= 0x80;
}

}  // namespace

absl::Status FilterError(absl::string_view text, size_t at,
                         absl::string_view reason) {
  const absl::string_view before = text.substr(0, std::min(at, text.size()));
  const auto characters = std::count_if(
      before.begin(), before.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return absl::InvalidArgumentError(
      absl::StrCat("at character ", characters + 1, ": ", reason));
}

bool FilterToken::Is(absl::string_view keyword_or_symbol) const {
  switch (kind) {
    case Kind::kWord:
      return absl::EqualsIgnoreCase(text, keyword_or_symbol);
    case Kind::kSymbol:
      return text == keyword_or_symbol;
    case Kind::kEnd:
    case Kind::kName:
    case Kind::kText:
    case Kind::kNumber:
    case Kind::kReal:
      return false;
  }
  return false;
}

absl::StatusOr<FilterToken> FilterLexer::Next() {
  while (at_ < text_.size() &&
         absl::ascii_isspace(static_cast<unsigned char>(text_[at_]))) {
    ++at_;
  }
  if (at_ == text_.size()) return FilterToken{.at = at_};
  const char c = text_[at_];
  if (c == '\'' || c == '"' || c == '`') return Quoted(c);
  const bool has_digit_next = at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]);
  if (IsDigit(c) || (c == '.' && has_digit_next)) return Number();
  if (!IsNameByte(c)) return Symbol();
  FilterToken token{.kind = FilterToken::Kind::kWord, .at = at_};
  while (at_ < text_.size() && IsNameByte(text_[at_])) ++at_;
  token.text = std::string(text_.substr(token.at, at_ - token.at));
  if (at_ < text_.size() && text_[at_] == '\'') {
    return FilterError(
        text_, token.at,
        absl::StrCat("a literal may not have ", token.text,
                     " in front of its quotes; write the text alone"));
  }
  return token;
}

absl::StatusOr<FilterToken> FilterLexer::Quoted(char quote) {
  FilterToken token{.kind = quote == '`' ? FilterToken::Kind::kName
                                         : FilterToken::Kind::kText,
                    .at = at_};
  ++at_;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == quote) {
      const bool is_doubled = at_ < text_.size() && text_[at_] == quote;
      if (!is_doubled) {
        if (token.kind == FilterToken::Kind::kName && token.text.empty()) {
          return FilterError(text_, token.at, "the column name is empty");
        }
        return token;
      }
      ++at_;
    } else if (c == '\\' && quote != '`') {
      if (at_ == text_.size()) break;
      const char next = text_[at_++];
      // These two keep it, for LIKE.
      if (next == '%' || next == '_') token.text.push_back('\\');
      switch (next) {
        case '0':
          token.text.push_back('\0');
          break;
        case 'b':
          token.text.push_back('\b');
          break;
        case 'n':
          token.text.push_back('\n');
          break;
        case 'r':
          token.text.push_back('\r');
          break;
        case 't':
          token.text.push_back('\t');
          break;
        case 'Z':
          token.text.push_back('\x1A');
          break;
        default:
          token.text.push_back(next);
      }
      continue;
    }
    token.text.push_back(c);
  }
  return FilterError(
      text_, token.at,
      absl::StrCat("the ", quote == '`' ? "column name" : "text",
                   " that begins here has no end; close it with ",
                   absl::string_view(&quote, 1)));
}

bool FilterLexer::Digits(std::string* to) {
  const size_t from = at_;
  while (at_ < text_.size() && IsDigit(text_[at_])) to->push_back(text_[at_++]);
  return at_ > from;
}

absl::StatusOr<FilterToken> FilterLexer::Number() {
  FilterToken token{.kind = FilterToken::Kind::kNumber, .at = at_};
  if (!Digits(&token.text)) token.text.push_back('0');
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    token.text.push_back('.');
    if (!Digits(&token.text)) token.text.pop_back();
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    ++at_;
    token.kind = FilterToken::Kind::kReal;
    token.text.push_back('e');
    if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) {
      token.text.push_back(text_[at_++]);
    }
    if (!Digits(&token.text)) {
      return FilterError(text_, token.at,
                         "the number's exponent has no digits");
    }
  }
  if (at_ < text_.size() && (IsNameByte(text_[at_]) || text_[at_] == '.')) {
    return FilterError(
        text_, token.at,
        "this is neither a number nor a name; put backquotes around a column "
        "whose name begins with a digit, and write numbers in decimal");
  }
  return token;
}

absl::StatusOr<FilterToken> FilterLexer::Symbol() {
  FilterToken token{.kind = FilterToken::Kind::kSymbol, .at = at_};
  const absl::string_view rest = text_.substr(at_);
  if (absl::StartsWith(rest, "<=>")) {
    return FilterError(text_, at_, "<=> is not supported; write = or IS NULL");
  }
  if (absl::StartsWith(rest, "||") || absl::StartsWith(rest, "&&")) {
    return FilterError(
        text_, at_,
        absl::StrCat(rest.substr(0, 2), " is not supported; write ",
                     rest.front() == '|' ? "OR" : "AND"));
  }
  for (const absl::string_view symbol :
       {"<>", "!=", "<=", ">=", "(", ")", ",", "=", "<", ">", "+", "-"}) {
    if (!absl::StartsWith(rest, symbol)) continue;
    at_ += symbol.size();
    token.text = symbol == "!=" ? "<>" : std::string(symbol);
    return token;
  }
  const absl::string_view character = rest.substr(0, 1);
  if (character == ".") {
    return FilterError(text_, at_, "write the column's name alone");
  }
  if (character == ";") {
    return FilterError(text_, at_, "leave out the semicolon");
  }
  if (character == "!") return FilterError(text_, at_, "write NOT for !");
  return FilterError(
      text_, at_,
      absl::StrCat("'", character,
                   "' has no place in a filter; names with such characters "
                   "stand in backquotes, texts in quotes"));
}

}  // namespace binferry
