// Every code of every character set, compared with a server's CONVERT.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/testing/status_matchers.h"
#include "worker/charset/character_decoder.h"
#include "worker/charset/charset.h"
#include "worker/encode/arena.h"
#include "worker/encode/json_writer.h"
#include "worker/mysql/testing/test_server.h"

namespace binferry::worker {
namespace {

// All that are sets of characters.
std::vector<Charset> Charsets() {
  std::vector<Charset> charsets;
  for (size_t i = 0; i < kCharsetCount; ++i) {
    const Charset charset = static_cast<Charset>(i);
    if (charset != Charset::kBinary) charsets.push_back(charset);
  }
  return charsets;
}

// Bytes of a unit; the server pads what is no whole number of them, so that
// this can't be compared.
size_t UnitBytes(Charset charset) {
  const std::set<Charset> two = {Charset::kUcs2, Charset::kUtf16,
                                 Charset::kUtf16le};
  return charset == Charset::kUtf32 ? 4 : two.count(charset) != 0 ? 2 : 1;
}

std::vector<Character> Decode(Charset charset, absl::string_view bytes) {
  std::vector<Character> characters;
  while (!bytes.empty()) {
    characters.push_back(
        std::visit([&](const auto& decoder) { return decoder.Decode(bytes); },
                   DecoderOf(charset)));
    bytes.remove_prefix(characters.back().length);
  }
  return characters;
}

bool HasInvalid(const std::vector<Character>& characters) {
  for (const Character& character : characters) {
    if (character.code_point == kNoCharacter) return true;
  }
  return false;
}

void AppendUtf8(uint32_t point, std::string* text) {
  const auto add = [text](uint32_t byte) { *text += static_cast<char>(byte); };
  if (point < 0x80) return add(point);
  if (point < 0x800) {
    add(0xc0 | point >> 6);
  } else if (point < 0x10000) {
    add(0xe0 | point >> 12);
    add(0x80 | (point >> 6 & 0x3f));
  } else {
    add(0xf0 | point >> 18);
    add(0x80 | (point >> 12 & 0x3f));
    add(0x80 | (point >> 6 & 0x3f));
  }
  add(0x80 | (point & 0x3f));
}

// In UTF-8, with the server's `?` for what is no character.
std::string TextOf(const std::vector<Character>& characters) {
  std::string text;
  for (const Character& character : characters) {
    AppendUtf8(
        character.code_point == kNoCharacter ? '?' : character.code_point,
        &text);
  }
  return text;
}

// The big-endian bytes of `number`.
std::string Bytes(uint32_t number, size_t count) {
  std::string bytes;
  while (count-- > 0) bytes += static_cast<char>(number >> (8 * count));
  return bytes;
}

std::string Utf16(uint32_t point) {
  if (point < 0x10000) return Bytes(point, 2);
  const uint32_t offset = point - 0x10000;
  return Bytes(0xd800 | offset >> 10, 2) + Bytes(0xdc00 | (offset & 0x3ff), 2);
}

std::string Swapped(std::string units) {
  for (size_t i = 0; i + 1 < units.size(); i += 2) {
    std::swap(units[i], units[i + 1]);
  }
  return units;
}

class ServerCharsetsTest : public TestServer {
 protected:
  // Temporary tables a, b, c and d of all bytes `x`; one can't be read twice in
  // a statement.
  void SetUp() override {
    TestServer::SetUp();
    if (root_ == nullptr) return;
    std::vector<std::string> bytes;
    for (int i = 0; i < 256; ++i)
      bytes.push_back(absl::StrCat("(CHAR(", i, "))"));
    for (const char* table : {"a", "b", "c", "d"}) {
      Run(absl::StrCat("CREATE TEMPORARY TABLE ", table,
                       " (x BINARY(1) PRIMARY KEY)"));
      Run(absl::StrCat("INSERT INTO ", table, " VALUES ",
                       absl::StrJoin(bytes, ",")));
    }
  }

  // Compares each code of the SQL expression `code` over `tables`, of which
  // there are to be `count`.
  void CompareCodes(Charset charset, const std::string& code,
                    const std::string& tables, size_t count) {
    const std::vector<TextRow> rows = Run(
        absl::StrCat("SELECT HEX(code), HEX(CONVERT(CONVERT(code USING ",
                     CharsetName(charset), ") USING utf8mb4)) FROM (SELECT ",
                     code, " AS code FROM ", tables, ") AS codes"));
    ASSERT_EQ(rows.size(), count);
    int differences = 0;
    for (const TextRow& row : rows) {
      if (IsSame(charset, absl::HexStringToBytes(*row[0]), row[1])) continue;
      ADD_FAILURE() << CharsetName(charset) << " " << *row[0]
                    << ": the server makes " << row[1].value_or("NULL")
                    << " of it, we "
                    << absl::BytesToHexString(TextOf(
                           Decode(charset, absl::HexStringToBytes(*row[0]))));
      if (++differences == 10) return;
    }
  }

  // Compares one text of well-formed codes.
  void CompareText(Charset charset, const std::string& bytes) {
    const std::optional<std::string> text = Convert(charset, bytes);
    ASSERT_TRUE(text.has_value()) << CharsetName(charset);
    EXPECT_TRUE(*text == TextOf(Decode(charset, bytes)))
        << CharsetName(charset) << ", a text of " << bytes.size()
        << " bytes that begins with "
        << absl::BytesToHexString(bytes.substr(0, 8));
  }

  std::optional<std::string> Convert(Charset charset,
                                     const std::string& bytes) {
    const std::vector<TextRow> rows = Run(absl::StrCat(
        "SELECT HEX(CONVERT(CONVERT(x'", absl::BytesToHexString(bytes),
        "' USING ", CharsetName(charset), ") USING utf8mb4))"));
    if (rows.size() != 1 || !rows[0][0].has_value()) return std::nullopt;
    return absl::HexStringToBytes(*rows[0][0]);
  }

 private:
  // `answer` is the server's text in hexadecimal; nothing = malformed.
  static bool IsSame(Charset charset, const std::string& bytes,
                     const std::optional<std::string>& answer) {
    std::vector<Character> characters = Decode(charset, bytes);
    if (!answer.has_value()) {
      // Pairs are not invalid as pairs.
      const bool is_byte_wise = UnitBytes(charset) == 1;
      return HasInvalid(characters) &&
             (!is_byte_wise || bytes.size() != 2 || characters.size() == 2);
    }
    const std::string text = absl::HexStringToBytes(*answer);
    if (text == TextOf(characters)) return true;
    // The server doesn't see that an eucjpms text is cut off, and leaves the
    // last bytes out.
    if (charset != Charset::kEucjpms ||
        characters.back().code_point != kNoCharacter) {
      return false;
    }
    characters.pop_back();
    return text == TextOf(characters);
  }
};

TEST_F(ServerCharsetsTest, EveryCollationOfTheServerIsKnown) {
  std::set<std::string> names;
  for (const TextRow& row : Run("SELECT id, character_set_name FROM "
                                "information_schema.collations")) {
    uint32_t id = 0;
    ASSERT_TRUE(absl::SimpleAtoi(*row[0], &id));
    const absl::StatusOr<Charset> charset = CharsetOfCollation(id);
    ASSERT_THAT(charset, IsOk());
    EXPECT_EQ(CharsetName(*charset), *row[1]) << id;
    names.insert(*row[1]);
  }
  EXPECT_EQ(names.size(), kCharsetCount);
}

TEST_F(ServerCharsetsTest, EveryByte) {
  for (const Charset charset : Charsets()) {
    if (UnitBytes(charset) > 1) continue;
    CompareCodes(charset, "a.x", "a", 256);
  }
}

TEST_F(ServerCharsetsTest, EveryTwoBytes) {
  for (const Charset charset : Charsets()) {
    if (UnitBytes(charset) > 2) continue;
    // The server passes UTF-8 as ascii; we don't.
    if (charset == Charset::kAscii) continue;
    CompareCodes(charset, "CONCAT(a.x, b.x)", "a, b", 65'536);
  }
}

TEST_F(ServerCharsetsTest, EveryThreeBytesOfJapanese) {
  for (const Charset charset : {Charset::kUjis, Charset::kEucjpms}) {
    CompareCodes(charset, "CONCAT(x'8F', a.x, b.x)", "a, b", 65'536);
  }
}

TEST_F(ServerCharsetsTest, EveryFourBytesOfGb18030) {
  for (uint32_t first = 0x81; first <= 0xfe; ++first) {
    std::string text;
    for (uint32_t second = '0'; second <= '9'; ++second) {
      for (uint32_t third = 0x81; third <= 0xfe; ++third) {
        for (uint32_t fourth = '0'; fourth <= '9'; ++fourth) {
          text += Bytes(first << 24 | second << 16 | third << 8 | fourth, 4);
        }
      }
    }
    CompareText(Charset::kGb18030, text);
  }
  // The edges of what is well-formed.
  CompareCodes(Charset::kGb18030, "CONCAT(a.x, b.x, c.x, d.x)",
               "a JOIN b JOIN c ON c.x IN (x'80', x'81', x'FE', x'FF')"
               " JOIN d ON d.x IN (x'2F', x'30', x'39', x'3A')"
               " WHERE a.x IN (x'80', x'81', x'84', x'E3', x'FE', x'FF')",
               6 * 256 * 4 * 4);
}

TEST_F(ServerCharsetsTest, EveryCodePoint) {
  for (uint32_t plane = 0; plane <= 0x10; ++plane) {
    std::string utf8;
    std::string utf16;
    std::string utf32;
    for (uint32_t i = 0; i < 0x10000; ++i) {
      const uint32_t point = plane << 16 | i;
      if (IsSurrogate(point)) continue;
      AppendUtf8(point, &utf8);
      utf16 += Utf16(point);
      utf32 += Bytes(point, 4);
    }
    CompareText(Charset::kUtf8mb4, utf8);
    CompareText(Charset::kUtf16, utf16);
    CompareText(Charset::kUtf16le, Swapped(utf16));
    CompareText(Charset::kUtf32, utf32);
    if (plane > 0) continue;
    CompareText(Charset::kUtf8mb3, utf8);
    CompareText(Charset::kUcs2, utf16);
  }
}

TEST_F(ServerCharsetsTest, WhatIsNoCodePoint) {
  const std::string edges = "(x'7F', x'80', x'BF', x'C0')";
  for (const Charset charset : {Charset::kUtf8mb3, Charset::kUtf8mb4}) {
    CompareCodes(charset, "CONCAT(a.x, b.x, c.x)",
                 absl::StrCat("a JOIN b JOIN c ON c.x IN ", edges,
                              " WHERE a.x >= x'C0'"),
                 64 * 256 * 4);
    CompareCodes(
        charset, "CONCAT(a.x, b.x, c.x, d.x)",
        absl::StrCat("a JOIN b JOIN c ON c.x IN ", edges, " JOIN d ON d.x IN ",
                     edges, " WHERE a.x >= x'F0'"),
        16 * 256 * 4 * 4);
  }
  // Two units, each of every kind: surrogates above all.
  const std::string kinds =
      "(x'00', x'D7', x'D8', x'DB', x'DC', x'DF', x'E0', x'FF')";
  const std::string tables =
      absl::StrCat("a JOIN b ON b.x IN ", kinds, " WHERE a.x IN ", kinds);
  CompareCodes(Charset::kUtf16, "CONCAT(a.x, x'00', b.x, x'FF')", tables, 64);
  CompareCodes(Charset::kUtf16le, "CONCAT(x'00', a.x, x'FF', b.x)", tables, 64);
  CompareCodes(Charset::kUcs2, "CONCAT(a.x, x'00', b.x, x'FF')", tables, 64);
  CompareCodes(Charset::kUtf32, "CONCAT(x'0000', a.x, b.x)", "a, b", 65'536);
  CompareCodes(Charset::kUtf32, "CONCAT(a.x, b.x, c.x, c.x)",
               "a, b, c WHERE c.x IN (x'00', x'DC', x'FF')", 3 * 65'536);
}

// All that the server doesn't refuse of a set, in one text.
TEST_F(ServerCharsetsTest, JsonWriterWritesWholeTextsAsTheServer) {
  Arena arena;
  JsonWriter writer(&arena);
  const auto json = [&](Charset charset, absl::string_view bytes) {
    writer.Start();
    EXPECT_TRUE(writer.String(charset, bytes, InvalidText::kReplace));
    return writer.Finish();
  };
  for (const Charset charset : Charsets()) {
    if (UnitBytes(charset) > 2 || charset == Charset::kAscii) continue;
    const absl::string_view name = CharsetName(charset);
    // Without `?` itself, so that each `?` in the answer is for what is none;
    // doubled, so that none is cut off.
    const std::vector<TextRow> rows = Run(absl::StrCat(
        "SELECT HEX(CONCAT(a.x, b.x)) FROM a, b WHERE x'3F' NOT IN (a.x, b.x)"
        " AND CONVERT(CONVERT(CONCAT(a.x, b.x, a.x, b.x) USING ",
        name, ") USING utf8mb4) IS NOT NULL"));
    std::string bytes;
    for (const TextRow& row : rows) bytes += absl::HexStringToBytes(*row[0]);
    EXPECT_GT(bytes.size(), 16'000u) << name;
    const std::optional<std::string> text = Convert(charset, bytes);
    ASSERT_TRUE(text.has_value()) << name;
    EXPECT_TRUE(
        json(charset, bytes) ==
        json(Charset::kUtf8mb4, absl::StrReplaceAll(*text, {{"?", "\ufffd"}})))
        << name;
  }
}

}  // namespace
}  // namespace binferry::worker
