#include "worker/binlog/decimal.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

std::string TextOf(absl::string_view bytes, uint8_t precision, uint8_t scale) {
  EXPECT_EQ(bytes.size(), DecimalBytes(precision, scale));
  std::array<char, kMaxDecimalBytes> text;
  char* const end =
      WriteDecimal(AsBytes(bytes).data(), precision, scale, text.data());
  return end == nullptr ? "damaged" : std::string(text.data(), end);
}

// Through the bytes that the server would store.
std::string RoundTrip(absl::string_view text, uint8_t precision,
                      uint8_t scale) {
  Column column;
  column.kind = ColumnKind::kDecimal;
  column.precision = precision;
  column.scale = scale;
  Value value;
  value.kind = Value::Kind::kDecimal;
  value.bytes = text;
  return TextOf(ValueBytes(column, value), precision, scale);
}

TEST(DecimalTest, ReadsTheExampleOfTheServersSource) {
  // decimal2bin in strings/decimal.cc: 1234567890.1234 as DECIMAL(14,4).
  EXPECT_EQ(TextOf(absl::HexStringToBytes("810dfb38d204d2"), 14, 4),
            "1234567890.1234");
  EXPECT_EQ(TextOf(absl::HexStringToBytes("7ef204c72dfb2d"), 14, 4),
            "-1234567890.1234");
}

TEST(DecimalTest, WritesAtLeastOneDigitBeforeThePoint) {
  EXPECT_EQ(RoundTrip("0.05", 3, 2), "0.05");
  EXPECT_EQ(RoundTrip("-0.999999999", 9, 9), "-0.999999999");
  EXPECT_EQ(RoundTrip("0", 10, 0), "0");
  EXPECT_EQ(RoundTrip("0", 65, 0), "0");
}

TEST(DecimalTest, WritesExactlyScaleFractionDigits) {
  EXPECT_EQ(RoundTrip("1.50", 10, 2), "1.50");
  EXPECT_EQ(RoundTrip("1.000000000000", 20, 12), "1.000000000000");
  EXPECT_EQ(RoundTrip("-7", 1, 0), "-7");
}

TEST(DecimalTest, KeepsZerosInsideTheNumber) {
  EXPECT_EQ(RoundTrip("1000000000000000000.000000001", 28, 9),
            "1000000000000000000.000000001");
  EXPECT_EQ(RoundTrip("100000000000000000000000000000", 30, 0),
            "100000000000000000000000000000");
}

TEST(DecimalTest, ReadsTheLargestNumbers) {
  const std::string integer(35, '9');
  const std::string fraction(30, '9');
  EXPECT_EQ(RoundTrip(integer + "." + fraction, 65, 30),
            integer + "." + fraction);
  EXPECT_EQ(RoundTrip("-" + integer + "." + fraction, 65, 30),
            "-" + integer + "." + fraction);
  EXPECT_EQ(RoundTrip(std::string(65, '9'), 65, 0), std::string(65, '9'));
}

TEST(DecimalTest, ReadsEveryPrecisionAndScale) {
  for (int precision = 1; precision <= 65; ++precision) {
    for (int scale = 0; scale <= precision && scale <= 30; ++scale) {
      std::string text = precision == scale ? "0" : "";
      for (int i = 0; i < precision; ++i) {
        if (i == precision - scale) text += '.';
        text += static_cast<char>('1' + i % 9);
      }
      const auto p = static_cast<uint8_t>(precision);
      const auto s = static_cast<uint8_t>(scale);
      EXPECT_EQ(RoundTrip(text, p, s), text);
      EXPECT_EQ(RoundTrip("-" + text, p, s), "-" + text);
    }
  }
}

TEST(DecimalTest, RefusesGroupsThatAreNoDigits) {
  EXPECT_EQ(TextOf(absl::HexStringToBytes("ffffffff"), 9, 0), "damaged");
  EXPECT_EQ(TextOf(absl::HexStringToBytes("80ff"), 3, 2), "damaged");
}

}  // namespace
}  // namespace binferry::worker
