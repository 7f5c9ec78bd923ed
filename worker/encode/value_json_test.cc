#include "worker/encode/value_json.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
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

TEST(ValueJsonTest, BitsAreANumber) {
  EXPECT_EQ(JsonOf(Unsigned(0)), R"("0")");
  EXPECT_EQ(JsonOf(Unsigned(9'223'372'036'854'775'809u)),
            R"("9223372036854775809")");
}

TEST(ValueJsonTest, YearsHaveFourDigits) {
  EXPECT_EQ(JsonOf(Year(0)), R"("0000")");
  EXPECT_EQ(JsonOf(Year(1901)), R"("1901")");
  EXPECT_EQ(JsonOf(Year(2155)), R"("2155")");
}

TEST(ValueJsonTest, JsonIsTheTextOfItsDocument) {
  EXPECT_EQ(JsonOf(Text("{\"k\": [1, \"<\\n\"]}"), RecordFormat::kJson, 0,
                   Charset::kUtf8mb4),
            R"("{\"k\": [1, \"\u003c\\n\"]}")");
}

TEST(ValueJsonTest, VectorsAreAListOfFloats) {
  EXPECT_EQ(JsonOf(Vector("")), R"("[]")");
  EXPECT_EQ(JsonOf(Vector(absl::HexStringToBytes("0000803f"))), R"("[1.0]")");
  // -3.0, 0.1, 1e10, the smallest and the largest float.
  EXPECT_EQ(JsonOf(Vector(absl::HexStringToBytes(
                "000040c0cdcccc3df902155001000000ffff7fff"))),
            R"("[-3.0, 0.1, 1.0E10, 1.0E-45, -3.4028235E38]")");
  std::string longest;
  for (int i = 0; i < 16'383; ++i) longest += "\xff\xff\x7f\x81";
  EXPECT_EQ(JsonOf(Vector(longest)).substr(0, 32),
            R"("[-4.701977E-38, -4.701977E-38, )");
}

// A column of ENUM or SET, as its table's plan has it.
class LabelJsonTest : public ::testing::Test {
 protected:
  std::string Write(const Column& column, const Value& value,
                    InvalidText invalid_text = InvalidText::kStop) {
    TableSchema schema;
    schema.columns = {column};
    TablePlanOptions options;
    options.invalid_text = invalid_text;
    const TablePlan plan = BuildTablePlan(schema, options).value();
    Arena arena;
    JsonWriter writer(&arena);
    writer.Start();
    if (!WriteValue(RecordFormat::kJson, plan.columns[0], value, &writer)) {
      return "invalid";
    }
    replaced_texts_ = writer.replaced_texts();
    return std::string(writer.Finish());
  }

  Column enum_{.name = "e",
               .kind = ColumnKind::kEnum,
               .charset = Charset::kUtf8mb4,
               .labels = {"a,b", "c'd", "\u00e9", ""}};
  Column set_{.name = "s",
              .kind = ColumnKind::kSet,
              .charset = Charset::kLatin1,
              .labels = {"a", "\xe9", "<"}};
  uint64_t replaced_texts_ = 0;
};

TEST_F(LabelJsonTest, EnumsAreTheirLabels) {
  EXPECT_EQ(Write(enum_, Enum(1)), R"("a,b")");
  EXPECT_EQ(Write(enum_, Enum(2)), R"("c\u0027d")");
  EXPECT_EQ(Write(enum_, Enum(3)), "\"\u00e9\"");
  EXPECT_EQ(Write(enum_, Enum(4)), R"("")");
  EXPECT_EQ(Write(enum_, Enum(0)), R"("")");  // The error value.
  EXPECT_EQ(Write(enum_, Enum(5)), "invalid");
}

TEST_F(LabelJsonTest, EnumsReachTheirLastLabel) {
  enum_.labels.clear();
  for (int i = 0; i < 65'535; ++i) enum_.labels.push_back(absl::StrCat("v", i));
  EXPECT_EQ(Write(enum_, Enum(256)), R"("v255")");
  EXPECT_EQ(Write(enum_, Enum(65'535)), R"("v65534")");
}

TEST_F(LabelJsonTest, SetsAreTheirLabelsInOrder) {
  EXPECT_EQ(Write(set_, Set(0)), R"("")");
  EXPECT_EQ(Write(set_, Set(1)), R"("a")");
  EXPECT_EQ(Write(set_, Set(7)), "\"a,\u00e9,\\u003c\"");
  EXPECT_EQ(Write(set_, Set(5)), R"("a,\u003c")");
  EXPECT_EQ(Write(set_, Set(8)), "invalid");
}

TEST_F(LabelJsonTest, SetsReachTheirLastLabel) {
  set_.labels.clear();
  for (int i = 0; i < 64; ++i) set_.labels.push_back(absl::StrCat("s", i));
  EXPECT_EQ(Write(set_, Set(uint64_t{1} << 63 | 1)), R"("s0,s63")");
}

TEST_F(LabelJsonTest, BinaryLabelsAreReadAsUtf8) {
  enum_.charset = Charset::kBinary;
  EXPECT_EQ(Write(enum_, Enum(3)), "\"\u00e9\"");
}

TEST_F(LabelJsonTest, UnknownLabelsAreNumbers) {
  enum_.labels.clear();
  set_.labels.clear();
  EXPECT_EQ(Write(enum_, Enum(3)), R"("3")");
  EXPECT_EQ(Write(set_, Set(~uint64_t{0})), R"("18446744073709551615")");
}

TEST_F(LabelJsonTest, OnlyValuesWithInvalidLabelsAreInvalid) {
  enum_.labels[1] = "b\xff";
  EXPECT_EQ(Write(enum_, Enum(1)), R"("a,b")");
  EXPECT_EQ(Write(enum_, Enum(2)), "invalid");
  EXPECT_EQ(Write(enum_, Enum(2), InvalidText::kReplace), "\"b\ufffd\"");
  EXPECT_EQ(replaced_texts_, 1u);
  EXPECT_EQ(Write(enum_, Enum(1), InvalidText::kReplace), R"("a,b")");
  EXPECT_EQ(replaced_texts_, 0u);
  set_.charset = Charset::kAscii;  // Of which the label \xe9 is none.
  EXPECT_EQ(Write(set_, Set(5)), R"("a,\u003c")");
  EXPECT_EQ(Write(set_, Set(3)), "invalid");
  EXPECT_EQ(Write(set_, Set(7), InvalidText::kReplace), "\"a,\ufffd,\\u003c\"");
  EXPECT_EQ(replaced_texts_, 1u);
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

TEST(ValueJsonTest, NumbersStandForLabels) {
  EXPECT_TRUE(HaveSameText(Year(2000), Year(2000)));
  EXPECT_FALSE(HaveSameText(Year(0), Year(1900)));
  EXPECT_TRUE(HaveSameText(Enum(1), Enum(1)));
  EXPECT_FALSE(HaveSameText(Enum(0), Enum(1)));
  EXPECT_TRUE(HaveSameText(Set(3), Set(3)));
  EXPECT_FALSE(HaveSameText(Set(3), Set(1)));
  EXPECT_TRUE(HaveSameText(Vector("abcd"), Vector("abcd")));
  EXPECT_FALSE(HaveSameText(Vector("abcd"), Vector("abce")));
}

}  // namespace
}  // namespace binferry::worker
