#include "worker/binlog/temporal.h"

#include <array>

#include "worker/binlog/byte_reader.h"

namespace binferry::worker {
namespace {

// Microseconds in one unit of a fraction of so many bytes.
constexpr std::array<uint32_t, 4> kMicrosPerUnit = {0, 10'000, 100, 1};

// MySQL stores an odd number of digits as the next even one, the last being 0;
// that digit is cut whatever it is.
uint32_t FractionMicros(uint64_t fraction, uint8_t fraction_digits) {
  constexpr std::array<uint32_t, 7> kStepMicros = {
      1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  const uint64_t micros =
      fraction * kMicrosPerUnit[FractionBytes(fraction_digits)];
  // Damaged bytes only: three bytes can hold more than a second.
  const uint64_t below_second = micros % 1'000'000;
  return static_cast<uint32_t>(below_second -
                               below_second % kStepMicros[fraction_digits]);
}

}  // namespace

TemporalFields ReadDate(const uint8_t* p) {
  const uint32_t packed = static_cast<uint32_t>(ReadLittleEndian(p, 3));
  TemporalFields fields;
  fields.day = packed & 0x1f;
  fields.month = packed >> 5 & 0x0f;
  fields.year = static_cast<uint16_t>(packed >> 9);
  return fields;
}

TemporalFields ReadTime(const uint8_t* p, uint8_t fraction_digits) {
  const size_t fraction_bytes = FractionBytes(fraction_digits);
  const size_t bytes = kTimeBytes + fraction_bytes;
  // One number over all bytes, offset by half its range: a negative time's
  // integer part alone would be off by one where it has a fraction.
  int64_t packed = static_cast<int64_t>(ReadBigEndian(p, bytes)) -
                   (int64_t{1} << (8 * bytes - 1));
  TemporalFields fields;
  fields.is_negative = packed < 0;
  if (packed < 0) packed = -packed;
  const uint64_t magnitude = static_cast<uint64_t>(packed);
  const uint64_t whole = magnitude >> (8 * fraction_bytes);
  fields.second = whole & 0x3f;
  fields.minute = whole >> 6 & 0x3f;
  fields.hour = whole >> 12 & 0x3ff;
  fields.micros = FractionMicros(
      magnitude & ((uint64_t{1} << (8 * fraction_bytes)) - 1), fraction_digits);
  return fields;
}

TemporalFields ReadDatetime(const uint8_t* p, uint8_t fraction_digits) {
  constexpr uint64_t kOffset = uint64_t{1} << 39;
  const uint64_t packed = ReadBigEndian(p, kDatetimeBytes) ^ kOffset;
  TemporalFields fields;
  fields.second = packed & 0x3f;
  fields.minute = packed >> 6 & 0x3f;
  fields.hour = packed >> 12 & 0x1f;
  fields.day = packed >> 17 & 0x1f;
  const uint32_t months = packed >> 22 & 0x1ffff;
  fields.month = static_cast<uint8_t>(months % 13);
  fields.year = static_cast<uint16_t>(months / 13);
  fields.micros = FractionMicros(
      ReadBigEndian(p + kDatetimeBytes, FractionBytes(fraction_digits)),
      fraction_digits);
  return fields;
}

uint64_t ReadTimestamp(const uint8_t* p, uint8_t fraction_digits) {
  const uint64_t seconds = ReadBigEndian(p, kTimestampBytes);
  return seconds * 1'000'000 +
         FractionMicros(
             ReadBigEndian(p + kTimestampBytes, FractionBytes(fraction_digits)),
             fraction_digits);
}

TemporalFields ReadOldTime(const uint8_t* p) {
  constexpr int32_t kSignBit = 1 << 23;
  const int32_t bits = static_cast<int32_t>(ReadLittleEndian(p, kOldTimeBytes));
  const int32_t number = (bits ^ kSignBit) - kSignBit;
  const uint32_t digits = static_cast<uint32_t>(number < 0 ? -number : number);
  TemporalFields fields;
  fields.is_negative = number < 0;
  fields.hour = static_cast<uint16_t>(digits / 10'000);
  fields.minute = static_cast<uint8_t>(digits / 100 % 100);
  fields.second = static_cast<uint8_t>(digits % 100);
  return fields;
}

bool ReadOldDatetime(const uint8_t* p, TemporalFields* fields) {
  uint64_t digits = ReadLittleEndian(p, kOldDatetimeBytes);
  if (digits > 9999'99'99'99'99'99) return false;
  const auto two_digits = [&digits] {
    const uint8_t number = static_cast<uint8_t>(digits % 100);
    digits /= 100;
    return number;
  };
  *fields = TemporalFields();
  fields->second = two_digits();
  fields->minute = two_digits();
  fields->hour = two_digits();
  fields->day = two_digits();
  fields->month = two_digits();
  fields->year = static_cast<uint16_t>(digits);
  return true;
}

uint64_t ReadOldTimestamp(const uint8_t* p) {
  return ReadLittleEndian(p, kOldTimestampBytes) * 1'000'000;
}

}  // namespace binferry::worker
