#include "controller/api/page_token.h"

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status_details.h"

namespace binferry::controller {
namespace {

// The parts of keys have no such character.
constexpr char kSeparator = '\n';

// FNV-1a: the same in every replica. It guards against mistakes, not attacks.
uint64_t Fingerprint(absl::string_view text) {
  uint64_t hash = 14695981039346656037u;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  }
  return hash;
}

}  // namespace

std::string EncodePageToken(absl::string_view query,
                            const std::vector<std::string>& last_key) {
  return absl::WebSafeBase64Escape(
      absl::StrCat(absl::Hex(Fingerprint(query)), std::string(1, kSeparator),
                   absl::StrJoin(last_key, std::string(1, kSeparator))));
}

absl::StatusOr<std::vector<std::string>> DecodePageToken(
    absl::string_view query, absl::string_view token, size_t parts) {
  std::string text;
  if (token.size() > 1024 || !absl::WebSafeBase64Unescape(token, &text)) {
    return InvalidFieldError(
        "page_token", "is not a token of this service: leave it out to start");
  }
  std::vector<std::string> fields = absl::StrSplit(text, kSeparator);
  if (fields.size() != parts + 1) {
    return InvalidFieldError(
        "page_token", "is not a token of this listing: leave it out to start");
  }
  if (fields.front() != absl::StrCat(absl::Hex(Fingerprint(query)))) {
    return InvalidFieldError("page_token",
                             "belongs to another query: the other fields must "
                             "be those of the first call");
  }
  fields.erase(fields.begin());
  return fields;
}

}  // namespace binferry::controller
