#include "worker/binlog/json_double.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

namespace binferry::worker {
namespace {

std::string Text(double number) {
  std::array<char, kMaxJsonDoubleBytes> digits;
  return std::string(digits.data(), WriteJsonDouble(number, digits.data()));
}

// What `SELECT JSON_ARRAY(...)` prints on MySQL 9.7.
TEST(JsonDoubleTest, WholeNumbersEndInZero) {
  EXPECT_EQ(Text(0), "0.0");
  EXPECT_EQ(Text(-0.0), "-0.0");
  EXPECT_EQ(Text(1), "1.0");
  EXPECT_EQ(Text(-1000), "-1000.0");
  EXPECT_EQ(Text(1e14), "100000000000000.0");
  EXPECT_EQ(Text(999999999999999), "999999999999999.0");
}

TEST(JsonDoubleTest, LargeNumbersHaveAnExponentUnlessTheyHaveAFraction) {
  EXPECT_EQ(Text(1e15), "1e15");
  EXPECT_EQ(Text(9999999999999998), "9.999999999999998e15");
  EXPECT_EQ(Text(1234567890123456.8), "1234567890123456.8");
  EXPECT_EQ(Text(12345678901234567e0), "1.2345678901234568e16");
  EXPECT_EQ(Text(18446744073709551616.0), "1.8446744073709552e19");
  EXPECT_EQ(Text(1.7976931348623157e308), "1.7976931348623157e308");
}

TEST(JsonDoubleTest, SmallNumbersHaveAnExponentFrom1e16OnDown) {
  EXPECT_EQ(Text(0.1), "0.1");
  EXPECT_EQ(Text(0.0001), "0.0001");
  EXPECT_EQ(Text(1e-15), "0.000000000000001");
  EXPECT_EQ(Text(1e-16), "1e-16");
  EXPECT_EQ(Text(1.5e-10), "0.00000000015");
  EXPECT_EQ(Text(5e-324), "5e-324");
  EXPECT_EQ(Text(-2.2250738585072014e-308), "-2.2250738585072014e-308");
}

TEST(JsonDoubleTest, TheLongestFits) {
  EXPECT_EQ(Text(-1.2345678901234567e-15).size(), kMaxJsonDoubleBytes);
  EXPECT_EQ(Text(-1.2345678901234567e-15),
            "-0.0000000000000012345678901234568");
}

}  // namespace
}  // namespace binferry::worker
