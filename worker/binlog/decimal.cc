#include "worker/binlog/decimal.h"

#include <array>
#include <cstring>

namespace binferry::worker {
namespace {

constexpr int kDigitsPerGroup = 9;
constexpr int kGroupBytes = 4;
// Bytes of a group of so many digits.
constexpr std::array<uint8_t, kDigitsPerGroup + 1> kBytesOfDigits = {
    0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<uint32_t, kDigitsPerGroup + 1> kPowersOfTen = {
    1,       10,        100,        1'000,       10'000,
    100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

// One value's bytes, from first to last, with the inversions undone.
class GroupReader {
 public:
  explicit GroupReader(const uint8_t* p)
      : p_(p),
        flip_((p[0] & 0x80) != 0 ? 0 : 0xffffffff),
        first_byte_(static_cast<uint8_t>(p[0] ^ 0x80)) {}

  bool is_negative() const { return flip_ != 0; }

  // The next group of `digits` digits.
  uint32_t Next(int digits) {
    const int bytes = kBytesOfDigits[static_cast<size_t>(digits)];
    uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      value = value << 8 | (is_first_ ? first_byte_ : *p_);
      is_first_ = false;
      ++p_;
    }
    const uint32_t mask =
        bytes == kGroupBytes ? 0xffffffff : (1u << (8 * bytes)) - 1;
    return (value ^ flip_) & mask;
  }

 private:
  const uint8_t* p_;
  const uint32_t flip_;
  const uint8_t first_byte_;
  bool is_first_ = true;
};

// Writes exactly `digits` digits and returns the end.
char* WriteDigits(uint32_t value, int digits, char* out) {
  for (int i = digits; i-- > 0;) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + digits;
}

// The same, but without zeros in front until a digit has been written since
// `start`.
char* WriteLeading(uint32_t value, int digits, const char* start, char* out) {
  if (out != start) return WriteDigits(value, digits, out);
  int significant = 0;
  while (significant < digits &&
         value >= kPowersOfTen[static_cast<size_t>(significant)]) {
    ++significant;
  }
  return WriteDigits(value, significant, out);
}

}  // namespace

size_t DecimalBytes(uint8_t precision, uint8_t scale) {
  const size_t integer = precision - scale;
  return integer / kDigitsPerGroup * kGroupBytes +
         kBytesOfDigits[integer % kDigitsPerGroup] +
         size_t{scale} / kDigitsPerGroup * kGroupBytes +
         kBytesOfDigits[scale % kDigitsPerGroup];
}

char* WriteDecimal(const uint8_t* p, uint8_t precision, uint8_t scale,
                   char* out) {
  GroupReader groups(p);
  if (groups.is_negative()) *out++ = '-';
  const char* const start = out;
  const int integer = precision - scale;
  for (int left = integer; left > 0;) {
    const int partial = left % kDigitsPerGroup;
    const int digits = partial != 0 ? partial : kDigitsPerGroup;
    const uint32_t value = groups.Next(digits);
    if (value >= kPowersOfTen[static_cast<size_t>(digits)]) return nullptr;
    out = WriteLeading(value, digits, start, out);
    left -= digits;
  }
  if (out == start) *out++ = '0';
  if (scale == 0) return out;
  *out++ = '.';
  for (int left = scale; left > 0;) {
    const int digits = left < kDigitsPerGroup ? left : kDigitsPerGroup;
    const uint32_t value = groups.Next(digits);
    if (value >= kPowersOfTen[static_cast<size_t>(digits)]) return nullptr;
    out = WriteDigits(value, digits, out);
    left -= digits;
  }
  return out;
}

}  // namespace binferry::worker
