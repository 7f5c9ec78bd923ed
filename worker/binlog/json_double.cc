#include "worker/binlog/json_double.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace binferry::worker {
namespace {

// Where the point may stand, counted from in front of the first digit, in a
// number without an exponent.
constexpr int kMinPoint = -14;
constexpr int kMaxPoint = 15;

// A number's decimal digits, without a sign: 0.DIGITS * 10^point.
struct Digits {
  std::array<char, 17> digits{};
  int count = 0;
  int point = 0;
};

Digits ShortestDigits(double magnitude) {
  // "d.dddde-324"
  std::array<char, 32> text{};
  const char* const end =
      std::to_chars(text.data(), text.data() + text.size(), magnitude,
                    std::chars_format::scientific)
          .ptr;
  const char* const mark = std::find<const char*>(text.data(), end, 'e');
  Digits number;
  for (const char* p = text.data(); p != mark; ++p) {
    if (*p != '.') number.digits[static_cast<size_t>(number.count++)] = *p;
  }
  int exponent = 0;
  // from_chars() takes no plus sign.
  std::from_chars(mark[1] == '+' ? mark + 2 : mark + 1, end, exponent);
  number.point = exponent + 1;
  return number;
}

char* WriteWithExponent(const Digits& number, char* out) {
  *out++ = number.digits[0];
  if (number.count > 1) {
    *out++ = '.';
    out = std::copy(number.digits.begin() + 1,
                    number.digits.begin() + number.count, out);
  }
  *out++ = 'e';
  return std::to_chars(out, out + 4, number.point - 1).ptr;
}

char* WriteWithoutExponent(const Digits& number, char* out) {
  const char* const first = number.digits.data();
  const char* const last = first + number.count;
  if (number.point <= 0) {
    *out++ = '0';
    *out++ = '.';
    out = std::fill_n(out, -number.point, '0');
    return std::copy(first, last, out);
  }
  const int whole = std::min(number.point, number.count);
  out = std::copy(first, first + whole, out);
  out = std::fill_n(out, number.point - whole, '0');
  *out++ = '.';
  if (whole == number.count) {
    *out++ = '0';
    return out;
  }
  return std::copy(first + whole, last, out);
}

}  // namespace

char* WriteJsonDouble(double number, char* out) {
  if (std::signbit(number)) *out++ = '-';
  if (number == 0) {
    for (const char c : {'0', '.', '0'}) *out++ = c;
    return out;
  }
  const Digits digits = ShortestDigits(std::fabs(number));
  const bool is_plain =
      digits.point >= kMinPoint &&
      (digits.point <= kMaxPoint || digits.count > digits.point);
  return is_plain ? WriteWithoutExponent(digits, out)
                  : WriteWithExponent(digits, out);
}

}  // namespace binferry::worker
