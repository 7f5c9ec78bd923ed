#include "worker/encode/value_json.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include "worker/encode/java_number.h"
#include "worker/encode/temporal_text.h"

namespace binferry::worker {
namespace {

auto Fields(const TemporalFields& t) {
  return std::tie(t.year, t.month, t.day, t.hour, t.minute, t.second,
                  t.is_negative, t.micros);
}

template <typename Write>
void WriteQuoted(JsonWriter* writer, size_t max_bytes, Write write) {
  char* out = writer->Reserve(max_bytes + 2);
  *out++ = '"';
  out = write(out);
  *out++ = '"';
  writer->Advance(out);
}

// What to return for a label, or several, written as their plan has them.
bool PassLabels(const ColumnStep& step, bool are_valid, JsonWriter* writer) {
  if (are_valid) return true;
  writer->CountReplaced();
  return step.invalid_text == InvalidText::kReplace;
}

// The label with the index `value`, from 1 on; `""` for 0. False if it is not
// valid and to stop.
bool WriteEnum(const ColumnStep& step, uint64_t value, JsonWriter* writer) {
  if (step.labels.empty()) {
    writer->QuotedNumber(value);
    return true;
  }
  if (value == 0) {
    writer->Raw("\"\"");
    return true;
  }
  if (value > step.labels.size()) return false;
  const LabelText& label = step.labels[value - 1];
  writer->QuotedPlain(label.text);
  return PassLabels(step, label.is_valid, writer);
}

// The labels of the bits that are set, in their order. False if one is not
// valid and to stop.
bool WriteSet(const ColumnStep& step, uint64_t value, JsonWriter* writer) {
  if (step.labels.empty()) {
    writer->QuotedNumber(value);
    return true;
  }
  bool is_valid = true;
  writer->Raw('"');
  for (uint64_t rest = value; rest != 0; rest &= rest - 1) {
    const size_t index = static_cast<size_t>(std::countr_zero(rest));
    if (index >= step.labels.size()) return false;
    if (rest != value) writer->Raw(',');
    writer->Raw(step.labels[index].text);
    is_valid = is_valid && step.labels[index].is_valid;
  }
  writer->Raw('"');
  return PassLabels(step, is_valid, writer);
}

char* WriteYear(uint64_t year, char* out) {
  for (int digit = 3; digit >= 0; --digit, year /= 10) {
    out[digit] = static_cast<char>('0' + year % 10);
  }
  return out + 4;
}

// `floats` are little-endian, four bytes each.
char* WriteVector(absl::string_view floats, char* out) {
  *out++ = '[';
  for (size_t i = 0; i + sizeof(float) <= floats.size(); i += sizeof(float)) {
    if (i != 0) {
      *out++ = ',';
      *out++ = ' ';
    }
    uint32_t bits = 0;
    for (size_t byte = 0; byte < sizeof(float); ++byte) {
      bits |= uint32_t{static_cast<uint8_t>(floats[i + byte])} << (8 * byte);
    }
    out = WriteJavaFloat(std::bit_cast<float>(bits), out);
  }
  *out++ = ']';
  return out;
}

}  // namespace

bool HaveSameText(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
      return true;
    case Value::Kind::kSigned:
      return a.integer == b.integer;
    case Value::Kind::kUnsigned:
    case Value::Kind::kTimestamp:
    case Value::Kind::kYear:
    case Value::Kind::kEnum:
    case Value::Kind::kSet:
      return a.natural == b.natural;
    case Value::Kind::kFloat:  // 0.0 and -0.0 differ.
      return std::bit_cast<uint32_t>(a.real32) ==
             std::bit_cast<uint32_t>(b.real32);
    case Value::Kind::kDouble:
      return std::bit_cast<uint64_t>(a.real64) ==
             std::bit_cast<uint64_t>(b.real64);
    case Value::Kind::kDate:
    case Value::Kind::kTime:
    case Value::Kind::kDatetime:
      return Fields(a.temporal) == Fields(b.temporal);
    case Value::Kind::kDecimal:
    case Value::Kind::kText:
    case Value::Kind::kBytes:
    case Value::Kind::kVector:
      return a.bytes == b.bytes;
  }
  return false;
}

bool WriteValue(RecordFormat format, const ColumnStep& step, const Value& value,
                JsonWriter* writer) {
  const int digits = step.fraction_digits;
  switch (value.kind) {
    case Value::Kind::kAbsent:
    case Value::Kind::kNull:
      writer->Raw("null");
      return true;
    case Value::Kind::kSigned:
      writer->QuotedNumber(value.integer);
      return true;
    case Value::Kind::kUnsigned:
      writer->QuotedNumber(value.natural);
      return true;
    case Value::Kind::kFloat:
      WriteQuoted(writer, kMaxJavaNumberBytes,
                  [&](char* out) { return WriteJavaFloat(value.real32, out); });
      return true;
    case Value::Kind::kDouble:
      WriteQuoted(writer, kMaxJavaNumberBytes, [&](char* out) {
        return WriteJavaDouble(value.real64, out);
      });
      return true;
    case Value::Kind::kDecimal:
      writer->QuotedPlain(value.bytes);
      return true;
    case Value::Kind::kDate:
      WriteQuoted(writer, kMaxTemporalBytes,
                  [&](char* out) { return WriteDate(value.temporal, out); });
      return true;
    case Value::Kind::kTime:
      WriteQuoted(writer, kMaxTemporalBytes, [&](char* out) {
        return WriteTime(value.temporal, digits, out);
      });
      return true;
    case Value::Kind::kDatetime:
      WriteQuoted(writer, kMaxTemporalBytes, [&](char* out) {
        return WriteDatetime(value.temporal, digits, out);
      });
      return true;
    case Value::Kind::kTimestamp:
      WriteQuoted(writer, kMaxTemporalBytes, [&](char* out) {
        return format == RecordFormat::kJson
                   ? WriteEpochSeconds(value.natural, digits, out)
                   : WriteUtcDatetime(value.natural, digits, out);
      });
      return true;
    case Value::Kind::kText:
      return writer->String(step.charset, value.bytes, step.invalid_text);
    case Value::Kind::kBytes:
      writer->ByteList(value.bytes);
      return true;
    case Value::Kind::kYear:
      WriteQuoted(writer, 4,
                  [&](char* out) { return WriteYear(value.natural, out); });
      return true;
    case Value::Kind::kEnum:
      return WriteEnum(step, value.natural, writer);
    case Value::Kind::kSet:
      return WriteSet(step, value.natural, writer);
    case Value::Kind::kVector: {
      constexpr size_t kMaxElement = kMaxJavaNumberBytes + 2;
      WriteQuoted(writer, value.bytes.size() / sizeof(float) * kMaxElement + 2,
                  [&](char* out) { return WriteVector(value.bytes, out); });
      return true;
    }
  }
  return true;
}

}  // namespace binferry::worker
