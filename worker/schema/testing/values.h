// Decoded values, made in one line each.
#ifndef BINFERRY_WORKER_SCHEMA_TESTING_VALUES_H_
#define BINFERRY_WORKER_SCHEMA_TESTING_VALUES_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "worker/schema/row.h"

namespace binferry::worker {

inline Value ValueOf(Value::Kind kind) {
  Value value;
  value.kind = kind;
  return value;
}
inline Value Absent() { return ValueOf(Value::Kind::kAbsent); }
inline Value Null() { return ValueOf(Value::Kind::kNull); }
inline Value Signed(int64_t number) {
  Value value = ValueOf(Value::Kind::kSigned);
  value.integer = number;
  return value;
}
inline Value Natural(Value::Kind kind, uint64_t number) {
  Value value = ValueOf(kind);
  value.natural = number;
  return value;
}
inline Value Unsigned(uint64_t v) { return Natural(Value::Kind::kUnsigned, v); }
inline Value Timestamp(uint64_t v) {
  return Natural(Value::Kind::kTimestamp, v);
}
inline Value Year(uint64_t v) { return Natural(Value::Kind::kYear, v); }
inline Value Enum(uint64_t v) { return Natural(Value::Kind::kEnum, v); }
inline Value Set(uint64_t v) { return Natural(Value::Kind::kSet, v); }
inline Value Float(float number) {
  Value value = ValueOf(Value::Kind::kFloat);
  value.real32 = number;
  return value;
}
inline Value Double(double number) {
  Value value = ValueOf(Value::Kind::kDouble);
  value.real64 = number;
  return value;
}
inline Value Temporal(Value::Kind kind, const TemporalFields& fields) {
  Value value = ValueOf(kind);
  value.temporal = fields;
  return value;
}
inline Value Bytes(Value::Kind kind, absl::string_view bytes) {
  Value value = ValueOf(kind);
  value.bytes = bytes;
  return value;
}
inline Value Text(absl::string_view v) { return Bytes(Value::Kind::kText, v); }
inline Value Decimal(absl::string_view v) {
  return Bytes(Value::Kind::kDecimal, v);
}
inline Value Vector(absl::string_view v) {
  return Bytes(Value::Kind::kVector, v);
}
inline Value Binary(absl::string_view v) {
  return Bytes(Value::Kind::kBytes, v);
}

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_SCHEMA_TESTING_VALUES_H_
