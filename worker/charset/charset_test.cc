#include "worker/charset/charset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/charset/character_decoder.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;

void ExpectCharset(Charset charset, std::initializer_list<uint32_t> ids) {
  for (const uint32_t id : ids) {
    EXPECT_THAT(CharsetOfCollation(id), IsOkAndHolds(charset)) << id;
  }
}

TEST(CharsetTest, KnowsTheSetsOfCollations) {
  ExpectCharset(Charset::kUtf8mb4, {45, 46, 224, 247, 255, 305, 309, 323});
  ExpectCharset(Charset::kUtf8mb3, {33, 76, 83, 192, 215, 223});
  ExpectCharset(Charset::kLatin1, {5, 8, 15, 31, 47, 48, 49, 94});
  ExpectCharset(Charset::kAscii, {11, 65});
  ExpectCharset(Charset::kBinary, {63});
  ExpectCharset(Charset::kBig5, {1, 84});
  ExpectCharset(Charset::kGbk, {28, 87});
  ExpectCharset(Charset::kSjis, {13, 88});
  ExpectCharset(Charset::kCp932, {95, 96});
  ExpectCharset(Charset::kUtf16, {54, 55, 101, 124});
  ExpectCharset(Charset::kUtf16le, {56, 62});
  ExpectCharset(Charset::kUtf32, {60, 61, 160, 183});
  ExpectCharset(Charset::kUcs2, {35, 90, 128, 151, 159});
  ExpectCharset(Charset::kGb18030, {248, 249, 250});
}

TEST(CharsetTest, RefusesUnknownIdsByNumber) {
  for (const uint32_t id :
       {0u, 17u, 191u, 216u, 272u, 324u, 2048u, 65537u, 0xffffffffu}) {
    EXPECT_THAT(CharsetOfCollation(id),
                StatusIs(absl::StatusCode::kUnimplemented,
                         HasSubstr(absl::StrCat("the collation id ", id))));
  }
}

TEST(CharsetTest, KnowsAsManyIdsAsTheServerHas) {
  int known = 0;
  std::set<Charset> charsets;
  for (uint32_t id = 0; id < 70'000; ++id) {
    const absl::StatusOr<Charset> charset = CharsetOfCollation(id);
    if (!charset.ok()) continue;
    ++known;
    charsets.insert(*charset);
  }
  EXPECT_EQ(known, 286);
  EXPECT_EQ(charsets.size(), kCharsetCount);
}

TEST(CharsetTest, NamesSetsAsMysqlDoes) {
  EXPECT_EQ(CharsetName(Charset::kArmscii8), "armscii8");
  EXPECT_EQ(CharsetName(Charset::kBinary), "binary");
  EXPECT_EQ(CharsetName(Charset::kLatin1), "latin1");
  EXPECT_EQ(CharsetName(Charset::kUtf16le), "utf16le");
  EXPECT_EQ(CharsetName(Charset::kUtf8mb3), "utf8mb3");
  EXPECT_EQ(CharsetName(Charset::kUtf8mb4), "utf8mb4");
  std::set<std::string> names;
  for (size_t i = 0; i < kCharsetCount; ++i) {
    names.emplace(CharsetName(static_cast<Charset>(i)));
  }
  EXPECT_EQ(names.size(), kCharsetCount);
}

TEST(CharsetTest, KnowsWhatIsAsciiInEveryCharset) {
  int same_everywhere = 0;
  for (int c = 0; c < 256; ++c) {
    const std::string text(1, static_cast<char>(c));
    int sets = 0;  // In which it is that ASCII character.
    for (size_t i = 0; i < kCharsetCount; ++i) {
      const Character character =
          std::visit([&](const auto& decoder) { return decoder.Decode(text); },
                     DecoderOf(static_cast<Charset>(i)));
      if (c < 0x80 && character.code_point == static_cast<uint32_t>(c)) ++sets;
    }
    if (!AreAsciiInAnyCharset({text})) continue;
    ++same_everywhere;
    EXPECT_EQ(sets, kCharsetCount - 5) << c;  // ucs2, utf16*, utf32, binary.
  }
  EXPECT_EQ(same_everywhere, 95 - 10);
  EXPECT_TRUE(AreAsciiInAnyCharset({"ab", "abc"}));
  EXPECT_FALSE(AreAsciiInAnyCharset({"N-", ""}));  // U+4E2D in utf16.
}

}  // namespace
}  // namespace binferry::worker
