#include "worker/encode/java_number.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace binferry::worker {
namespace {

std::string Float(float value) {
  char text[kMaxJavaNumberBytes];
  return std::string(text, WriteJavaFloat(value, text));
}

std::string Double(double value) {
  char text[kMaxJavaNumberBytes];
  return std::string(text, WriteJavaDouble(value, text));
}

TEST(JavaNumberTest, DoublesPrintAsInJava) {
  // Printed by Double.toString of Java 25.
  EXPECT_EQ(Double(0.001), "0.001");
  EXPECT_EQ(Double(0.0009999999999999998), "9.999999999999998E-4");
  EXPECT_EQ(Double(0.002), "0.002");
  EXPECT_EQ(Double(0.1), "0.1");
  EXPECT_EQ(Double(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(Double(1), "1.0");
  EXPECT_EQ(Double(100), "100.0");
  EXPECT_EQ(Double(10357), "10357.0");
  EXPECT_EQ(Double(123456.789), "123456.789");
  EXPECT_EQ(Double(1234567.125), "1234567.125");
  EXPECT_EQ(Double(9999999), "9999999.0");
  EXPECT_EQ(Double(9999999.999999998), "9999999.999999998");
  EXPECT_EQ(Double(1e7), "1.0E7");
  EXPECT_EQ(Double(12510357), "1.2510357E7");
  EXPECT_EQ(Double(9007199254740993.0), "9.007199254740992E15");
  EXPECT_EQ(Double(8.41e21), "8.41E21");
  EXPECT_EQ(Double(1e22), "1.0E22");
  EXPECT_EQ(Double(1e23), "1.0E23");
  EXPECT_EQ(Double(2e23), "2.0E23");
  EXPECT_EQ(Double(9.5e-6), "9.5E-6");
  EXPECT_EQ(Double(1e-5), "1.0E-5");
  EXPECT_EQ(Double(-0.01), "-0.01");
  EXPECT_EQ(Double(-0.010000000000000009), "-0.010000000000000009");
  EXPECT_EQ(Double(-99999999.99), "-9.999999999E7");
  EXPECT_EQ(Double(std::numeric_limits<double>::max()),
            "1.7976931348623157E308");
  EXPECT_EQ(Double(std::numeric_limits<double>::min()),
            "2.2250738585072014E-308");
}

TEST(JavaNumberTest, FloatsPrintAsInJava) {
  // Printed by Float.toString of Java 25.
  EXPECT_EQ(Float(0.1f), "0.1");
  EXPECT_EQ(Float(0.3f), "0.3");
  EXPECT_EQ(Float(5.61f), "5.61");
  EXPECT_EQ(Float(0.001f), "0.001");
  EXPECT_EQ(Float(9.999999e-4f), "9.999999E-4");
  EXPECT_EQ(Float(1234.567f), "1234.567");
  EXPECT_EQ(Float(10357), "10357.0");
  EXPECT_EQ(Float(9999999), "9999999.0");
  EXPECT_EQ(Float(1e7f), "1.0E7");
  EXPECT_EQ(Float(12510357), "1.2510357E7");
  EXPECT_EQ(Float(16777216), "1.6777216E7");
  EXPECT_EQ(Float(33554432), "3.3554432E7");
  EXPECT_EQ(Float(8589934592.0f), "8.589935E9");
  EXPECT_EQ(Float(2e10f), "2.0E10");
  EXPECT_EQ(Float(3.402823e38f), "3.402823E38");
  EXPECT_EQ(Float(std::numeric_limits<float>::max()), "3.4028235E38");
  EXPECT_EQ(Float(std::numeric_limits<float>::min()), "1.1754944E-38");
}

TEST(JavaNumberTest, ZeroKeepsItsSign) {
  EXPECT_EQ(Double(0.0), "0.0");
  EXPECT_EQ(Double(-0.0), "-0.0");
  EXPECT_EQ(Float(0.0f), "0.0");
  EXPECT_EQ(Float(-0.0f), "-0.0");
}

TEST(JavaNumberTest, SmallestNumbersHaveTheShortestDigits) {
  EXPECT_EQ(Double(std::numeric_limits<double>::denorm_min()), "5.0E-324");
  EXPECT_EQ(Float(std::numeric_limits<float>::denorm_min()), "1.0E-45");
}

TEST(JavaNumberTest, WhatMysqlNeverStoresHasATextToo) {
  EXPECT_EQ(Double(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(Double(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(Float(std::numeric_limits<float>::infinity()), "Infinity");
}

}  // namespace
}  // namespace binferry::worker
