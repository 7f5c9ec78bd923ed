#include "common/name_pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/clean_text.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

// A task may have thousands; names are short, and RE2 goes on without its
// cache where this isn't enough for one.
constexpr int64_t kMaxMemoryBytes = int64_t{1} << 20;

re2::StringPiece Piece(absl::string_view text) {
  return re2::StringPiece(text.data(), text.size());
}

absl::StatusOr<std::unique_ptr<re2::RE2>> Compile(
    absl::string_view pattern, const re2::RE2::Options& options) {
  auto compiled = std::make_unique<re2::RE2>(Piece(pattern), options);
  if (!compiled->ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the pattern is no regular expression in RE2's syntax: ",
        compiled->error(), "; back references and look-around are not in it"));
  }
  return compiled;
}

}  // namespace

NamePattern::NamePattern(std::unique_ptr<re2::RE2> exact,
                         std::unique_ptr<re2::RE2> any_case)
    : exact_(std::move(exact)), any_case_(std::move(any_case)) {}
NamePattern::NamePattern(NamePattern&&) noexcept = default;
NamePattern& NamePattern::operator=(NamePattern&&) noexcept = default;
NamePattern::~NamePattern() = default;

absl::StatusOr<NamePattern> NamePattern::Create(absl::string_view pattern) {
  if (pattern.empty()) {
    return absl::InvalidArgumentError(
        "the pattern is empty; `.*` matches every name");
  }
  if (CleanText(pattern) != pattern) {
    return absl::InvalidArgumentError("the pattern is no valid UTF-8");
  }
  const auto characters = static_cast<size_t>(
      std::count_if(pattern.begin(), pattern.end(),
                    [](char c) { return (c & 0xC0) != 0x80; }));
  if (characters > kMaxNamePatternCharacters) {
    return absl::InvalidArgumentError(
        absl::StrCat("the pattern has ", characters, " characters; at most ",
                     kMaxNamePatternCharacters, " are possible"));
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(kMaxMemoryBytes);
  options.set_never_capture(true);
  options.set_dot_nl(true);
  BINFERRY_ASSIGN_OR_RETURN(auto exact, Compile(pattern, options));
  options.set_case_sensitive(false);
  BINFERRY_ASSIGN_OR_RETURN(auto any_case, Compile(pattern, options));
  return NamePattern(std::move(exact), std::move(any_case));
}

bool NamePattern::Matches(absl::string_view name) const {
  return re2::RE2::FullMatch(Piece(name), *exact_);
}

bool NamePattern::MatchesInAnyCase(absl::string_view name) const {
  return re2::RE2::FullMatch(Piece(name), *any_case_);
}

}  // namespace binferry
