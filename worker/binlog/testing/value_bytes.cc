#include "worker/binlog/testing/value_bytes.h"

#include <algorithm>
#include <bit>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace binferry::worker {
namespace {

constexpr size_t kDigitsPerGroup = 9;
constexpr size_t kBytesOfDigits[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

std::string GroupBytes(absl::string_view digits) {
  uint32_t number = 0;
  (void)absl::SimpleAtoi(digits, &number);
  return BigEndian(number, kBytesOfDigits[digits.size()]);
}

std::string DecimalValueBytes(const Column& column, absl::string_view text) {
  const bool is_negative = absl::ConsumePrefix(&text, "-");
  const size_t point = text.find('.');
  absl::string_view fraction =
      point == absl::string_view::npos ? "" : text.substr(point + 1);
  std::string integer(text.substr(0, point));
  const size_t integer_digits = column.precision - column.scale;
  if (integer_digits == 0) integer.clear();
  integer.insert(0, integer_digits - integer.size(), '0');

  std::string bytes;
  size_t first = integer.size() % kDigitsPerGroup;
  bytes += GroupBytes(absl::string_view(integer).substr(0, first));
  for (; first < integer.size(); first += kDigitsPerGroup) {
    bytes +=
        GroupBytes(absl::string_view(integer).substr(first, kDigitsPerGroup));
  }
  while (!fraction.empty()) {
    const size_t digits = std::min(fraction.size(), kDigitsPerGroup);
    bytes += GroupBytes(fraction.substr(0, digits));
    fraction.remove_prefix(digits);
  }
  bytes[0] = static_cast<char>(bytes[0] ^ '\x80');
  if (is_negative) {
    for (char& byte : bytes) byte = static_cast<char>(~byte);
  }
  return bytes;
}

size_t FractionBytesOf(const Column& column) {
  return (column.fraction_digits + 1u) / 2;
}

uint64_t FractionOf(const Column& column, uint64_t micros) {
  constexpr uint64_t kMicrosPerUnit[] = {1'000'000, 10'000, 100, 1};
  return micros / kMicrosPerUnit[FractionBytesOf(column)];
}

std::string DateValueBytes(const TemporalFields& t) {
  return LittleEndian(uint64_t{t.year} << 9 | uint64_t{t.month} << 5 | t.day,
                      3);
}

std::string TimeValueBytes(const Column& column, const TemporalFields& t) {
  const size_t fraction_bits = 8 * FractionBytesOf(column);
  const int64_t whole = int64_t{t.hour} << 12 | t.minute << 6 | t.second;
  int64_t packed = whole << fraction_bits |
                   static_cast<int64_t>(FractionOf(column, t.micros));
  if (t.is_negative) packed = -packed;
  const size_t bytes = 3 + FractionBytesOf(column);
  return BigEndian(
      static_cast<uint64_t>(packed + (int64_t{1} << (8 * bytes - 1))), bytes);
}

std::string DatetimeValueBytes(const Column& column, const TemporalFields& t) {
  const uint64_t days = (uint64_t{t.year} * 13 + t.month) << 5 | t.day;
  const uint64_t packed =
      days << 17 | uint64_t{t.hour} << 12 | uint64_t{t.minute} << 6 | t.second;
  return BigEndian(packed | uint64_t{1} << 39, 5) +
         BigEndian(FractionOf(column, t.micros), FractionBytesOf(column));
}

std::string Prefixed(size_t length_bytes, absl::string_view bytes) {
  return absl::StrCat(LittleEndian(bytes.size(), length_bytes), bytes);
}

absl::string_view WithoutTrailingZeros(absl::string_view bytes) {
  while (absl::ConsumeSuffix(&bytes, absl::string_view("\0", 1))) continue;
  return bytes;
}

}  // namespace

std::string LittleEndian(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) {
    text += static_cast<char>(value >> (8 * i) & 0xff);
  }
  return text;
}

std::string BigEndian(uint64_t value, size_t bytes) {
  std::string text = LittleEndian(value, bytes);
  std::reverse(text.begin(), text.end());
  return text;
}

std::string PackedInteger(uint64_t value) {
  if (value < 251) return LittleEndian(value, 1);
  if (value <= 0xffff) return "\xfc" + LittleEndian(value, 2);
  if (value <= 0xffffff) return "\xfd" + LittleEndian(value, 3);
  return "\xfe" + LittleEndian(value, 8);
}

std::string PackedBytes(absl::string_view bytes) {
  return absl::StrCat(PackedInteger(bytes.size()), bytes);
}

std::string VarlenInteger(uint64_t value) {
  size_t more = 0;
  while (more < 8 && value >> (7 * (more + 1)) != 0) ++more;
  if (more == 8) return "\xff" + LittleEndian(value, 8);
  const uint64_t marks = (uint64_t{1} << more) - 1;
  return LittleEndian(value << (more + 1) | marks, more + 1);
}

std::string SignedVarlenInteger(int64_t value) {
  const uint64_t magnitude =
      static_cast<uint64_t>(value < 0 ? -(value + 1) : value);
  return VarlenInteger(magnitude << 1 | (value < 0 ? 1 : 0));
}

std::string ValueBytes(const Column& column, const Value& value) {
  switch (column.kind) {
    case ColumnKind::kTinyInt:
      return LittleEndian(value.natural, 1);
    case ColumnKind::kSmallInt:
      return LittleEndian(value.natural, 2);
    case ColumnKind::kMediumInt:
      return LittleEndian(value.natural, 3);
    case ColumnKind::kInt:
      return LittleEndian(value.natural, 4);
    case ColumnKind::kBigInt:
      return LittleEndian(value.natural, 8);
    case ColumnKind::kDecimal:
      return DecimalValueBytes(column, value.bytes);
    case ColumnKind::kFloat:
      return LittleEndian(std::bit_cast<uint32_t>(value.real32), 4);
    case ColumnKind::kDouble:
      return LittleEndian(std::bit_cast<uint64_t>(value.real64), 8);
    case ColumnKind::kDate:
      return DateValueBytes(value.temporal);
    case ColumnKind::kTime:
      return TimeValueBytes(column, value.temporal);
    case ColumnKind::kDatetime:
      return DatetimeValueBytes(column, value.temporal);
    case ColumnKind::kTimestamp:
      return BigEndian(value.natural / 1'000'000, 4) +
             BigEndian(FractionOf(column, value.natural % 1'000'000),
                       FractionBytesOf(column));
    case ColumnKind::kBinary:
      return Prefixed(column.max_bytes > 255 ? 2 : 1,
                      WithoutTrailingZeros(value.bytes));
    case ColumnKind::kChar:
    case ColumnKind::kVarchar:
    case ColumnKind::kVarbinary:
      return Prefixed(column.max_bytes > 255 ? 2 : 1, value.bytes);
    case ColumnKind::kTinyText:
    case ColumnKind::kTinyBlob:
      return Prefixed(1, value.bytes);
    case ColumnKind::kText:
    case ColumnKind::kBlob:
      return Prefixed(2, value.bytes);
    case ColumnKind::kMediumText:
    case ColumnKind::kMediumBlob:
      return Prefixed(3, value.bytes);
    case ColumnKind::kLongText:
    case ColumnKind::kLongBlob:
      return Prefixed(4, value.bytes);
    case ColumnKind::kBit:
      return BigEndian(value.natural, (column.precision + 7u) / 8);
    case ColumnKind::kYear:
      return LittleEndian(value.natural == 0 ? 0 : value.natural - 1900, 1);
    case ColumnKind::kEnum:
    case ColumnKind::kSet:
      return LittleEndian(value.natural, column.max_bytes);
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
      return Prefixed(column.max_bytes, value.bytes);
  }
  return "";
}

}  // namespace binferry::worker
