#include "worker/encode/temporal_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/time/time.h"

namespace binferry::worker {
namespace {

constexpr uint64_t kSample = 1'624'614'713'201'987;

std::string Date(uint16_t year, uint8_t month, uint8_t day) {
  char text[kMaxTemporalBytes];
  return std::string(
      text, WriteDate({.year = year, .month = month, .day = day}, text));
}

std::string Time(const TemporalFields& fields, int fraction_digits) {
  char text[kMaxTemporalBytes];
  return std::string(text, WriteTime(fields, fraction_digits, text));
}

std::string Datetime(const TemporalFields& fields, int fraction_digits) {
  char text[kMaxTemporalBytes];
  return std::string(text, WriteDatetime(fields, fraction_digits, text));
}

std::string Epoch(uint64_t micros, int fraction_digits) {
  char text[kMaxTemporalBytes];
  return std::string(text, WriteEpochSeconds(micros, fraction_digits, text));
}

std::string Utc(uint64_t micros, int fraction_digits) {
  char text[kMaxTemporalBytes];
  return std::string(text, WriteUtcDatetime(micros, fraction_digits, text));
}

TEST(TemporalTextTest, DatesStandAsTheyAre) {
  EXPECT_EQ(Date(2021, 6, 25), "2021-06-25");
  EXPECT_EQ(Date(0, 0, 0), "0000-00-00");
  EXPECT_EQ(Date(2020, 0, 0), "2020-00-00");
  EXPECT_EQ(Date(9999, 12, 31), "9999-12-31");
  EXPECT_EQ(Date(7, 1, 2), "0007-01-02");
}

TEST(TemporalTextTest, TimesReachThreeHourDigits) {
  EXPECT_EQ(Time({}, 0), "00:00:00");
  EXPECT_EQ(Time({.hour = 8, .minute = 9, .second = 7}, 0), "08:09:07");
  EXPECT_EQ(Time({.hour = 838, .minute = 59, .second = 59}, 0), "838:59:59");
  EXPECT_EQ(Time({.hour = 838,
                  .minute = 59,
                  .second = 59,
                  .is_negative = true,
                  .micros = 1},
                 6),
            "-838:59:59.000001");
  EXPECT_EQ(Time({.is_negative = true, .micros = 500'000}, 1), "-00:00:00.5");
}

TEST(TemporalTextTest, FractionHasTheDigitsOfTheColumn) {
  const TemporalFields fields{.year = 2021,
                              .month = 6,
                              .day = 25,
                              .hour = 17,
                              .minute = 51,
                              .second = 53,
                              .micros = 12'345};
  EXPECT_EQ(Datetime(fields, 0), "2021-06-25 17:51:53");
  EXPECT_EQ(Datetime(fields, 1), "2021-06-25 17:51:53.0");
  EXPECT_EQ(Datetime(fields, 2), "2021-06-25 17:51:53.01");
  EXPECT_EQ(Datetime(fields, 3), "2021-06-25 17:51:53.012");
  EXPECT_EQ(Datetime(fields, 4), "2021-06-25 17:51:53.0123");
  EXPECT_EQ(Datetime(fields, 5), "2021-06-25 17:51:53.01234");
  EXPECT_EQ(Datetime(fields, 6), "2021-06-25 17:51:53.012345");
  EXPECT_EQ(Datetime({}, 3), "0000-00-00 00:00:00.000");
}

TEST(TemporalTextTest, EpochSecondsHaveTheDigitsOfTheColumn) {
  EXPECT_EQ(Epoch(kSample, 0), "1624614713");
  EXPECT_EQ(Epoch(kSample, 3), "1624614713.201");
  EXPECT_EQ(Epoch(kSample, 6), "1624614713.201987");
  EXPECT_EQ(Epoch(1'000'000, 2), "1.00");
}

TEST(TemporalTextTest, ZeroTimestampIsNoTimeIn1970) {
  EXPECT_EQ(Epoch(0, 0), "0");
  EXPECT_EQ(Epoch(0, 6), "0");
  EXPECT_EQ(Epoch(999'999, 6), "0");
  EXPECT_EQ(Utc(0, 0), "0000-00-00 00:00:00");
  EXPECT_EQ(Utc(0, 3), "0000-00-00 00:00:00.000");
  EXPECT_EQ(Utc(999'999, 6), "0000-00-00 00:00:00.000000");
}

TEST(TemporalTextTest, TimestampsAreUtc) {
  EXPECT_EQ(Utc(kSample, 0), "2021-06-25 09:51:53");
  EXPECT_EQ(Utc(kSample, 3), "2021-06-25 09:51:53.201");
  EXPECT_EQ(Utc(1'000'000, 0), "1970-01-01 00:00:01");
  EXPECT_EQ(Utc(2'147'483'647'999'999, 6), "2038-01-19 03:14:07.999999");
  EXPECT_EQ(Utc(4'294'967'295'000'000, 0), "2106-02-07 06:28:15");
}

TEST(TemporalTextTest, EveryDayOfTheCalendarAgreesWithAbseil) {
  for (int64_t day = 1; day <= 49'711; ++day) {  // To 2106.
    const int64_t seconds = day * 86'400 + day % 86'400;
    ASSERT_EQ(
        Utc(static_cast<uint64_t>(seconds) * 1'000'000, 0),
        absl::FormatTime("%E4Y-%m-%d %H:%M:%S", absl::FromUnixSeconds(seconds),
                         absl::UTCTimeZone()));
  }
}

TEST(TemporalTextTest, DamagedValuesFitTheRoom) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  EXPECT_LE(Utc(kMost, 6).size(), kMaxTemporalBytes);
  EXPECT_LE(Epoch(kMost, 6).size(), kMaxTemporalBytes);
  EXPECT_LE(Datetime({.year = 65535,
                      .month = 255,
                      .day = 255,
                      .hour = 65535,
                      .minute = 255,
                      .second = 255,
                      .micros = 0xffffffff},
                     6)
                .size(),
            kMaxTemporalBytes);
}

}  // namespace
}  // namespace binferry::worker
