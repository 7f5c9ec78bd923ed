#include "worker/encode/json_writer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace binferry::worker {
namespace {

class JsonWriterTest : public testing::Test {
 protected:
  // "invalid" for what String refuses. The bytes are copied to memory of
  // exactly their size, so that a sanitizer sees a read beyond them.
  std::string String(Charset charset, absl::string_view bytes) {
    const auto exact = std::make_unique<char[]>(bytes.size());
    if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
    writer_.Start();
    if (!writer_.String(charset, {exact.get(), bytes.size()})) return "invalid";
    return std::string(writer_.Finish());
  }

  std::string Replaced(Charset charset, absl::string_view bytes) {
    writer_.Start();
    EXPECT_TRUE(writer_.String(charset, bytes, InvalidText::kReplace));
    return std::string(writer_.Finish());
  }

  std::string ByteList(absl::string_view bytes) {
    writer_.Start();
    writer_.ByteList(bytes);
    return std::string(writer_.Finish());
  }

  Arena arena_{4096};
  JsonWriter writer_{&arena_};
};

TEST_F(JsonWriterTest, WritesNumbersWhereverASlabEnds) {
  constexpr size_t kSlabBytes = 4096;
  for (size_t before = kSlabBytes - 100; before < kSlabBytes; ++before) {
    const std::string text(before, 'x');
    writer_.Start();
    writer_.Raw(text);
    writer_.Number(uint64_t{1234});
    writer_.Raw(",");
    ASSERT_EQ(writer_.Finish(), text + "1234,");
    writer_.Start();
    writer_.Raw(text);
    writer_.QuotedNumber(int64_t{-1234});
    ASSERT_EQ(writer_.Finish(), text + "\"-1234\"");
  }
}

TEST_F(JsonWriterTest, WritesPiecesInOrder) {
  writer_.Start();
  writer_.Raw('{');
  writer_.Raw("\"id\":");
  writer_.Number(std::numeric_limits<uint64_t>::max());
  writer_.Raw(',');
  writer_.Number(std::numeric_limits<int64_t>::min());
  writer_.Raw(',');
  writer_.QuotedNumber(int64_t{-7});
  writer_.Raw(',');
  writer_.QuotedNumber(std::numeric_limits<uint64_t>::max());
  writer_.Raw(',');
  writer_.QuotedPlain("-0.50");
  writer_.Patch(0, '[');
  EXPECT_EQ(writer_.size(), 83u);
  EXPECT_EQ(writer_.Finish(),
            "[\"id\":18446744073709551615,-9223372036854775808,\"-7\","
            "\"18446744073709551615\",\"-0.50\"");
}

TEST_F(JsonWriterTest, EscapesAsGson) {
  EXPECT_EQ(String(Charset::kUtf8mb4, "<b a='1'>&\"\\/"),
            "\"\\u003cb a\\u003d\\u00271\\u0027\\u003e\\u0026\\\"\\\\/\"");
  EXPECT_EQ(String(Charset::kUtf8mb4, "\b\f\n\r\t\x7f"),
            "\"\\b\\f\\n\\r\\t\x7f\"");
  EXPECT_EQ(String(Charset::kUtf8mb4, absl::string_view("\0\x01\x0b\x1f", 4)),
            "\"\\u0000\\u0001\\u000b\\u001f\"");
  EXPECT_EQ(String(Charset::kUtf8mb4, "\u2027\u2028\u2029\u202a"),
            "\"\u2027\\u2028\\u2029\u202a\"");
  EXPECT_EQ(String(Charset::kUtf8mb4, ""), "\"\"");
}

TEST_F(JsonWriterTest, EveryAsciiCharacterAtEveryPlace) {
  for (int c = 0; c < 128; ++c) {
    std::string escaped;
    switch (c) {
      case '"':
        escaped = "\\\"";
        break;
      case '\\':
        escaped = "\\\\";
        break;
      case '\b':
        escaped = "\\b";
        break;
      case '\f':
        escaped = "\\f";
        break;
      case '\n':
        escaped = "\\n";
        break;
      case '\r':
        escaped = "\\r";
        break;
      case '\t':
        escaped = "\\t";
        break;
      default:
        escaped = c < 0x20 || strchr("<>&='", c) != nullptr
                      ? absl::StrFormat("\\u%04x", c)
                      : std::string(1, static_cast<char>(c));
    }
    for (size_t before = 0; before <= 17; ++before) {
      for (size_t after = 0; after <= 17; ++after) {
        const std::string text = absl::StrCat(
            std::string(before, 'x'), std::string(1, static_cast<char>(c)),
            std::string(after, 'y'));
        const std::string expected =
            absl::StrCat("\"", std::string(before, 'x'), escaped,
                         std::string(after, 'y'), "\"");
        for (const Charset charset :
             {Charset::kAscii, Charset::kLatin1, Charset::kUtf8mb3,
              Charset::kUtf8mb4, Charset::kGbk, Charset::kSjis, Charset::kUjis,
              Charset::kGb18030}) {
          ASSERT_EQ(String(charset, text), expected);
        }
        std::string wide;
        for (const char unit : text) wide += {'\0', unit};
        ASSERT_EQ(String(Charset::kUtf16, wide), expected);
      }
    }
  }
}

TEST_F(JsonWriterTest, Latin1IsCp1252) {
  EXPECT_EQ(String(Charset::kLatin1, "caf\xe9"), "\"caf\u00e9\"");
  EXPECT_EQ(String(Charset::kLatin1, "\x80\x90"), "\"\u20ac\u0090\"");
  EXPECT_EQ(String(Charset::kLatin1, "\x81\x8d\x8f\x9d"),
            "\"\u0081\u008d\u008f\u009d\"");
  EXPECT_EQ(String(Charset::kLatin1, "\x82\x9f\xa0\xff"),
            "\"\u201a\u0178\u00a0\u00ff\"");
  EXPECT_EQ(String(Charset::kLatin1, "\xc3\xa9<"), "\"\u00c3\u00a9\\u003c\"");
}

TEST_F(JsonWriterTest, Utf8PassesAsItIs) {
  const std::string text = "\u00e9\u4e2d\u6587 \U0001f600\u07ff\u0800\uffff";
  EXPECT_EQ(String(Charset::kUtf8mb4, text), "\"" + text + "\"");
  EXPECT_EQ(String(Charset::kUtf8mb4, "\xf4\x8f\xbf\xbf"),
            "\"\xf4\x8f\xbf\xbf\"");
  EXPECT_EQ(String(Charset::kUtf8mb4, "\xed\x9f\xbf\xee\x80\x80"),
            "\"\xed\x9f\xbf\xee\x80\x80\"");
}

TEST_F(JsonWriterTest, Utf8mb3HasNoCharactersOfFourBytes) {
  EXPECT_EQ(String(Charset::kUtf8mb3, "\u4e2d"), "\"\u4e2d\"");
  EXPECT_EQ(String(Charset::kUtf8mb3, "\U0001f600"), "invalid");
}

TEST_F(JsonWriterTest, AsciiHasNothingAbove) {
  EXPECT_EQ(String(Charset::kAscii, "plain"), "\"plain\"");
  EXPECT_EQ(String(Charset::kAscii, "\u00e9"), "invalid");
}

TEST_F(JsonWriterTest, BinaryIsNoText) {
  EXPECT_EQ(String(Charset::kBinary, "a"), "invalid");
}

TEST_F(JsonWriterTest, RefusesMalformedUtf8) {
  for (const char* bytes : {
           "\x80",              // A continuation alone.
           "\xc3",              // Cut off.
           "\xe4\xb8",          //
           "\xf0\x9f\x98",      //
           "\xc3(",             // No continuation.
           "\xe4\xb8(",         //
           "\xf0\x9f\x98(",     //
           "\xc0\xaf",          // Longer than needed.
           "\xc1\xbf",          //
           "\xe0\x9f\xbf",      //
           "\xf0\x8f\xbf\xbf",  //
           "\xed\xa0\x80",      // Surrogates.
           "\xed\xbf\xbf",      //
           "\xf4\x90\x80\x80",  // Above U+10FFFF.
           "\xf5\x80\x80\x80",  //
           "\xff",              //
       }) {
    for (size_t before = 0; before <= 16; ++before) {
      const std::string text = std::string(before, 'x') + bytes;
      ASSERT_EQ(String(Charset::kUtf8mb4, text), "invalid");
      ASSERT_EQ(String(Charset::kUtf8mb4, text + "tail"), "invalid");
    }
  }
}

TEST_F(JsonWriterTest, RefusedTextLeavesTheWriterUsable) {
  EXPECT_EQ(String(Charset::kUtf8mb4, std::string(10'000, 'x') + "\xff"),
            "invalid");
  EXPECT_EQ(String(Charset::kUtf8mb4, "fine"), "\"fine\"");
}

TEST_F(JsonWriterTest, TextsOfAllSizesAreWhole) {
  std::mt19937 random(20240607);
  const char* const pieces[] = {"a",      "<",          "\"",
                                "\n",     "\u00e9",     "\u4e2d",
                                "\u2028", "\U0001f600", "plain text "};
  const char* const escaped[] = {"a",       "\\u003c",    "\\\"",
                                 "\\n",     "\u00e9",     "\u4e2d",
                                 "\\u2028", "\U0001f600", "plain text "};
  for (size_t size = 0; size < 12'000; size += 1 + size / 3) {
    for (int round = 0; round < 20; ++round) {
      std::string text;
      std::string expected = "\"";
      while (text.size() < size) {
        const size_t i = random() % 9;
        text += pieces[i];
        expected += escaped[i];
      }
      expected += '"';
      ASSERT_EQ(String(Charset::kUtf8mb4, text), expected);
    }
  }
}

TEST_F(JsonWriterTest, TrailBytesAreNoAscii) {
  // Trail bytes that are `\`, `"`'s neighbours and digits.
  EXPECT_EQ(String(Charset::kSjis, "\x95\x5c\x83\x5c\\"),
            "\"\u8868\u30bd\\\\\"");
  EXPECT_EQ(String(Charset::kGbk, "\x81\x5c<\x81\x7c"),
            "\"\u4e57\\u003c\u4e85\"");
  EXPECT_EQ(String(Charset::kBig5, "\xa5\x5c'"), "\"\u529f\\u0027\"");
  EXPECT_EQ(String(Charset::kGb18030, "\x94\x39\xfc\x36="),
            "\"\U0001f600\\u003d\"");
}

TEST_F(JsonWriterTest, EscapesWhatOtherSetsSpellOtherwise) {
  EXPECT_EQ(String(Charset::kSjis, "\x81\x5f"), R"("\\")");
  EXPECT_EQ(String(Charset::kSwe7, "[\\&"), "\"\u00c4\u00d6\\u0026\"");
  const std::string separators("\x20\x28\x20\x29\0<\0a", 8);
  EXPECT_EQ(String(Charset::kUtf16, separators), R"("\u2028\u2029\u003ca")");
  EXPECT_EQ(String(Charset::kUcs2, separators), R"("\u2028\u2029\u003ca")");
  EXPECT_EQ(String(Charset::kGb18030, "\x81\x36\xa6\x35\x81\x36\xa6\x36"),
            R"("\u2028\u2029")");
}

TEST_F(JsonWriterTest, ReplacesWhatIsNoCharacter) {
  EXPECT_EQ(Replaced(Charset::kUtf8mb4, "a\xe4\xb8z\xff"),
            "\"a\ufffd\ufffdz\ufffd\"");
  EXPECT_EQ(Replaced(Charset::kUtf8mb3, "\U0001f600"),
            "\"\ufffd\ufffd\ufffd\ufffd\"");
  EXPECT_EQ(Replaced(Charset::kGbk, "\x81 \xa2\xa0<\xd6\xd0\xd6"),
            "\"\ufffd \ufffd\\u003c\u4e2d\ufffd\"");
  EXPECT_EQ(Replaced(Charset::kCp1250, "\x81\xb3"), "\"\ufffd\u0142\"");
  EXPECT_EQ(Replaced(Charset::kUtf16, absl::string_view("\xd8\0\0a\0", 5)),
            "\"\ufffda\ufffd\"");
  EXPECT_EQ(Replaced(Charset::kBinary, "ab"), "\"\ufffd\ufffd\"");
  EXPECT_EQ(Replaced(Charset::kUtf8mb4, std::string(10'000, '\xff')).size(),
            30'002u);
}

TEST_F(JsonWriterTest, CountsTextsWithSomethingReplaced) {
  EXPECT_EQ(Replaced(Charset::kGbk, "\xd6\xd0"), "\"\u4e2d\"");
  EXPECT_EQ(writer_.replaced_texts(), 0u);
  EXPECT_EQ(Replaced(Charset::kGbk, "\xd6 \xff"), "\"\ufffd \ufffd\"");
  EXPECT_EQ(writer_.replaced_texts(), 1u);
  // What is U+FFFD in the source is whole.
  EXPECT_EQ(Replaced(Charset::kUtf8mb4, "\ufffd"), "\"\ufffd\"");
  EXPECT_EQ(Replaced(Charset::kTis620, "\xff"), "\"\ufffd\"");
  EXPECT_EQ(writer_.replaced_texts(), 1u);
  EXPECT_EQ(String(Charset::kUtf8mb4, "\xff"), "invalid");
  EXPECT_EQ(writer_.replaced_texts(), 1u);
  writer_.CountReplaced();
  EXPECT_EQ(writer_.replaced_texts(), 2u);
}

TEST_F(JsonWriterTest, BigTextsOfEverySetAreWhole) {
  // From one byte to three, two to three, two and four to one.
  const auto expect = [this](Charset charset, absl::string_view unit,
                             absl::string_view character) {
    std::string text;
    std::string expected = "\"";
    for (int i = 0; i < 50'000; ++i) {
      text.append(unit.data(), unit.size());
      expected.append(character.data(), character.size());
    }
    EXPECT_EQ(String(charset, text), expected + '"') << CharsetName(charset);
  };
  expect(Charset::kSjis, "\xb1", "\uff71");
  expect(Charset::kGbk, "\xd6\xd0", "\u4e2d");
  expect(Charset::kUtf16, absl::string_view("\0a", 2), "a");
  expect(Charset::kUtf32, absl::string_view("\0\0\0a", 4), "a");
  expect(Charset::kUcs2, absl::string_view("\0\1", 2), "\\u0001");
  expect(Charset::kSwe7, "[", "\u00c4");
  expect(Charset::kUjis, "\x8f\xb0\xa1x", "\u4e02x");
}

TEST_F(JsonWriterTest, RandomBytesBecomeValidUtf8) {
  std::mt19937 random(20240611);
  for (size_t i = 0; i < kCharsetCount; ++i) {
    const Charset charset = static_cast<Charset>(i);
    for (int round = 0; round < 300; ++round) {
      std::string bytes(random() % 100, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
      const std::string replaced = Replaced(charset, bytes);
      const absl::string_view inner =
          absl::string_view(replaced).substr(1, replaced.size() - 2);
      ASSERT_EQ(inner.find_first_of("<>&='\n"), absl::string_view::npos);
      ASSERT_NE(String(Charset::kUtf8mb4, inner), "invalid")
          << CharsetName(charset) << " " << absl::BytesToHexString(bytes);
      // Both policies agree where nothing is replaced.
      const std::string kept = String(charset, bytes);
      ASSERT_TRUE(kept == "invalid" || kept == replaced);
    }
  }
}

TEST_F(JsonWriterTest, TextOfEscapesOnlyFitsToo) {
  std::string expected = "\"";
  for (int i = 0; i < 100'000; ++i) expected += "\\u0000";
  expected += '"';
  EXPECT_EQ(String(Charset::kLatin1, std::string(100'000, '\0')), expected);
}

TEST_F(JsonWriterTest, BytesAreASignedList) {
  EXPECT_EQ(ByteList(""), "\"[]\"");
  EXPECT_EQ(ByteList("jg\xff"), "\"[106, 103, -1]\"");
  std::string all;
  std::vector<int> numbers;
  for (int i = 0; i < 30'000; ++i) {
    all.push_back(static_cast<char>(i));
    numbers.push_back(static_cast<int8_t>(i & 0xff));
  }
  EXPECT_EQ(ByteList(all),
            absl::StrCat("\"[", absl::StrJoin(numbers, ", "), "]\""));
}

}  // namespace
}  // namespace binferry::worker
