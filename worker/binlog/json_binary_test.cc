#include "worker/binlog/json_binary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "common/testing/status_matchers.h"
#include "worker/binlog/json_value.h"
#include "worker/binlog/testing/json_document.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

std::string Text(const std::string& document) {
  std::string text;
  const absl::Status status = AppendJsonText(document, &text);
  EXPECT_THAT(status, IsOk());
  return status.ok() ? text : status.ToString();
}

absl::Status Error(const std::string& document) {
  std::string text;
  return AppendJsonText(document, &text);
}

std::string Nested(int depth) {
  std::string document = JsonInt16(7);
  for (int i = 0; i < depth; ++i) document = JsonArray({document});
  return document;
}

TEST(JsonBinaryTest, AnEmptyDocumentIsNull) { EXPECT_EQ(Text(""), "null"); }

TEST(JsonBinaryTest, ScalarsAreDocumentsToo) {
  EXPECT_EQ(Text(JsonNull()), "null");
  EXPECT_EQ(Text(JsonBool(true)), "true");
  EXPECT_EQ(Text(JsonBool(false)), "false");
  EXPECT_EQ(Text(JsonReal(1)), "1.0");
  EXPECT_EQ(Text(JsonString("text")), "\"text\"");
}

TEST(JsonBinaryTest, IntegersKeepSignAndWidth) {
  EXPECT_EQ(Text(JsonInteger(5, 0x8000)), "-32768");
  EXPECT_EQ(Text(JsonInteger(6, 0xffff)), "65535");
  EXPECT_EQ(Text(JsonInteger(7, 0x80000000)), "-2147483648");
  EXPECT_EQ(Text(JsonInteger(8, 0xffffffff)), "4294967295");
  EXPECT_EQ(Text(JsonInteger(9, uint64_t{1} << 63)), "-9223372036854775808");
  EXPECT_EQ(Text(JsonInteger(10, ~uint64_t{0})), "18446744073709551615");
}

TEST(JsonBinaryTest, ContainersOfBothSizes) {
  for (const JsonSize size : {JsonSize::kSmall, JsonSize::kLarge}) {
    const std::string array =
        JsonArray({JsonInteger(7, 65536), JsonInteger(8, 4294967295),
                   JsonBool(true), JsonArray({}, size), JsonString("x")},
                  size);
    EXPECT_EQ(Text(array), "[65536, 4294967295, true, [], \"x\"]");
    EXPECT_EQ(
        Text(JsonObject(
            {{"", JsonInt16(4)}, {"b", JsonObject({}, size)}, {"aa", array}},
            size)),
        "{\"\": 4, \"b\": {}, \"aa\": "
        "[65536, 4294967295, true, [], \"x\"]}");
  }
}

TEST(JsonBinaryTest, EscapesWhatMysqlEscapes) {
  EXPECT_EQ(Text(JsonString(absl::string_view("\0\x01\x1f\x7f", 4))),
            "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(Text(JsonString("\b\f\n\r\t\"\\/é😀")),
            "\"\\b\\f\\n\\r\\t\\\"\\\\/é😀\"");
  EXPECT_EQ(Text(JsonObject({{"a\"b", JsonNull()}})), "{\"a\\\"b\": null}");
}

TEST(JsonBinaryTest, StringLengthsTakeAsManyBytesAsTheyNeed) {
  for (const size_t length : {127u, 128u, 16383u, 16384u, 70000u}) {
    const std::string content(length, 'x');
    EXPECT_EQ(Text(JsonArray({JsonString(content)}, JsonSize::kLarge)),
              "[\"" + content + "\"]");
  }
}

// After updates in place the payload has holes and any order: two values that
// stand in the wrong order behind a hole.
TEST(JsonBinaryTest, FollowsOffsetsOnly) {
  const std::string document(
      "\x02\x02\x00\x12\x00"  // Small array, 2 elements, 18 bytes.
      "\x0c\x10\x00"          // A string at 16.
      "\x0c\x0c\x00"          // A string at 12.
      "??"                    // A hole.
      "\x02yz?"
      "\x01x?",  // A byte more than the container says.
      20);
  EXPECT_EQ(Text(document), "[\"x\", \"yz\"]");
}

TEST(JsonBinaryTest, AppendsToWhatIsThere) {
  std::string text = "before ";
  ASSERT_THAT(AppendJsonText(JsonNull(), &text), IsOk());
  EXPECT_EQ(text, "before null");
}

TEST(JsonBinaryTest, NestsAsDeepAsMysqlAndNoDeeper) {
  const std::string deepest = Text(Nested(kMaxJsonDepth));
  EXPECT_EQ(deepest, std::string(kMaxJsonDepth, '[') + "7" +
                         std::string(kMaxJsonDepth, ']'));
  EXPECT_THAT(Error(Nested(kMaxJsonDepth + 1)),
              StatusIs(StatusCode::kDataLoss, HasSubstr("deeper")));
}

TEST(JsonBinaryTest, TheDensestDocumentIsWithinTheBound) {
  const std::string controls = JsonString(std::string(1000, '\x01'));
  EXPECT_EQ(Text(controls).size(), 6002u);
  EXPECT_EQ(Text(JsonOpaqueOf(255, "")), "\"base64:type255:\"");
  EXPECT_EQ(
      Text(JsonArray(std::vector<std::string>(1000, JsonBool(false)))).size(),
      7000u);
}

// Each level names the level below many times: "billion laughs".
TEST(JsonBinaryTest, RefusesTextFarBeyondItsBytes) {
  std::string bytes = JsonString("ha").substr(1);
  uint8_t type = 12;
  constexpr size_t kTimes = 16;
  for (int level = 0; level < 8; ++level) {
    const size_t header_bytes = 4 + 3 * kTimes;
    std::string outer = LittleEndian(kTimes, 2);
    const size_t size = header_bytes + bytes.size();
    outer += LittleEndian(size, 2);
    for (size_t i = 0; i < kTimes; ++i) {
      outer += LittleEndian(type | header_bytes << 8, 3);
    }
    bytes = outer + bytes;
    type = 2;
  }
  const std::string document = '\x02' + bytes;
  std::string text;
  EXPECT_THAT(AppendJsonText(document, &text),
              StatusIs(StatusCode::kDataLoss, HasSubstr("twice")));
  EXPECT_LT(text.size(), MaxJsonTextBytes(document.size()) + 10);
}

TEST(JsonBinaryTest, EveryTruncationIsAnError) {
  const std::string document = JsonObject(
      {{"a", JsonInteger(9, 1)},
       {"b", JsonArray({JsonString("text"), JsonReal(2.5)}, JsonSize::kLarge)},
       {"c", JsonOpaqueOf(12, std::string(8, '\0'))}});
  ASSERT_THAT(Error(document), IsOk());
  for (size_t length = 1; length < document.size(); ++length) {
    EXPECT_THAT(Error(document.substr(0, length)),
                StatusIs(StatusCode::kDataLoss))
        << length;
  }
}

TEST(JsonBinaryTest, RefusesWhatMysqlDoesNotWrite) {
  for (const char* const type : {"\x0d", "\x0e", "\x10", "\x7f", "\xff"}) {
    EXPECT_THAT(Error(std::string(type) + "12345678"),
                StatusIs(StatusCode::kDataLoss, HasSubstr("unknown type")));
  }
  EXPECT_THAT(Error(JsonInteger(4, 3)),
              StatusIs(StatusCode::kDataLoss, HasSubstr("unknown literal")));
  EXPECT_THAT(Error(JsonReal(std::numeric_limits<double>::infinity())),
              StatusIs(StatusCode::kDataLoss, HasSubstr("no number")));
  // An offset into the header, which would be a container in itself.
  EXPECT_THAT(Error(std::string("\x02\x01\x00\x07\x00\x02\x00\x00", 8)),
              StatusIs(StatusCode::kDataLoss, HasSubstr("outside")));
  // Six bytes of length.
  EXPECT_THAT(Error("\x0c\x80\x80\x80\x80\x80\x01"),
              StatusIs(StatusCode::kDataLoss, HasSubstr("longer")));
}

}  // namespace
}  // namespace binferry::worker
