#include "worker/binlog/json_opaque.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "common/testing/status_matchers.h"
#include "worker/binlog/byte_reader.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;

constexpr uint8_t kTimestamp = 7;
constexpr uint8_t kDate = 10;
constexpr uint8_t kTime = 11;
constexpr uint8_t kDatetime = 12;
constexpr uint8_t kVarchar = 15;
constexpr uint8_t kDecimal = 246;

absl::Status Append(uint8_t type, const std::string& content,
                    std::string* text) {
  return AppendJsonOpaque({type, AsBytes(content)}, text);
}

std::string Text(uint8_t type, const std::string& content) {
  std::string text;
  EXPECT_THAT(Append(type, content, &text), IsOk());
  return text;
}

absl::Status Error(uint8_t type, const std::string& content) {
  std::string text;
  return Append(type, content, &text);
}

std::string EightBytes(int64_t packed) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) {
    bytes.push_back(static_cast<char>(packed >> (8 * i)));
  }
  return bytes;
}

int64_t Datetime(int64_t year, int64_t month, int64_t day, int64_t hour,
                 int64_t minute, int64_t second, int64_t micros) {
  const int64_t days = (year * 13 + month) << 5 | day;
  const int64_t clock = hour << 12 | minute << 6 | second;
  return (days << 17 | clock) << 24 | micros;
}

TEST(JsonOpaqueTest, DatesAndTimesHaveSixDigits) {
  EXPECT_EQ(Text(kDate, EightBytes(Datetime(2024, 1, 2, 0, 0, 0, 0))),
            "\"2024-01-02\"");
  for (const uint8_t type : {kDatetime, kTimestamp}) {
    EXPECT_EQ(Text(type, EightBytes(Datetime(2024, 1, 2, 3, 4, 5, 678000))),
              "\"2024-01-02 03:04:05.678000\"");
    EXPECT_EQ(
        Text(type, EightBytes(Datetime(9999, 12, 31, 23, 59, 59, 999999))),
        "\"9999-12-31 23:59:59.999999\"");
  }
}

// As cast('2024-01-03' as date) stood in a binlog of MySQL 9.7.
TEST(JsonOpaqueTest, ReadsTheServersBytes) {
  EXPECT_EQ(Text(kDate, std::string("\0\0\0\0\0\x46\xb2\x19", 8)),
            "\"2024-01-03\"");
}

TEST(JsonOpaqueTest, ZeroAndPartialDates) {
  EXPECT_EQ(Text(kDate, EightBytes(0)), "\"0000-00-00\"");
  EXPECT_EQ(Text(kDate, EightBytes(Datetime(2020, 0, 0, 0, 0, 0, 0))),
            "\"2020-00-00\"");
  EXPECT_EQ(Text(kDatetime, EightBytes(Datetime(2020, 2, 31, 0, 0, 0, 0))),
            "\"2020-02-31 00:00:00.000000\"");
}

TEST(JsonOpaqueTest, TimesHaveASign) {
  const int64_t longest =
      (int64_t{838} << 12 | 59 << 6 | 59) << 24 | int64_t{999999};
  EXPECT_EQ(Text(kTime, EightBytes(longest)), "\"838:59:59.999999\"");
  EXPECT_EQ(Text(kTime, EightBytes(-longest)), "\"-838:59:59.999999\"");
  EXPECT_EQ(Text(kTime, EightBytes(-1)), "\"-00:00:00.000001\"");
  EXPECT_EQ(Text(kTime, EightBytes(0)), "\"00:00:00.000000\"");
}

TEST(JsonOpaqueTest, RefusesDatesAndTimesThatAreNone) {
  for (const std::string& content :
       {std::string(), std::string(7, '\0'), std::string(9, '\0'),
        EightBytes(1'000'000),                          // Microseconds.
        EightBytes(Datetime(2024, 1, 1, 24, 0, 0, 0)),  // Hour.
        EightBytes(Datetime(2024, 1, 1, 0, 60, 0, 0)),  // Minute.
        EightBytes(Datetime(2024, 1, 1, 0, 0, 60, 0)),  // Second.
        EightBytes(Datetime(10000, 1, 1, 0, 0, 0, 0)),  // Year.
        EightBytes(std::numeric_limits<int64_t>::min())}) {
    EXPECT_THAT(Error(kDatetime, content), StatusIs(StatusCode::kDataLoss));
  }
  EXPECT_THAT(Error(kTime, EightBytes(int64_t{839} << 36)),
              StatusIs(StatusCode::kDataLoss));
  EXPECT_THAT(Error(kTime, EightBytes(std::numeric_limits<int64_t>::min())),
              StatusIs(StatusCode::kDataLoss));
}

TEST(JsonOpaqueTest, DecimalsKeepTheirScale) {
  EXPECT_EQ(Text(kDecimal, std::string("\x03\x02\x81\x32", 4)), "1.50");
  EXPECT_EQ(Text(kDecimal, std::string("\x03\x02\x7e\xcd", 4)), "-1.50");
}

TEST(JsonOpaqueTest, RefusesDecimalsThatAreNone) {
  for (const std::string& content :
       {std::string(), std::string("\x03", 1), std::string("\x03\x02\x81", 3),
        std::string("\x03\x02\x81\x32\x00", 5),
        std::string("\x00\x00", 2),                            // No digits.
        std::string("\x42\x00", 2) + std::string(30, '\x80'),  // 66 digits.
        std::string("\x02\x03\x80\x80", 4),  // More scale than precision.
        std::string("\x03\x02\x81\xff", 4)}) {
    EXPECT_THAT(Error(kDecimal, content), StatusIs(StatusCode::kDataLoss));
  }
}

TEST(JsonOpaqueTest, TheRestIsBase64InLinesOf76) {
  EXPECT_EQ(Text(kVarchar, std::string("\x00\xff", 2)),
            "\"base64:type15:AP8=\"");
  EXPECT_EQ(Text(252, ""), "\"base64:type252:\"");
  const std::string line(76, 'q');
  EXPECT_EQ(Text(kVarchar, std::string(57, '\xaa')),
            "\"base64:type15:" + line + "\"");
  EXPECT_EQ(Text(kVarchar, std::string(58, '\xaa')),
            "\"base64:type15:" + line + "\\nqg==\"");
  EXPECT_EQ(Text(kVarchar, std::string(114, '\xaa')),
            "\"base64:type15:" + line + "\\n" + line + "\"");
}

}  // namespace
}  // namespace binferry::worker
