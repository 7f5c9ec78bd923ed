#include "worker/encode/value_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

constexpr uint64_t kMoment = 1'624'614'713'201'000;

TemporalFields MomentFields() {
  return {.year = 2021,
          .month = 6,
          .day = 25,
          .hour = 17,
          .minute = 51,
          .second = 53,
          .micros = 201'987};
}

// "invalid" for what WriteValue refuses.
std::string JsonOf(const Value& value, RecordFormat format,
                   uint8_t fraction_digits, Charset charset) {
  Arena arena;
  JsonWriter writer(&arena);
  writer.Start();
  const ColumnStep step{"", charset, fraction_digits};
  if (!WriteValue(format, step, value, &writer)) return "invalid";
  return std::string(writer.Finish());
}

std::string JsonOf(const Value& value, uint8_t fraction_digits = 0) {
  const std::string json =
      JsonOf(value, RecordFormat::kJson, fraction_digits, Charset::kBinary);
  EXPECT_EQ(
      JsonOf(value, RecordFormat::kJsonC, fraction_digits, Charset::kBinary),
      json);
  return json;
}

TEST(ValueJsonTest, NullIsNoString) { EXPECT_EQ(JsonOf(Null()), "null"); }

TEST(ValueJsonTest, IntegersHaveTheirFullRange) {
  EXPECT_EQ(JsonOf(Signed(0)), R"("0")");
  EXPECT_EQ(JsonOf(Signed(std::numeric_limits<int64_t>::min())),
            R"("-9223372036854775808")");
  EXPECT_EQ(JsonOf(Signed(std::numeric_limits<int64_t>::max())),
            R"("9223372036854775807")");
  EXPECT_EQ(JsonOf(Unsigned(std::numeric_limits<uint64_t>::max())),
            R"("18446744073709551615")");
}

TEST(ValueJsonTest, RealsAreInTheStyleOfJava) {
  EXPECT_EQ(JsonOf(Float(10357.0f)), R"("10357.0")");
  EXPECT_EQ(JsonOf(Float(0.1f)), R"("0.1")");
  EXPECT_EQ(JsonOf(Double(1.2510357e7)), R"("1.2510357E7")");
  EXPECT_EQ(JsonOf(Double(-std::numeric_limits<double>::min())),
            R"("-2.2250738585072014E-308")");
}

TEST(ValueJsonTest, DecimalsStandAsTheyAre) {
  EXPECT_EQ(JsonOf(Decimal("9874510357")), R"("9874510357")");
  EXPECT_EQ(JsonOf(Decimal("-0.500")), R"("-0.500")");
}

TEST(ValueJsonTest, DatesAndTimes) {
  const auto kind = [](Value::Kind k) { return Temporal(k, MomentFields()); };
  EXPECT_EQ(JsonOf(kind(Value::Kind::kDate)), R"("2021-06-25")");
  EXPECT_EQ(JsonOf(kind(Value::Kind::kTime)), R"("17:51:53")");
  EXPECT_EQ(JsonOf(kind(Value::Kind::kTime), 2), R"("17:51:53.20")");
  EXPECT_EQ(JsonOf(kind(Value::Kind::kDatetime)), R"("2021-06-25 17:51:53")");
  EXPECT_EQ(JsonOf(kind(Value::Kind::kDatetime), 6),
            R"("2021-06-25 17:51:53.201987")");
  EXPECT_EQ(JsonOf(Temporal(Value::Kind::kDate, {.year = 2020})),
            R"("2020-00-00")");
  EXPECT_EQ(
      JsonOf(Temporal(Value::Kind::kTime, {.hour = 838, .is_negative = true}),
             1),
      R"("-838:00:00.0")");
}

TEST(ValueJsonTest, TimestampsAreWhatTheFormatsDifferIn) {
  const auto json = [](uint64_t micros, uint8_t digits) {
    return JsonOf(Timestamp(micros), RecordFormat::kJson, digits,
                  Charset::kBinary);
  };
  const auto json_c = [](uint64_t micros, uint8_t digits) {
    return JsonOf(Timestamp(micros), RecordFormat::kJsonC, digits,
                  Charset::kBinary);
  };
  EXPECT_EQ(json(kMoment, 0), R"("1624614713")");
  EXPECT_EQ(json(kMoment, 3), R"("1624614713.201")");
  EXPECT_EQ(json(0, 3), R"("0")");
  EXPECT_EQ(json_c(kMoment, 0), R"("2021-06-25 09:51:53")");
  EXPECT_EQ(json_c(kMoment, 3), R"("2021-06-25 09:51:53.201")");
  EXPECT_EQ(json_c(0, 0), R"("0000-00-00 00:00:00")");
  EXPECT_EQ(json_c(0, 3), R"("0000-00-00 00:00:00.000")");
}

TEST(ValueJsonTest, TextsComeFromTheirCharacterSet) {
  const auto json = [](Charset charset, absl::string_view bytes) {
    return JsonOf(Text(bytes), RecordFormat::kJson, 0, charset);
  };
  EXPECT_EQ(json(Charset::kUtf8mb4, "!@#$%90weurtg103\U0001f600"),
            "\"!@#$%90weurtg103\U0001f600\"");
  EXPECT_EQ(json(Charset::kLatin1, "\x80\xe9=\x81"),
            "\"\u20ac\u00e9\\u003d\u0081\"");
  EXPECT_EQ(json(Charset::kAscii, "a\"b"), R"("a\"b")");
  EXPECT_EQ(json(Charset::kUtf8mb3, "\U0001f600"), "invalid");
  EXPECT_EQ(json(Charset::kUtf8mb4, ""), R"("")");
}

TEST(ValueJsonTest, BytesAreASignedList) {
  EXPECT_EQ(JsonOf(Binary("jg\xff")), R"("[106, 103, -1]")");
  EXPECT_EQ(JsonOf(Binary("")), R"("[]")");
}

TEST(ValueJsonTest, ValuesAreAlikeWhenTheirTextsAre) {
  const TemporalFields moment = MomentFields();
  TemporalFields later = moment;
  ++later.micros;
  TemporalFields negative = moment;
  negative.is_negative = true;
  using Kind = Value::Kind;
  EXPECT_TRUE(HaveSameText(Absent(), Absent()));
  EXPECT_TRUE(HaveSameText(Null(), Null()));
  EXPECT_TRUE(HaveSameText(Signed(-1), Signed(-1)));
  EXPECT_TRUE(HaveSameText(Unsigned(1), Unsigned(1)));
  EXPECT_TRUE(HaveSameText(Float(-0.0f), Float(-0.0f)));
  EXPECT_TRUE(HaveSameText(Double(0.1), Double(0.1)));
  EXPECT_TRUE(HaveSameText(Decimal("1.0"), Decimal("1.0")));
  EXPECT_TRUE(HaveSameText(Timestamp(kMoment), Timestamp(kMoment)));
  EXPECT_TRUE(HaveSameText(Temporal(Kind::kDatetime, moment),
                           Temporal(Kind::kDatetime, moment)));
  EXPECT_TRUE(HaveSameText(Text("a"), Text("a")));

  EXPECT_FALSE(HaveSameText(Absent(), Null()));
  EXPECT_FALSE(HaveSameText(Null(), Text("")));
  EXPECT_FALSE(HaveSameText(Signed(1), Signed(2)));
  EXPECT_FALSE(HaveSameText(Unsigned(1), Unsigned(2)));
  EXPECT_FALSE(HaveSameText(Float(0.0f), Float(-0.0f)));
  EXPECT_FALSE(HaveSameText(Double(0.0), Double(-0.0)));
  EXPECT_FALSE(HaveSameText(Decimal("1.0"), Decimal("1.1")));
  EXPECT_FALSE(HaveSameText(Timestamp(kMoment), Timestamp(kMoment + 1)));
  EXPECT_FALSE(HaveSameText(Temporal(Kind::kDatetime, moment),
                            Temporal(Kind::kDatetime, later)));
  EXPECT_FALSE(HaveSameText(Temporal(Kind::kTime, moment),
                            Temporal(Kind::kTime, negative)));
  EXPECT_FALSE(HaveSameText(Text("a"), Text("A")));
  EXPECT_FALSE(HaveSameText(Text("a"), Text("a ")));
  EXPECT_FALSE(HaveSameText(Binary("a"), Binary("b")));
}

}  // namespace
}  // namespace binferry::worker
