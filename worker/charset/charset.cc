#include "worker/charset/charset.h"

#include "absl/strings/str_cat.h"

namespace binferry::worker {
namespace {

// The other sets of MySQL and MariaDB, so that a refusal can name them:
// collations `first` to `last`, from information_schema.COLLATIONS.
struct CollationRange {
  uint16_t first;
  uint16_t last;
  absl::string_view charset;
};

constexpr CollationRange kOtherCollations[] = {
    {1, 1, "big5"},      {2, 2, "latin2"},     {3, 3, "dec8"},
    {4, 4, "cp850"},     {6, 6, "hp8"},        {7, 7, "koi8r"},
    {9, 9, "latin2"},    {10, 10, "swe7"},     {12, 12, "ujis"},
    {13, 13, "sjis"},    {14, 14, "cp1251"},   {16, 16, "hebrew"},
    {18, 18, "tis620"},  {19, 19, "euckr"},    {20, 20, "latin7"},
    {21, 21, "latin2"},  {22, 22, "koi8u"},    {23, 23, "cp1251"},
    {24, 24, "gb2312"},  {25, 25, "greek"},    {26, 26, "cp1250"},
    {27, 27, "latin2"},  {28, 28, "gbk"},      {29, 29, "cp1257"},
    {30, 30, "latin5"},  {32, 32, "armscii8"}, {34, 34, "cp1250"},
    {35, 35, "ucs2"},    {36, 36, "cp866"},    {37, 37, "keybcs2"},
    {38, 38, "macce"},   {39, 39, "macroman"}, {40, 40, "cp852"},
    {41, 42, "latin7"},  {43, 43, "macce"},    {44, 44, "cp1250"},
    {50, 52, "cp1251"},  {53, 53, "macroman"}, {54, 55, "utf16"},
    {56, 56, "utf16le"}, {57, 57, "cp1256"},   {58, 59, "cp1257"},
    {60, 61, "utf32"},   {62, 62, "utf16le"},  {64, 64, "armscii8"},
    {66, 66, "cp1250"},  {67, 67, "cp1256"},   {68, 68, "cp866"},
    {69, 69, "dec8"},    {70, 70, "greek"},    {71, 71, "hebrew"},
    {72, 72, "hp8"},     {73, 73, "keybcs2"},  {74, 74, "koi8r"},
    {75, 75, "koi8u"},   {77, 77, "latin2"},   {78, 78, "latin5"},
    {79, 79, "latin7"},  {80, 80, "cp850"},    {81, 81, "cp852"},
    {82, 82, "swe7"},    {84, 84, "big5"},     {85, 85, "euckr"},
    {86, 86, "gb2312"},  {87, 87, "gbk"},      {88, 88, "sjis"},
    {89, 89, "tis620"},  {90, 90, "ucs2"},     {91, 91, "ujis"},
    {92, 93, "geostd8"}, {95, 96, "cp932"},    {97, 98, "eucjpms"},
    {99, 99, "cp1250"},  {101, 124, "utf16"},  {128, 151, "ucs2"},
    {159, 159, "ucs2"},  {160, 183, "utf32"},  {248, 250, "gb18030"},
};

bool IsBetween(uint32_t id, uint32_t first, uint32_t last) {
  return first <= id && id <= last;
}

bool IsLatin1(uint32_t id) {
  return id == 5 || id == 8 || id == 15 || id == 31 || IsBetween(id, 47, 49) ||
         id == 94;
}

}  // namespace

absl::StatusOr<Charset> CharsetOfCollation(uint32_t collation_id) {
  const uint32_t id = collation_id;
  // 255 to 323 are the 0900 collations and what came after them.
  if (id == 45 || id == 46 || IsBetween(id, 224, 247) ||
      IsBetween(id, 255, 323)) {
    return Charset::kUtf8mb4;
  }
  // 76 is utf8mb3_tolower_ci.
  if (id == 33 || id == 76 || id == 83 || IsBetween(id, 192, 215) ||
      id == 223) {
    return Charset::kUtf8mb3;
  }
  if (id == 63) return Charset::kBinary;
  if (id == 11 || id == 65) return Charset::kAscii;
  if (IsLatin1(id)) return Charset::kLatin1;
  for (const CollationRange& other : kOtherCollations) {
    if (IsBetween(id, other.first, other.last)) {
      return absl::UnimplementedError(absl::StrCat(
          "the character set ", other.charset, " (collation id ", id, ")"));
    }
  }
  return absl::UnimplementedError(absl::StrCat("the collation id ", id));
}

absl::string_view CharsetName(Charset charset) {
  switch (charset) {
    case Charset::kBinary:
      return "binary";
    case Charset::kAscii:
      return "ascii";
    case Charset::kLatin1:
      return "latin1";
    case Charset::kUtf8mb3:
      return "utf8mb3";
    case Charset::kUtf8mb4:
      return "utf8mb4";
  }
  return "";
}

}  // namespace binferry::worker
