#include "worker/charset/character_decoder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"

namespace binferry::worker {

namespace {

// The characters of `bytes`. They are copied to memory of exactly their size,
// so that a sanitizer sees a read beyond them.
std::vector<Character> Decode(Charset charset, absl::string_view bytes) {
  const auto exact = std::make_unique<char[]>(bytes.size());
  if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
  absl::string_view rest(exact.get(), bytes.size());
  std::vector<Character> characters;
  while (!rest.empty()) {
    const Character character =
        std::visit([&](const auto& decoder) { return decoder.Decode(rest); },
                   DecoderOf(charset));
    characters.push_back(character);
    if (character.length == 0 || character.length > rest.size()) {
      ADD_FAILURE() << CharsetName(charset) << ": a length of "
                    << character.length << " of " << rest.size();
      break;
    }
    rest.remove_prefix(character.length);
  }
  return characters;
}

// The characters of `hex`, `?` for what is none.
std::u32string TextOf(Charset charset, absl::string_view hex) {
  std::u32string text;
  for (const Character& character :
       Decode(charset, absl::HexStringToBytes(hex))) {
    text.push_back(character.code_point == kNoCharacter
                       ? U'?'
                       : static_cast<char32_t>(character.code_point));
  }
  return text;
}

// The lengths of what is no character in `hex`.
std::vector<uint32_t> InvalidLengths(Charset charset, absl::string_view hex) {
  std::vector<uint32_t> lengths;
  for (const Character& character :
       Decode(charset, absl::HexStringToBytes(hex))) {
    if (character.code_point == kNoCharacter) {
      lengths.push_back(character.length);
    }
  }
  return lengths;
}

using Lengths = std::vector<uint32_t>;

TEST(CharacterDecoderTest, KnowsCharactersOfEverySet) {
  struct Golden {
    Charset charset;
    const char* hex;
    const char32_t* text;
  };
  const Golden goldens[] = {
      {Charset::kArmscii8, "41b2fd", U"A\u0531\u0586"},
      {Charset::kAscii, "615a7e", U"aZ~"},
      {Charset::kBig5, "41a4a4b9a9a440", U"A\u4e2d\u9f0e\u4e00"},
      {Charset::kCp1250, "41808eb3", U"A\u20ac\u017d\u0142"},
      {Charset::kCp1251, "41c6b888", U"A\u0416\u0451\u20ac"},
      {Charset::kCp1256, "418081ed", U"A\u20ac\u067e\u064a"},
      {Charset::kCp1257, "4180f0fe", U"A\u20ac\u0161\u017e"},
      {Charset::kCp850, "4182e1b0", U"A\u00e9\u00df\u2591"},
      {Charset::kCp852, "4188a6ce", U"A\u0142\u017d\u256c"},
      {Charset::kCp866, "4186f1", U"A\u0416\u0451"},
      {Charset::kCp932, "41955c93fa8740b1", U"A\u8868\u65e5\u2460\uff71"},
      {Charset::kDec8, "41e9d7fd", U"A\u00e9\u0152\u00ff"},
      {Charset::kEucjpms, "41c9bdc6fcada18fb0a18eb1",
       U"A\u8868\u65e5\u2460\u4e02\uff71"},
      {Charset::kEuckr, "41c7d1b1db8c63", U"A\ud55c\uae00\ub620"},
      {Charset::kGb18030, "41d6d0a2e39439fc36a8a6",
       U"A\u4e2d\u20ac\U0001f600\u00e9"},
      {Charset::kGb2312, "41d6d0b0a1", U"A\u4e2d\u554a"},
      {Charset::kGbk, "41d6d08140", U"A\u4e2d\u4e02"},
      {Charset::kGeostd8, "41c0e480", U"A\u10d0\u10f0\u20ac"},
      {Charset::kGreek, "41d9dc", U"A\u03a9\u03ac"},
      {Charset::kHebrew, "41e0fa", U"A\u05d0\u05ea"},
      {Charset::kHp8, "41c5a1", U"A\u00e9\u00c0"},
      {Charset::kKeybcs2, "41809b82", U"A\u010c\u0160\u00e9"},
      {Charset::kKoi8r, "41f6a390", U"A\u0416\u0451\u2591"},
      {Charset::kKoi8u, "41f6a7bd", U"A\u0416\u0457\u0490"},
      {Charset::kLatin1, "4180e9ff", U"A\u20ac\u00e9\u00ff"},
      {Charset::kLatin2, "41b3ae", U"A\u0142\u017d"},
      {Charset::kLatin5, "41f0dd", U"A\u011f\u0130"},
      {Charset::kLatin7, "41f0feb4", U"A\u0161\u017e\u201c"},
      {Charset::kMacce, "41b8eb8e", U"A\u0142\u017d\u00e9"},
      {Charset::kMacroman, "418eb9", U"A\u00e9\u03c0"},
      {Charset::kSjis, "41955c93fab1", U"A\u8868\u65e5\uff71"},
      {Charset::kSwe7, "415d7b60", U"A\u00c5\u00e4\u00e9"},
      {Charset::kTis620, "41a1e6df", U"A\u0e01\u0e46\u0e3f"},
      {Charset::kUcs2, "004100e94e2d", U"A\u00e9\u4e2d"},
      {Charset::kUjis, "41c9bdc6fc8fb0a18eb1", U"A\u8868\u65e5\u4e02\uff71"},
      {Charset::kUtf16, "004100e9d83dde00", U"A\u00e9\U0001f600"},
      {Charset::kUtf16le, "4100e9003dd800de", U"A\u00e9\U0001f600"},
      {Charset::kUtf32, "00000041000000e90001f600", U"A\u00e9\U0001f600"},
      {Charset::kUtf8mb3, "41c3a9e4b8ad", U"A\u00e9\u4e2d"},
      {Charset::kUtf8mb4, "41c3a9e4b8adf09f9880", U"A\u00e9\u4e2d\U0001f600"},
  };
  EXPECT_EQ(std::size(goldens), kCharsetCount - 1);  // All but binary.
  for (const Golden& golden : goldens) {
    EXPECT_EQ(TextOf(golden.charset, golden.hex), golden.text)
        << CharsetName(golden.charset);
  }
}

TEST(CharacterDecoderTest, JapaneseSetsDifferInTheirCorners) {
  // Reverse solidus, its wide form, wave dash and fullwidth tilde.
  EXPECT_EQ(TextOf(Charset::kSjis, "5c7e815f8160"), U"\\~\\\u301c");
  EXPECT_EQ(TextOf(Charset::kCp932, "5c7e815f8160"), U"\\~\uff3c\uff5e");
  EXPECT_EQ(TextOf(Charset::kUjis, "5c7ea1c0a1c1"), U"\\~\\\u301c");
  EXPECT_EQ(TextOf(Charset::kEucjpms, "5c7ea1c0a1c1"), U"\\~\uff3c\uff5e");
  // NEC's and IBM's characters are in Microsoft's sets only.
  EXPECT_EQ(InvalidLengths(Charset::kSjis, "8740fa40"), Lengths({2, 2}));
  EXPECT_EQ(TextOf(Charset::kCp932, "8740fa40"), U"\u2460\u2170");
}

TEST(CharacterDecoderTest, Latin1FillsItsHolesAndOthersDoNot) {
  EXPECT_EQ(TextOf(Charset::kLatin1, "818d8f909d"),
            U"\u0081\u008d\u008f\u0090\u009d");
  EXPECT_EQ(InvalidLengths(Charset::kCp1250, "818388909841"),
            Lengths({1, 1, 1, 1, 1}));
  // Even ASCII's DEL and what lies above it.
  EXPECT_EQ(InvalidLengths(Charset::kSwe7, "3f7e7f80ff"), Lengths({1, 1, 1}));
  // MySQL's own table says U+FFFD.
  EXPECT_EQ(TextOf(Charset::kTis620, "a0db"), U"\ufffd\ufffd");
  EXPECT_EQ(TextOf(Charset::kBig5, "a15a"), U"\ufffd");
}

TEST(CharacterDecoderTest, QuestionMarkIsACharacter) {
  for (size_t i = 0; i < kCharsetCount; ++i) {
    const Charset charset = static_cast<Charset>(i);
    const absl::string_view name = CharsetName(charset);
    const absl::string_view hex = name == "utf16" || name == "ucs2" ? "003f"
                                  : name == "utf16le"               ? "3f00"
                                  : name == "utf32"                 ? "0000003f"
                                                                    : "3f";
    EXPECT_EQ(InvalidLengths(charset, hex).empty(), name != "binary") << name;
  }
}

TEST(CharacterDecoderTest, UnassignedCodesAreInvalidAsAWhole) {
  EXPECT_EQ(InvalidLengths(Charset::kGbk, "a2a041feff"), Lengths({2, 1, 1}));
  EXPECT_EQ(InvalidLengths(Charset::kBig5, "a3fe"), Lengths({2}));
  EXPECT_EQ(InvalidLengths(Charset::kGb2312, "a2a141"), Lengths({2}));
  EXPECT_EQ(InvalidLengths(Charset::kEuckr, "c9a141"), Lengths({2}));
  EXPECT_EQ(InvalidLengths(Charset::kUjis, "8fa1a141"), Lengths({3}));
  EXPECT_EQ(InvalidLengths(Charset::kEucjpms, "8fa1a141"), Lengths({3}));
  // Between the Basic Multilingual Plane and the others, and behind them all.
  EXPECT_EQ(TextOf(Charset::kGb18030, "8431a43990308130e3329a35"),
            U"\uffff\U00010000\U0010ffff");
  EXPECT_EQ(InvalidLengths(Charset::kGb18030, "8431a530e3329a36fe39fe39"),
            Lengths({4, 4, 4}));
}

TEST(CharacterDecoderTest, MalformedBytesAreInvalidOneByOne) {
  // A trail byte that isn't one is looked at anew: it may be ASCII.
  EXPECT_EQ(TextOf(Charset::kGbk, "813f41"), U"??A");
  EXPECT_EQ(InvalidLengths(Charset::kGbk, "8020ff20"), Lengths({1, 1}));
  EXPECT_EQ(TextOf(Charset::kSjis, "813c80a0fd"), U"?<???");
  EXPECT_EQ(TextOf(Charset::kBig5, "a47fa4a4"), U"?\u007f\u4e2d");
  EXPECT_EQ(TextOf(Charset::kUjis, "8e418ee08fa1418f41"), U"?A????A?A");
  EXPECT_EQ(InvalidLengths(Charset::kEucjpms, "808da0ff"),
            Lengths({1, 1, 1, 1}));
  EXPECT_EQ(TextOf(Charset::kGb18030, "81308130"), U"\u0080");
  EXPECT_EQ(TextOf(Charset::kGb18030, "8130813f"), U"?0??");
  EXPECT_EQ(TextOf(Charset::kGb18030, "803081308130"), U"?0\u0080");
  EXPECT_EQ(InvalidLengths(Charset::kUtf8mb4, "edb080"), Lengths({1, 1, 1}));
  EXPECT_EQ(InvalidLengths(Charset::kAscii, "41c3a9"), Lengths({1, 1}));
  EXPECT_EQ(InvalidLengths(Charset::kBinary, "4142"), Lengths({1, 1}));
}

TEST(CharacterDecoderTest, CutOffCharactersAreInvalid) {
  EXPECT_EQ(InvalidLengths(Charset::kGbk, "4181"), Lengths({1}));
  EXPECT_EQ(InvalidLengths(Charset::kSjis, "41e0"), Lengths({1}));
  EXPECT_EQ(InvalidLengths(Charset::kUjis, "8e"), Lengths({1}));
  EXPECT_EQ(InvalidLengths(Charset::kUjis, "8fb0"), Lengths({1, 1}));
  EXPECT_EQ(TextOf(Charset::kGb18030, "9439fc"), U"?9?");
  EXPECT_EQ(TextOf(Charset::kGb18030, "9439"), U"?9");
  EXPECT_EQ(InvalidLengths(Charset::kUtf8mb4, "f09f98"), Lengths({1, 1, 1}));
  EXPECT_EQ(InvalidLengths(Charset::kUcs2, "004100"), Lengths({1}));
  EXPECT_EQ(InvalidLengths(Charset::kUtf16, "d83d"), Lengths({2}));
  EXPECT_EQ(InvalidLengths(Charset::kUtf16, "d83dde"), Lengths({2, 1}));
  EXPECT_EQ(InvalidLengths(Charset::kUtf32, "000000410001f6"), Lengths({3}));
}

TEST(CharacterDecoderTest, SurrogatesNeedTheirOtherHalf) {
  EXPECT_EQ(TextOf(Charset::kUtf16, "dbffdfff"), U"\U0010ffff");
  EXPECT_EQ(TextOf(Charset::kUtf16, "d8000041"), U"?A");
  EXPECT_EQ(TextOf(Charset::kUtf16, "dc000041"), U"?A");
  EXPECT_EQ(TextOf(Charset::kUtf16, "d800d83dde00"), U"?\U0001f600");
  EXPECT_EQ(TextOf(Charset::kUtf16le, "00d84100"), U"?A");
  EXPECT_EQ(InvalidLengths(Charset::kUcs2, "d83dde00"), Lengths({2, 2}));
  EXPECT_EQ(InvalidLengths(Charset::kUtf32, "0000d8000011000080000041"),
            Lengths({4, 4, 4}));
}

TEST(CharacterDecoderTest, RandomBytesAreCutIntoCharacters) {
  std::mt19937 random(20240611);
  for (size_t i = 0; i < kCharsetCount; ++i) {
    const Charset charset = static_cast<Charset>(i);
    for (int round = 0; round < 2'000; ++round) {
      std::string bytes(random() % 24, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      size_t length = 0;
      for (const Character& character : Decode(charset, bytes)) {
        length += character.length;
        ASSERT_TRUE(character.code_point == kNoCharacter ||
                    (character.code_point <= 0x10ffff &&
                     !IsSurrogate(character.code_point)))
            << CharsetName(charset) << " " << absl::BytesToHexString(bytes);
      }
      ASSERT_EQ(length, bytes.size());
    }
  }
}

}  // namespace
}  // namespace binferry::worker
