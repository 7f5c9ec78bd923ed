#include "worker/decode/json_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace binferry::worker {
namespace {

TEST(JsonObjectTest, WritesMembersInOrder) {
  std::string text = "before ";
  JsonObject object(&text);
  object.Text("a", "x\"y\\z");
  object.Number("b", 18446744073709551615u);
  object.Flag("c", true);
  object.Null("d");
  object.Raw("e", "[1]");
  object.Key("f");
  JsonObject inner(&text);
  inner.Close();
  object.Close();
  EXPECT_EQ(text, R"(before {"a":"x\"y\\z","b":18446744073709551615,"c":true,)"
                  R"("d":null,"e":[1],"f":{}})");
}

std::string Quoted(Charset charset, absl::string_view bytes, bool is_exact) {
  std::string text;
  EXPECT_EQ(AppendQuoted(charset, bytes, &text), is_exact) << text;
  return text;
}

TEST(JsonObjectTest, EscapesWhatWouldEndALineOrDriveATerminal) {
  EXPECT_EQ(Quoted(Charset::kUtf8mb4,
                   "a'=<\t\r\n\x1b\x7f"
                   "\u0085\u2028\u2029\u00e9\u20ac\U0001F600",
                   true),
            R"("a'=<\t\r\n\u001B\u007F\u0085\u2028\u2029)"
            "\u00e9\u20ac\U0001F600\"");
}

TEST(JsonObjectTest, ConvertsOtherCharacterSets) {
  EXPECT_EQ(Quoted(Charset::kLatin1, "\xe9\x80", true), "\"\u00e9\u20ac\"");
  // The second byte of this character is a backslash in ASCII.
  EXPECT_EQ(Quoted(Charset::kGbk, "\x95\x5c'", true), "\"\u661e'\"");
  EXPECT_EQ(Quoted(Charset::kUtf16, absl::string_view("\0a\x20\xac", 4), true),
            "\"a\u20ac\"");
  EXPECT_EQ(Quoted(Charset::kBinary, "\xc3\xa9", true), "\"\u00e9\"");
}

TEST(JsonObjectTest, ShowsBytesThatAreNoText) {
  EXPECT_EQ(Quoted(Charset::kUtf8mb4, "a\xe9\xff\xc3", false),
            R"("a\\xE9\\xFF\\xC3")");
  EXPECT_EQ(Quoted(Charset::kBinary, "\xed\xa0\x80", false),
            R"("\\xED\\xA0\\x80")");
  EXPECT_EQ(Quoted(Charset::kAscii, "\x80z", false), R"("\\x80z")");
}

}  // namespace
}  // namespace binferry::worker
