#include "worker/select/filter_operand.h"

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
// Above every value of an integer column, and what is beyond is as good.
constexpr size_t kMaxIntegerDigits = 30;
// The zero timestamp is before all others.
constexpr int64_t kZeroTimestamp = std::numeric_limits<int64_t>::min();

// A decimal number taken apart: `0012.50` is "12" and "5".
struct Digits {
  bool is_negative = false;
  absl::string_view integer;   // Without leading zeros; "" = 0.
  absl::string_view fraction;  // Without trailing zeros.
};

Digits DigitsOf(absl::string_view text) {
  Digits digits;
  digits.is_negative = absl::ConsumePrefix(&text, "-");
  const size_t point = text.find('.');
  digits.integer = text.substr(0, point);
  if (point != absl::string_view::npos) {
    digits.fraction = text.substr(point + 1);
  }
  while (absl::ConsumePrefix(&digits.integer, "0")) {
  }
  while (absl::ConsumeSuffix(&digits.fraction, "0")) {
  }
  if (digits.integer.empty() && digits.fraction.empty()) {
    digits.is_negative = false;
  }
  return digits;
}

std::strong_ordering Compare(const Digits& a, const Digits& b) {
  if (a.is_negative != b.is_negative) {
    return a.is_negative ? std::strong_ordering::less
                         : std::strong_ordering::greater;
  }
  std::strong_ordering order = a.integer.size() <=> b.integer.size();
  if (order == 0) order = a.integer.compare(b.integer) <=> 0;
  if (order == 0) order = a.fraction.compare(b.fraction) <=> 0;
  return a.is_negative ? 0 <=> order : order;
}

void SetInteger(absl::string_view number, FilterOperand* operand) {
  const Digits digits = DigitsOf(number);
  absl::int128 magnitude = 0;
  if (digits.integer.size() > kMaxIntegerDigits) {
    magnitude = 1;
    for (size_t i = 0; i < kMaxIntegerDigits; ++i) magnitude *= 10;
  } else {
    for (const char c : digits.integer) magnitude = magnitude * 10 + (c - '0');
  }
  operand->has_fraction = !digits.fraction.empty();
  operand->floor = digits.is_negative ? -magnitude : magnitude;
  if (digits.is_negative && operand->has_fraction) operand->floor -= 1;
}

// Reads `count` digits, or at least `min_count` where that is lower.
std::optional<int> ConsumeDigits(absl::string_view* text, size_t min_count,
                                 size_t count) {
  int value = 0;
  size_t i = 0;
  for (; i < count && i < text->size(); ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') break;
    value = value * 10 + (c - '0');
  }
  if (i < min_count) return std::nullopt;
  text->remove_prefix(i);
  return value;
}

// `.ffffff` or nothing, to the end of the text.
std::optional<int64_t> ConsumeFraction(absl::string_view* text) {
  if (text->empty()) return 0;
  if (!absl::ConsumePrefix(text, ".") || text->size() > 6) return std::nullopt;
  int64_t micros = 0;
  for (size_t i = 0; i < 6; ++i) {
    const char c = i < text->size() ? (*text)[i] : '0';
    if (c < '0' || c > '9') return std::nullopt;
    micros = micros * 10 + (c - '0');
  }
  *text = "";
  return micros;
}

// `HH:MM:SS[.ffffff]` to the end of the text, in microseconds.
std::optional<int64_t> ConsumeClock(absl::string_view* text,
                                    size_t max_hour_digits) {
  const std::optional<int> hour = ConsumeDigits(text, 2, max_hour_digits);
  if (!hour.has_value() || !absl::ConsumePrefix(text, ":")) return std::nullopt;
  const std::optional<int> minute = ConsumeDigits(text, 2, 2);
  if (!minute.has_value() || *minute > 59 || !absl::ConsumePrefix(text, ":")) {
    return std::nullopt;
  }
  const std::optional<int> second = ConsumeDigits(text, 2, 2);
  if (!second.has_value() || *second > 59) return std::nullopt;
  const std::optional<int64_t> micros = ConsumeFraction(text);
  if (!micros.has_value()) return std::nullopt;
  return ((*hour * int64_t{60} + *minute) * 60 + *second) * kMicrosPerSecond +
         *micros;
}

struct DateAndClock {
  int year = 0;
  int month = 0;
  int day = 0;
  int64_t clock_micros = 0;
};

// Grows with the date, zero and partial ones included.
int64_t Packed(int64_t year, int64_t month, int64_t day, int64_t micros) {
  return ((year * 16 + month) * 32 + day) * kMicrosPerDay + micros;
}

std::optional<DateAndClock> ParseDate(absl::string_view text) {
  DateAndClock date;
  const std::optional<int> year = ConsumeDigits(&text, 4, 4);
  if (!year.has_value() || !absl::ConsumePrefix(&text, "-")) {
    return std::nullopt;
  }
  const std::optional<int> month = ConsumeDigits(&text, 2, 2);
  if (!month.has_value() || *month > 12 || !absl::ConsumePrefix(&text, "-")) {
    return std::nullopt;
  }
  const std::optional<int> day = ConsumeDigits(&text, 2, 2);
  if (!day.has_value() || *day > 31) return std::nullopt;
  date.year = *year;
  date.month = *month;
  date.day = *day;
  if (text.empty()) return date;
  if (!absl::ConsumePrefix(&text, " ")) return std::nullopt;
  const std::optional<int64_t> clock = ConsumeClock(&text, 2);
  if (!clock.has_value() || *clock >= kMicrosPerDay) return std::nullopt;
  date.clock_micros = *clock;
  return date;
}

std::optional<int64_t> ParseTimestamp(absl::string_view text) {
  const std::optional<DateAndClock> date = ParseDate(text);
  if (!date.has_value()) return std::nullopt;
  if (date->year == 0 && date->month == 0 && date->day == 0) {
    return kZeroTimestamp;
  }
  const absl::CivilDay day(date->year, date->month, date->day);
  if (day.month() != date->month || day.day() != date->day) return std::nullopt;
  return (day - absl::CivilDay(1970, 1, 1)) * kMicrosPerDay +
         date->clock_micros;
}

std::optional<int64_t> ParseTime(absl::string_view text) {
  const bool is_negative = absl::ConsumePrefix(&text, "-");
  const std::optional<int64_t> micros = ConsumeClock(&text, 3);
  if (!micros.has_value()) return std::nullopt;
  return is_negative ? -*micros : *micros;
}

int64_t ClockOf(const TemporalFields& t) {
  return ((t.hour * int64_t{60} + t.minute) * 60 + t.second) *
             kMicrosPerSecond +
         t.micros;
}

absl::Status Mismatch(absl::string_view type, absl::string_view remedy) {
  return absl::InvalidArgumentError(absl::StrCat("it is ", type, ": ", remedy));
}

absl::StatusOr<FilterOperand> NumberOperand(FilterFamily family,
                                            const FilterLiteral& literal) {
  FilterOperand operand;
  if (literal.kind == FilterLiteral::Kind::kText) {
    return Mismatch("a number", "write the literal without quotes");
  }
  if (family == FilterFamily::kReal) {
    if (!absl::SimpleAtod(literal.text, &operand.real) ||
        !std::isfinite(operand.real)) {
      return Mismatch("a number", "the literal is beyond what a DOUBLE has");
    }
    return operand;
  }
  if (literal.kind == FilterLiteral::Kind::kReal) {
    return Mismatch("an exact number", "write the literal without an exponent");
  }
  if (family == FilterFamily::kInteger) {
    SetInteger(literal.text, &operand);
  } else {
    operand.text = literal.text;
  }
  return operand;
}

absl::StatusOr<FilterOperand> PointOperand(FilterFamily family,
                                           const FilterLiteral& literal) {
  FilterOperand operand;
  const bool is_time = family == FilterFamily::kTime;
  const absl::string_view type = is_time ? "a time" : "a date";
  std::optional<int64_t> point;
  if (literal.kind == FilterLiteral::Kind::kText) {
    if (is_time) {
      point = ParseTime(literal.text);
    } else if (family == FilterFamily::kTimestamp) {
      point = ParseTimestamp(literal.text);
    } else if (const auto date = ParseDate(literal.text); date.has_value()) {
      point = Packed(date->year, date->month, date->day, date->clock_micros);
    }
  }
  if (!point.has_value()) {
    return Mismatch(
        type, is_time ? "write the literal as '[-]HH:MM:SS[.ffffff]'"
              : family == FilterFamily::kTimestamp
                  ? "write the literal as 'YYYY-MM-DD[ HH:MM:SS[.ffffff]]', a "
                    "day of the calendar, in UTC"
                  : "write the literal as 'YYYY-MM-DD[ HH:MM:SS[.ffffff]]'");
  }
  operand.point = *point;
  return operand;
}

}  // namespace

FilterFamily FamilyOf(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kTinyInt:
    case ColumnKind::kSmallInt:
    case ColumnKind::kMediumInt:
    case ColumnKind::kInt:
    case ColumnKind::kBigInt:
    case ColumnKind::kBit:
    case ColumnKind::kYear:
      return FilterFamily::kInteger;
    case ColumnKind::kDecimal:
      return FilterFamily::kDecimal;
    case ColumnKind::kFloat:
    case ColumnKind::kDouble:
      return FilterFamily::kReal;
    case ColumnKind::kDate:
    case ColumnKind::kDatetime:
      return FilterFamily::kDate;
    case ColumnKind::kTime:
      return FilterFamily::kTime;
    case ColumnKind::kTimestamp:
      return FilterFamily::kTimestamp;
    case ColumnKind::kChar:
    case ColumnKind::kVarchar:
    case ColumnKind::kTinyText:
    case ColumnKind::kText:
    case ColumnKind::kMediumText:
    case ColumnKind::kLongText:
    case ColumnKind::kEnum:
    case ColumnKind::kSet:
      return FilterFamily::kText;
    case ColumnKind::kBinary:
    case ColumnKind::kVarbinary:
      return FilterFamily::kBytes;
    case ColumnKind::kTinyBlob:
    case ColumnKind::kBlob:
    case ColumnKind::kMediumBlob:
    case ColumnKind::kLongBlob:
    case ColumnKind::kJson:
    case ColumnKind::kGeometry:
    case ColumnKind::kPoint:
    case ColumnKind::kLineString:
    case ColumnKind::kPolygon:
    case ColumnKind::kMultiPoint:
    case ColumnKind::kMultiLineString:
    case ColumnKind::kMultiPolygon:
    case ColumnKind::kGeometryCollection:
    case ColumnKind::kVector:
      return FilterFamily::kNone;
  }
  return FilterFamily::kNone;
}

absl::StatusOr<FilterOperand> MakeFilterOperand(const Column& column,
                                                const FilterLiteral& literal) {
  const FilterFamily family = FamilyOf(column.kind);
  if (literal.kind == FilterLiteral::Kind::kNull &&
      family != FilterFamily::kNone) {
    FilterOperand operand;
    operand.is_null = true;
    return operand;
  }
  switch (family) {
    case FilterFamily::kInteger:
    case FilterFamily::kDecimal:
    case FilterFamily::kReal:
      return NumberOperand(family, literal);
    case FilterFamily::kDate:
    case FilterFamily::kTimestamp:
    case FilterFamily::kTime:
      return PointOperand(family, literal);
    case FilterFamily::kText:
    case FilterFamily::kBytes: {
      if (literal.kind != FilterLiteral::Kind::kText) {
        return Mismatch("a text", "put the literal in quotes");
      }
      FilterOperand operand;
      operand.text = literal.text;
      return operand;
    }
    case FilterFamily::kNone:
      break;
  }
  return Mismatch("a BLOB, JSON, VECTOR or geometry",
                  "such a column can only be tested with IS NULL");
}

std::partial_ordering CompareWithOperand(FilterFamily family,
                                         const Value& value,
                                         const FilterOperand& operand) {
  switch (family) {
    case FilterFamily::kInteger: {
      const absl::int128 number = value.kind == Value::Kind::kSigned
                                      ? absl::int128(value.integer)
                                      : absl::int128(value.natural);
      if (number > operand.floor) return std::partial_ordering::greater;
      if (number < operand.floor || operand.has_fraction) {
        return std::partial_ordering::less;
      }
      return std::partial_ordering::equivalent;
    }
    case FilterFamily::kDecimal:
      return Compare(DigitsOf(value.bytes), DigitsOf(operand.text));
    case FilterFamily::kReal:
      return (value.kind == Value::Kind::kFloat
                  ? static_cast<double>(value.real32)
                  : value.real64) <=> operand.real;
    case FilterFamily::kDate: {
      const TemporalFields& t = value.temporal;
      return Packed(t.year, t.month, t.day, ClockOf(t)) <=> operand.point;
    }
    case FilterFamily::kTimestamp: {
      const int64_t point = value.natural < uint64_t{kMicrosPerSecond}
                                ? kZeroTimestamp
                                : static_cast<int64_t>(value.natural);
      return point <=> operand.point;
    }
    case FilterFamily::kTime: {
      const int64_t clock = ClockOf(value.temporal);
      return (value.temporal.is_negative ? -clock : clock) <=> operand.point;
    }
    case FilterFamily::kText:
    case FilterFamily::kBytes:
    case FilterFamily::kNone:
      break;
  }
  return std::partial_ordering::unordered;
}

}  // namespace binferry::worker
