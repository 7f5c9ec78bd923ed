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
      return writer->String(step.charset, value.bytes);
    case Value::Kind::kBytes:
      writer->ByteList(value.bytes);
      return true;
  }
  return true;
}

}  // namespace binferry::worker
