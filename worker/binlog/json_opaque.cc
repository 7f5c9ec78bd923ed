#include "worker/binlog/json_opaque.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "worker/binlog/byte_reader.h"
#include "worker/binlog/decimal.h"

namespace binferry::worker {
namespace {

// enum_field_types in mysql-server's field_types.h.
enum class FieldType : uint8_t {
  kTimestamp = 7,
  kDate = 10,
  kTime = 11,
  kDatetime = 12,
  kNewDecimal = 246,
};

constexpr size_t kPackedTemporalBytes = 8;
constexpr uint8_t kMaxPrecision = 65;
constexpr uint8_t kMaxScale = 30;

absl::Status AppendDecimal(absl::Span<const uint8_t> content,
                           std::string* text) {
  constexpr size_t kHeadBytes = 2;
  if (content.size() < kHeadBytes) return DamagedJson("a DECIMAL is cut off");
  const uint8_t precision = content[0];
  const uint8_t scale = content[1];
  if (precision == 0 || precision > kMaxPrecision || scale > kMaxScale ||
      scale > precision ||
      content.size() != kHeadBytes + DecimalBytes(precision, scale)) {
    return DamagedJson("a DECIMAL of impossible size");
  }
  std::array<char, kMaxDecimalBytes> digits;
  const char* const end = WriteDecimal(content.data() + kHeadBytes, precision,
                                       scale, digits.data());
  if (end == nullptr) return DamagedJson("a DECIMAL that is no number");
  text->append(digits.data(), static_cast<size_t>(end - digits.data()));
  return absl::OkStatus();
}

// The parts of eight bytes: microseconds in 24 bits, then 6 bits each for
// second and minute, then hour, day and month (my_time.cc in mysql-server).
struct PackedTemporal {
  explicit PackedTemporal(uint64_t packed)
      : micros(packed & 0xffffff),
        second(packed >> 24 & 0x3f),
        minute(packed >> 30 & 0x3f),
        above(packed >> 36) {}

  bool IsClock() const {
    return micros < 1'000'000 && second < 60 && minute < 60;
  }

  uint64_t micros;
  uint64_t second;
  uint64_t minute;
  uint64_t above;
};

absl::Status AppendTime(uint64_t bits, std::string* text) {
  constexpr uint64_t kMaxHour = 838;
  const bool is_negative = bits >> 63 != 0;
  const PackedTemporal time(is_negative ? -bits : bits);
  if (!time.IsClock() || time.above > kMaxHour) {
    return DamagedJson("a TIME that is none");
  }
  absl::StrAppendFormat(text, "\"%s%02d:%02d:%02d.%06d\"",
                        is_negative ? "-" : "", time.above, time.minute,
                        time.second, time.micros);
  return absl::OkStatus();
}

absl::Status AppendDatetime(FieldType type, uint64_t bits, std::string* text) {
  const PackedTemporal time(bits);
  const uint64_t hour = time.above & 0x1f;
  const uint64_t day = time.above >> 5 & 0x1f;
  const uint64_t months = time.above >> 10;
  // Zero and partial dates occur, and no day of a month is too late.
  if (!time.IsClock() || hour > 23 || months / 13 > 9999) {
    return DamagedJson("a date that is none");
  }
  absl::StrAppendFormat(text, "\"%04d-%02d-%02d", months / 13, months % 13,
                        day);
  if (type != FieldType::kDate) {
    absl::StrAppendFormat(text, " %02d:%02d:%02d.%06d", hour, time.minute,
                          time.second, time.micros);
  }
  text->push_back('"');
  return absl::OkStatus();
}

absl::Status AppendTemporal(FieldType type, absl::Span<const uint8_t> content,
                            std::string* text) {
  if (content.size() != kPackedTemporalBytes) {
    return DamagedJson("a date or time of impossible size");
  }
  const uint64_t bits = ReadLittleEndian(content.data(), kPackedTemporalBytes);
  return type == FieldType::kTime ? AppendTime(bits, text)
                                  : AppendDatetime(type, bits, text);
}

void AppendBase64(const JsonOpaque& opaque, std::string* text) {
  constexpr size_t kLineBytes = 57;  // 76 characters.
  absl::StrAppend(text, "\"base64:type", opaque.field_type, ":");
  absl::string_view left = AsText(opaque.content);
  std::string line;
  while (!left.empty()) {
    absl::Base64Escape(left.substr(0, kLineBytes), &line);
    text->append(line);
    left.remove_prefix(std::min(kLineBytes, left.size()));
    // Within a JSON string, so an escaped one.
    if (!left.empty()) text->append("\\n");
  }
  text->push_back('"');
}

}  // namespace

absl::Status AppendJsonOpaque(const JsonOpaque& opaque, std::string* text) {
  const FieldType type = static_cast<FieldType>(opaque.field_type);
  switch (type) {
    case FieldType::kNewDecimal:
      return AppendDecimal(opaque.content, text);
    case FieldType::kTimestamp:
    case FieldType::kDate:
    case FieldType::kTime:
    case FieldType::kDatetime:
      return AppendTemporal(type, opaque.content, text);
  }
  AppendBase64(opaque, text);
  return absl::OkStatus();
}

}  // namespace binferry::worker
