#include "worker/binlog/testing/row_text.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace binferry::worker {
namespace {

std::string ShowTemporal(const TemporalFields& t) {
  return absl::StrFormat("%s%d-%d-%d %d:%d:%d.%06d", t.is_negative ? "-" : "",
                         t.year, t.month, t.day, t.hour, t.minute, t.second,
                         t.micros);
}

}  // namespace

std::string ShowValue(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kAbsent:
      return "absent";
    case Value::Kind::kNull:
      return "null";
    case Value::Kind::kSigned:
      return absl::StrCat("signed ", value.integer);
    case Value::Kind::kUnsigned:
      return absl::StrCat("unsigned ", value.natural);
    case Value::Kind::kFloat:
      return absl::StrFormat("float %.9g", value.real32);
    case Value::Kind::kDouble:
      return absl::StrFormat("double %.17g", value.real64);
    case Value::Kind::kDecimal:
      return absl::StrCat("decimal ", value.bytes);
    case Value::Kind::kDate:
      return absl::StrCat("date ", ShowTemporal(value.temporal));
    case Value::Kind::kTime:
      return absl::StrCat("time ", ShowTemporal(value.temporal));
    case Value::Kind::kDatetime:
      return absl::StrCat("datetime ", ShowTemporal(value.temporal));
    case Value::Kind::kTimestamp:
      return absl::StrCat("timestamp ", value.natural);
    case Value::Kind::kText:
      return absl::StrCat("text ", value.bytes);
    case Value::Kind::kBytes:
      return absl::StrCat("bytes ", absl::BytesToHexString(value.bytes));
    case Value::Kind::kYear:
      return absl::StrCat("year ", value.natural);
    case Value::Kind::kEnum:
      return absl::StrCat("enum ", value.natural);
    case Value::Kind::kSet:
      return absl::StrCat("set ", value.natural);
    case Value::Kind::kVector:
      return absl::StrCat("vector ", absl::BytesToHexString(value.bytes));
  }
  return "";
}

std::vector<std::string> ShowRow(absl::Span<const Value> row) {
  std::vector<std::string> texts;
  for (const Value& value : row) texts.push_back(ShowValue(value));
  return texts;
}

}  // namespace binferry::worker
