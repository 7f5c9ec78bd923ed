#include "worker/select/like_pattern.h"

#include <cstddef>

#include "absl/strings/match.h"
#include "worker/charset/utf8_text.h"

namespace binferry::worker {

LikePattern::LikePattern(absl::string_view pattern, absl::string_view escape,
                         Unit unit)
    : unit_(unit) {
  while (!pattern.empty()) {
    size_t length = Utf8CharacterLength(pattern);
    bool is_escaped = false;
    if (!escape.empty() && absl::StartsWith(pattern, escape) &&
        pattern.size() > escape.size()) {
      pattern.remove_prefix(escape.size());
      length = Utf8CharacterLength(pattern);
      is_escaped = true;
    }
    const absl::string_view character = pattern.substr(0, length);
    pattern.remove_prefix(length);
    if (!is_escaped && character == "%") {
      pieces_.push_back({.kind = Piece::Kind::kAny, .text = ""});
    } else if (!is_escaped && character == "_") {
      pieces_.push_back({.kind = Piece::Kind::kOne, .text = ""});
    } else {
      pieces_.push_back(
          {.kind = Piece::Kind::kText, .text = std::string(character)});
    }
  }
}

bool LikePattern::Matches(absl::string_view text) const {
  const auto step = [this](absl::string_view rest) {
    return unit_ == Unit::kByte ? size_t{1} : Utf8CharacterLength(rest);
  };
  // After a mismatch the last `%` takes one character more; those before it
  // need not be asked again.
  size_t piece = 0;
  size_t any_piece = pieces_.size();
  absl::string_view any_rest;
  while (true) {
    const bool has_piece = piece < pieces_.size();
    if (has_piece && pieces_[piece].kind == Piece::Kind::kAny) {
      any_piece = ++piece;
      any_rest = text;
      if (any_piece == pieces_.size()) return true;
      continue;
    }
    if (!has_piece && text.empty()) return true;
    if (has_piece && !text.empty()) {
      const Piece& wanted = pieces_[piece];
      if (wanted.kind == Piece::Kind::kOne) {
        text.remove_prefix(step(text));
        ++piece;
        continue;
      }
      if (absl::StartsWith(text, wanted.text)) {
        text.remove_prefix(wanted.text.size());
        ++piece;
        continue;
      }
    }
    if (any_piece == pieces_.size() || any_rest.empty()) return false;
    any_rest.remove_prefix(step(any_rest));
    text = any_rest;
    piece = any_piece;
  }
}

}  // namespace binferry::worker
