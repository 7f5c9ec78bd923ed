#include "worker/binlog/testing/random_json.h"

#include <array>
#include <bit>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"

namespace binferry::worker {
namespace {

constexpr std::array<absl::string_view, 12> kKeys = {
    "a", "b",    "c",      "bb",       "",     "key with blanks",
    "é", "q\"u", "a.b[0]", "\x01\n\\", "$x_1", "a long key of an object"};

constexpr std::array<absl::string_view, 14> kCharacters = {
    "a",  "Z",    " ",    "\"", "\\", "/", "\n",
    "\t", "\x01", "\x7f", "é",  "€",  "😀", "0123456789"};

}  // namespace

std::string RandomJson::Document() {
  if (!OneIn(40)) return Value(0);
  return absl::StrCat("JSON_ARRAY(", Value(0), ", REPEAT(", Text(3),
                      ", 30000), ", Value(0), ")");
}

std::string RandomJson::Value(int depth) {
  if (depth > 5 || (depth > 0 && OneIn(2))) return Scalar();
  const bool is_object = OneIn(2);
  const size_t count = Below(OneIn(10) ? 30 : 6);
  std::string members;
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) members += ", ";
    if (is_object) absl::StrAppend(&members, Key(), ", ");
    members += Value(depth + 1);
  }
  return absl::StrCat(is_object ? "JSON_OBJECT(" : "JSON_ARRAY(", members, ")");
}

std::string RandomJson::Scalar() {
  switch (Below(8)) {
    case 0:
      return "CAST('true' AS JSON)";
    case 1:
      return OneIn(2) ? "CAST('false' AS JSON)" : "NULL";
    case 2:
      return Temporal();
    case 3:
      return Bytes(OneIn(10) ? 300 : 10);
    case 4:
    case 5:
      return Number();
    default:
      return Text(OneIn(10) ? 300 : 10);
  }
}

std::string RandomJson::Number() {
  const uint64_t bits = random_() >> Below(64);
  switch (Below(4)) {
    case 0:
      return absl::StrCat("CAST(", bits, " AS UNSIGNED)");
    case 1:
      return absl::StrCat(std::bit_cast<int64_t>(random_()) >> Below(64));
    case 2:
      return absl::StrFormat("CAST('%d.%d' AS DECIMAL(%d,%d))",
                             std::bit_cast<int64_t>(random_()) >> Below(64),
                             bits, 35 + Below(31), Below(16));
    default:
      return Double();
  }
}

std::string RandomJson::Double() {
  for (;;) {
    // Half of them of everyday size.
    const double number = OneIn(2)
                              ? std::bit_cast<double>(random_())
                              : std::ldexp(static_cast<double>(random_()),
                                           static_cast<int>(Below(140)) - 130);
    if (std::isfinite(number)) return absl::StrFormat("%.17e", number);
  }
}

std::string RandomJson::Temporal() {
  const std::string clock = absl::StrFormat(
      "%02d:%02d:%02d.%06d", Below(24), Below(60), Below(60), Below(1'000'000));
  const std::string date = absl::StrFormat("%04d-%02d-%02d", Below(10000),
                                           1 + Below(12), 1 + Below(28));
  const size_t digits = Below(7);
  switch (Below(3)) {
    case 0:
      return absl::StrCat("CAST('", date, "' AS DATE)");
    case 1:
      return absl::StrCat("CAST('", date, " ", clock, "' AS DATETIME(", digits,
                          "))");
    default:
      return absl::StrCat("CAST('", OneIn(2) ? "-" : "", Below(30), " ", clock,
                          "' AS TIME(", digits, "))");
  }
}

std::string RandomJson::Text(size_t max_characters) {
  std::string text;
  for (size_t left = Below(max_characters + 1); left > 0; --left) {
    text += std::string(kCharacters[Below(kCharacters.size())]);
  }
  return absl::StrCat("CONVERT(X'", absl::BytesToHexString(text),
                      "' USING utf8mb4)");
}

std::string RandomJson::Bytes(size_t max_bytes) {
  std::string bytes;
  for (size_t left = Below(max_bytes + 1); left > 0; --left) {
    bytes.push_back(static_cast<char>(Below(256)));
  }
  return absl::StrCat("X'", absl::BytesToHexString(bytes), "'");
}

std::string RandomJson::Key() {
  return absl::StrCat("CONVERT(X'",
                      absl::BytesToHexString(kKeys[Below(kKeys.size())]),
                      "' USING utf8mb4)");
}

std::string RandomJson::Path() {
  std::string path = "'$";
  do {
    if (OneIn(2)) {
      absl::StrAppend(&path, "[", OneIn(2) ? "last-" : "", Below(8), "]");
      continue;
    }
    // Both the JSON string and the SQL literal around it escape.
    absl::StrAppend(&path, ".\"");
    for (const char c : kKeys[Below(kKeys.size())]) {
      switch (c) {
        case '"':
        case '\\':
          absl::StrAppend(&path, "\\\\\\", std::string(1, c));
          break;
        case '\n':
          absl::StrAppend(&path, "\\\\n");
          break;
        case '\x01':
          absl::StrAppend(&path, "\\\\u0001");
          break;
        default:
          path.push_back(c);
      }
    }
    absl::StrAppend(&path, "\"");
  } while (OneIn(2));
  return path + "'";
}

std::string RandomJson::Update(const std::string& document) {
  constexpr std::array<absl::string_view, 4> kFunctions = {
      "JSON_REMOVE", "JSON_SET", "JSON_REPLACE", "JSON_INSERT"};
  // Few removals, lest little be left.
  const size_t function = OneIn(10) ? 0 : 1 + Below(3);
  const std::string inner = OneIn(4) ? Update(document) : document;
  std::string call = absl::StrCat(kFunctions[function], "(", inner);
  do {
    absl::StrAppend(&call, ", ", Path());
    if (function != 0) absl::StrAppend(&call, ", ", Value(OneIn(3) ? 3 : 6));
  } while (OneIn(2));
  return call + ")";
}

}  // namespace binferry::worker
