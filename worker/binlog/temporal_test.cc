#include "worker/binlog/temporal.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/testing/value_bytes.h"

namespace binferry::worker {
namespace {

std::string Show(const TemporalFields& t) {
  return absl::StrFormat("%s%04d-%02d-%02d %02d:%02d:%02d.%06d",
                         t.is_negative ? "-" : "", t.year, t.month, t.day,
                         t.hour, t.minute, t.second, t.micros);
}

std::string TimeOf(absl::string_view hex, uint8_t digits) {
  const std::string bytes = absl::HexStringToBytes(hex);
  EXPECT_EQ(bytes.size(), size_t{kTimeBytes} + FractionBytes(digits));
  const TemporalFields t = ReadTime(AsBytes(bytes).data(), digits);
  return absl::StrFormat("%s%02d:%02d:%02d.%06d", t.is_negative ? "-" : "",
                         t.hour, t.minute, t.second, t.micros);
}

TEST(TemporalTest, ReadsTimes) {
  EXPECT_EQ(TimeOf("800000", 0), "00:00:00.000000");
  EXPECT_EQ(TimeOf("b46efb", 0), "838:59:59.000000");
  EXPECT_EQ(TimeOf("80000001", 2), "00:00:00.010000");
}

TEST(TemporalTest, ReadsNegativeTimesAsOneNumber) {
  EXPECT_EQ(TimeOf("7fffffff", 2), "-00:00:00.010000");
  EXPECT_EQ(TimeOf("7fffffffffff", 6), "-00:00:00.000001");
  EXPECT_EQ(TimeOf("7fffff", 0), "-00:00:01.000000");
  EXPECT_EQ(TimeOf("4b9105", 0), "-838:59:59.000000");
  EXPECT_EQ(TimeOf("7fffff00", 2), "-00:00:01.000000");
  EXPECT_EQ(TimeOf("7ffffeff", 2), "-00:00:01.010000");
}

TEST(TemporalTest, RoundTripsTimesWithEveryFraction) {
  constexpr uint32_t kMicros[] = {0,       100'000, 120'000, 123'000,
                                  123'400, 123'450, 123'456};
  for (uint8_t digits = 0; digits <= 6; ++digits) {
    for (const bool is_negative : {false, true}) {
      Column column;
      column.kind = ColumnKind::kTime;
      column.fraction_digits = digits;
      Value value;
      value.kind = Value::Kind::kTime;
      value.temporal = TemporalFields{.hour = 837,
                                      .minute = 58,
                                      .second = 57,
                                      .is_negative = is_negative,
                                      .micros = kMicros[digits]};
      const std::string bytes = ValueBytes(column, value);
      EXPECT_EQ(Show(ReadTime(AsBytes(bytes).data(), digits)),
                Show(value.temporal));
    }
  }
}

TEST(TemporalTest, CutsTheDigitBelowTheColumnsFraction) {
  // DATETIME(1) has a byte of hundredths.
  const std::string bytes = absl::HexStringToBytes("80000000000f");
  EXPECT_EQ(ReadDatetime(AsBytes(bytes).data(), 1).micros, 100'000u);
  EXPECT_EQ(ReadDatetime(AsBytes(bytes).data(), 2).micros, 150'000u);
}

TEST(TemporalTest, ReadsDatesThatDoNotExist) {
  for (const auto& [year, month, day] : {std::array<int, 3>{0, 0, 0},
                                         {2020, 0, 0},
                                         {2021, 2, 31},
                                         {9999, 12, 31},
                                         {1000, 1, 1}}) {
    const std::string bytes = LittleEndian(
        static_cast<uint64_t>(year << 9 | month << 5 | day), kDateBytes);
    const TemporalFields t = ReadDate(AsBytes(bytes).data());
    EXPECT_EQ(t.year, year);
    EXPECT_EQ(t.month, month);
    EXPECT_EQ(t.day, day);
  }
}

TEST(TemporalTest, ReadsDatetimes) {
  // ((2012 * 13 + 12) * 32 + 21) * 2^17 and the time.
  const std::string bytes = absl::HexStringToBytes("998e2ac30c");
  EXPECT_EQ(Show(ReadDatetime(AsBytes(bytes).data(), 0)),
            "2012-12-21 12:12:12.000000");
  const std::string zero = absl::HexStringToBytes("8000000000000000");
  EXPECT_EQ(Show(ReadDatetime(AsBytes(zero).data(), 6)),
            "0000-00-00 00:00:00.000000");
  const std::string last = absl::HexStringToBytes("fef3ff7efb0f423f");
  EXPECT_EQ(Show(ReadDatetime(AsBytes(last).data(), 6)),
            "9999-12-31 23:59:59.999999");
}

TEST(TemporalTest, ReadsTimestampsAsMicroseconds) {
  const std::string bytes = absl::HexStringToBytes("7fffffff0f423f");
  EXPECT_EQ(ReadTimestamp(AsBytes(bytes).data(), 6), 2'147'483'647'999'999u);
  const std::string zero = absl::HexStringToBytes("00000000");
  EXPECT_EQ(ReadTimestamp(AsBytes(zero).data(), 0), 0u);
  // MySQL 8.0.28 and later reach the year 3001 only in memory; the field is
  // unsigned all the same.
  const std::string late = absl::HexStringToBytes("ffffffff");
  EXPECT_EQ(ReadTimestamp(AsBytes(late).data(), 0), 4'294'967'295'000'000u);
}

}  // namespace
}  // namespace binferry::worker
