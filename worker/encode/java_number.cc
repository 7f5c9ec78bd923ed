#include "worker/encode/java_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "absl/strings/string_view.h"

namespace binferry::worker {
namespace {

char* Append(absl::string_view text, char* out) {
  return std::copy(text.begin(), text.end(), out);
}

char* AppendZeros(int count, char* out) { return std::fill_n(out, count, '0'); }

// The value is d.ddd (the digits) times 10 to the power of `exponent`.
char* Layout(absl::string_view digits, int exponent, char* out) {
  const int count = static_cast<int>(digits.size());
  if (exponent < -3 || exponent >= 7) {
    *out++ = digits[0];
    *out++ = '.';
    out = Append(count > 1 ? digits.substr(1) : "0", out);
    *out++ = 'E';
    return std::to_chars(out, out + 8, exponent).ptr;
  }
  if (exponent < 0) {
    out = Append("0.", out);
    out = AppendZeros(-exponent - 1, out);
    return Append(digits, out);
  }
  const int whole = exponent + 1;
  if (count <= whole) {
    out = Append(digits, out);
    out = AppendZeros(whole - count, out);
    return Append(".0", out);
  }
  out = Append(digits.substr(0, static_cast<size_t>(whole)), out);
  *out++ = '.';
  return Append(digits.substr(static_cast<size_t>(whole)), out);
}

template <typename Number>
char* Write(Number value, char* out) {
  if (std::isnan(value)) return Append("NaN", out);
  if (std::signbit(value)) *out++ = '-';
  if (std::isinf(value)) return Append("Infinity", out);
  if (value == 0) return Append("0.0", out);

  // "d.ddde+XX" or "de-XX": the fewest digits that round-trip, the nearest
  // among them.
  char text[kMaxJavaNumberBytes];
  char* const end = std::to_chars(text, text + sizeof(text), std::abs(value),
                                  std::chars_format::scientific)
                        .ptr;
  char* const mark = std::find(text, end, 'e');
  int exponent = 0;
  std::from_chars(mark + 2, end, exponent);
  if (mark[1] == '-') exponent = -exponent;

  size_t count = static_cast<size_t>(mark - text);
  if (count > 1) {  // Close the gap of the point.
    std::memmove(text + 1, text + 2, count - 2);
    --count;
  }
  return Layout(absl::string_view(text, count), exponent, out);
}

}  // namespace

char* WriteJavaFloat(float value, char* out) { return Write(value, out); }
char* WriteJavaDouble(double value, char* out) { return Write(value, out); }

}  // namespace binferry::worker
