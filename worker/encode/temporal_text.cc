#include "worker/encode/temporal_text.h"

#include <charconv>

namespace binferry::worker {
namespace {

constexpr uint64_t kMicrosPerSecond = 1'000'000;
constexpr uint64_t kSecondsPerDay = 86'400;

char* WriteTwoDigits(uint32_t value, char* out) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

char* WriteNumber(uint64_t value, char* out) {
  return std::to_chars(out, out + 20, value).ptr;
}

char* WriteYear(uint64_t year, char* out) {
  if (year > 9999) return WriteNumber(year, out);
  const uint32_t four = static_cast<uint32_t>(year);
  return WriteTwoDigits(four % 100, WriteTwoDigits(four / 100, out));
}

char* WriteYearMonthDay(uint64_t year, uint32_t month, uint32_t day,
                        char* out) {
  out = WriteYear(year, out);
  *out++ = '-';
  out = WriteTwoDigits(month, out);
  *out++ = '-';
  return WriteTwoDigits(day, out);
}

char* WriteFraction(uint32_t micros, int fraction_digits, char* out) {
  if (fraction_digits == 0) return out;
  *out++ = '.';
  char* const end = out + fraction_digits;
  out = WriteTwoDigits(micros / 10'000 % 100, out);
  out = WriteTwoDigits(micros / 100 % 100, out);
  WriteTwoDigits(micros % 100, out);  // Those behind `end` don't count.
  return end;
}

char* WriteMinuteSecond(uint32_t minute, uint32_t second, char* out) {
  *out++ = ':';
  out = WriteTwoDigits(minute, out);
  *out++ = ':';
  return WriteTwoDigits(second, out);
}

}  // namespace

char* WriteDate(const TemporalFields& fields, char* out) {
  return WriteYearMonthDay(fields.year, fields.month, fields.day, out);
}

char* WriteTime(const TemporalFields& fields, int fraction_digits, char* out) {
  if (fields.is_negative) *out++ = '-';
  out = fields.hour > 99 ? WriteNumber(fields.hour, out)
                         : WriteTwoDigits(fields.hour, out);
  out = WriteMinuteSecond(fields.minute, fields.second, out);
  return WriteFraction(fields.micros, fraction_digits, out);
}

char* WriteDatetime(const TemporalFields& fields, int fraction_digits,
                    char* out) {
  out = WriteDate(fields, out);
  *out++ = ' ';
  out = WriteTwoDigits(fields.hour, out);
  out = WriteMinuteSecond(fields.minute, fields.second, out);
  return WriteFraction(fields.micros, fraction_digits, out);
}

char* WriteEpochSeconds(uint64_t micros, int fraction_digits, char* out) {
  if (micros < kMicrosPerSecond) {
    *out = '0';
    return out + 1;
  }
  out = WriteNumber(micros / kMicrosPerSecond, out);
  return WriteFraction(static_cast<uint32_t>(micros % kMicrosPerSecond),
                       fraction_digits, out);
}

char* WriteUtcDatetime(uint64_t micros, int fraction_digits, char* out) {
  if (micros < kMicrosPerSecond) return WriteDatetime({}, fraction_digits, out);
  const uint64_t seconds = micros / kMicrosPerSecond;
  const uint32_t of_day = static_cast<uint32_t>(seconds % kSecondsPerDay);

  // The civil date of a day, by eras of 400 years that start on March 1, so
  // that the leap day is the last of a year (public domain algorithm
  // civil_from_days).
  const uint64_t day = seconds / kSecondsPerDay + 719'468;  // Of 0000-03-01.
  const uint64_t era = day / 146'097;
  const uint32_t of_era = static_cast<uint32_t>(day % 146'097);
  const uint32_t year_of_era =
      (of_era - of_era / 1'460 + of_era / 36'524 - of_era / 146'096) / 365;
  const uint32_t of_year =
      of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t month_from_march = (5 * of_year + 2) / 153;
  const uint32_t month =
      month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

  out = WriteYearMonthDay(era * 400 + year_of_era + (month <= 2 ? 1 : 0), month,
                          of_year - (153 * month_from_march + 2) / 5 + 1, out);
  *out++ = ' ';
  out = WriteTwoDigits(of_day / 3600, out);
  out = WriteMinuteSecond(of_day / 60 % 60, of_day % 60, out);
  return WriteFraction(static_cast<uint32_t>(micros % kMicrosPerSecond),
                       fraction_digits, out);
}

}  // namespace binferry::worker
