#include "worker/binlog/json_path.h"

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"
#include "worker/binlog/json_value.h"

namespace binferry::worker {
namespace {

absl::Status DamagedPath() { return DamagedJson("a diff's path is no path"); }

// The character that a backslash and `escape` stand for; 0 for none.
char Unescape(char escape) {
  switch (escape) {
    case '"':
    case '\\':
    case '/':
      return escape;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// Takes a JSON string, behind its opening quote, from the front of `path`.
absl::StatusOr<std::string> TakeQuoted(absl::string_view* path) {
  constexpr size_t kHexDigits = 4;
  std::string key;
  while (!path->empty()) {
    const char c = path->front();
    path->remove_prefix(1);
    if (c == '"') return key;
    if (c != '\\') {
      key.push_back(c);
      continue;
    }
    if (path->empty()) break;
    const char escape = path->front();
    path->remove_prefix(1);
    if (escape != 'u') {
      const char plain = Unescape(escape);
      if (plain == 0) break;
      key.push_back(plain);
      continue;
    }
    // The server escapes control characters only.
    uint32_t code = 0;
    if (path->size() < kHexDigits ||
        !absl::SimpleHexAtoi(path->substr(0, kHexDigits), &code) ||
        code >= 0x20) {
      break;
    }
    key.push_back(static_cast<char>(code));
    path->remove_prefix(kHexDigits);
  }
  return DamagedPath();
}

// Takes a key, behind its point, from the front of `path`.
absl::StatusOr<JsonPathLeg> TakeMember(absl::string_view* path) {
  JsonPathLeg leg;
  if (absl::ConsumePrefix(path, "\"")) {
    BINFERRY_ASSIGN_OR_RETURN(leg.key, TakeQuoted(path));
    return leg;
  }
  const absl::string_view key = path->substr(0, path->find_first_of(".["));
  if (key.empty() || key == "*") return DamagedPath();
  leg.key = std::string(key);
  path->remove_prefix(key.size());
  return leg;
}

// Takes an index, behind its bracket, from the front of `path`.
absl::StatusOr<JsonPathLeg> TakeElement(absl::string_view* path) {
  const size_t end = path->find(']');
  if (end == absl::string_view::npos) return DamagedPath();
  absl::string_view index = path->substr(0, end);
  path->remove_prefix(end + 1);
  JsonPathLeg leg;
  leg.kind = JsonPathLeg::Kind::kElement;
  if (absl::ConsumePrefix(&index, "last")) {
    leg.kind = JsonPathLeg::Kind::kElementFromEnd;
    if (index.empty()) return leg;
    if (!absl::ConsumePrefix(&index, "-")) return DamagedPath();
  }
  if (!absl::SimpleAtoi(index, &leg.index)) return DamagedPath();
  return leg;
}

}  // namespace

absl::StatusOr<std::vector<JsonPathLeg>> ParseJsonPath(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "$")) return DamagedPath();
  std::vector<JsonPathLeg> legs;
  while (!path.empty()) {
    if (legs.size() == kMaxJsonDepth) return DamagedPath();
    const char start = path.front();
    path.remove_prefix(1);
    if (start != '.' && start != '[') return DamagedPath();
    auto leg = start == '.' ? TakeMember(&path) : TakeElement(&path);
    if (!leg.ok()) return leg.status();
    legs.push_back(*std::move(leg));
  }
  return legs;
}

}  // namespace binferry::worker
