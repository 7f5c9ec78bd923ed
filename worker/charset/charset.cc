#include "worker/charset/charset.h"

#include <array>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace binferry::worker {
namespace {

// Ids `first` to `last`.
struct CollationRange {
  uint16_t first;
  uint16_t last;
  Charset charset;
};

constexpr CollationRange kCollations[] = {
#include "worker/charset/tables/collations.inc"
};

constexpr std::array<absl::string_view, kCharsetCount> kNames = {
    "armscii8", "ascii",   "big5",     "binary", "cp1250",  "cp1251", "cp1256",
    "cp1257",   "cp850",   "cp852",    "cp866",  "cp932",   "dec8",   "eucjpms",
    "euckr",    "gb18030", "gb2312",   "gbk",    "geostd8", "greek",  "hebrew",
    "hp8",      "keybcs2", "koi8r",    "koi8u",  "latin1",  "latin2", "latin5",
    "latin7",   "macce",   "macroman", "sjis",   "swe7",    "tis620", "ucs2",
    "ujis",     "utf16",   "utf16le",  "utf32",  "utf8mb3", "utf8mb4"};

}  // namespace

absl::StatusOr<Charset> CharsetOfCollation(uint32_t collation_id) {
  for (const CollationRange& range : kCollations) {
    if (range.first <= collation_id && collation_id <= range.last) {
      return range.charset;
    }
  }
  return absl::UnimplementedError(
      absl::StrCat("the collation id ", collation_id));
}

absl::string_view CharsetName(Charset charset) {
  return kNames[static_cast<size_t>(charset)];
}

bool AreAsciiInAnyCharset(const std::vector<std::string>& texts) {
  const auto is_same_everywhere = [](char c) {
    return c >= ' ' && c <= '~' && !absl::StrContains("@[\\]^`{|}~", c);
  };
  return absl::c_all_of(texts,
                        [&](const std::string& text) {
                          return absl::c_all_of(text, is_same_everywhere);
                        }) &&
         absl::c_any_of(texts, [](const std::string& text) {
           return text.size() % 2 != 0;
         });
}

}  // namespace binferry::worker
