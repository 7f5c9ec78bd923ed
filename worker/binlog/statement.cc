#include "worker/binlog/statement.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace binferry::worker {
namespace {

// What changes rows when it stands as text. Stored functions that change rows
// are logged as SELECT or DO.
constexpr std::array<absl::string_view, 10> kChangeWords = {
    "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD",
    "WITH",   "CALL",   "SELECT", "DO",      "VALUES"};

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// The bare words of a statement, one after the other: comments, quoted text and
// punctuation are passed over; what stands in `/*! */` is code.
class WordScanner {
 public:
  explicit WordScanner(absl::string_view text) : rest_(text) {}

  // The name that stands here, quoted or bare, without its quotes.
  absl::string_view Name() {
    while (!rest_.empty()) {
      if (SkipComment()) continue;
      const char c = rest_.front();
      if (c == '`' || c == '"') {
        const absl::string_view from = rest_;
        do {
          SkipQuoted(c);  // A doubled quote goes on with the same name.
        } while (!rest_.empty() && rest_.front() == c);
        const size_t bytes = from.size() - rest_.size();
        return bytes < 2 ? absl::string_view() : from.substr(1, bytes - 2);
      }
      if (IsWordByte(c)) return TakeWord();
      rest_.remove_prefix(1);
    }
    return {};
  }

  // "" at the end.
  absl::string_view Next() {
    while (!rest_.empty()) {
      if (SkipComment()) continue;
      const char c = rest_.front();
      if (c == '\'' || c == '"' || c == '`') {
        SkipQuoted(c);
      } else if (IsWordByte(c)) {
        return TakeWord();
      } else {
        rest_.remove_prefix(1);
      }
    }
    return {};
  }

 private:
  bool SkipComment() {
    if (absl::StartsWith(rest_, "#") || IsDashComment()) {
      SkipBehind("\n");
      return true;
    }
    if (!absl::StartsWith(rest_, "/*")) return false;
    if (absl::ConsumePrefix(&rest_, "/*!") ||
        absl::ConsumePrefix(&rest_, "/*M!")) {
      while (!rest_.empty() &&
             absl::ascii_isdigit(static_cast<unsigned char>(rest_.front()))) {
        rest_.remove_prefix(1);
      }
      return true;
    }
    rest_.remove_prefix(2);
    SkipBehind("*/");
    return true;
  }

  // `--` begins a comment only before a blank, a control or the end.
  bool IsDashComment() const {
    return absl::StartsWith(rest_, "--") &&
           (rest_.size() == 2 || static_cast<unsigned char>(rest_[2]) <= ' ');
  }

  void SkipBehind(absl::string_view mark) {
    const size_t at = rest_.find(mark);
    rest_.remove_prefix(at == absl::string_view::npos ? rest_.size()
                                                      : at + mark.size());
  }

  // A doubled quote is the end of one quoted piece and the start of the next.
  void SkipQuoted(char quote) {
    size_t i = 1;
    while (i < rest_.size() && rest_[i] != quote) {
      i += rest_[i] == '\\' && quote != '`' ? 2 : 1;
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
  }

  absl::string_view TakeWord() {
    size_t bytes = 1;
    while (bytes < rest_.size() && IsWordByte(rest_[bytes])) ++bytes;
    const absl::string_view word = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return word;
  }

  absl::string_view rest_;
};

bool Is(absl::string_view word, absl::string_view keyword) {
  return absl::EqualsIgnoreCase(word, keyword);
}

// Whether `words`, behind CREATE, go on as TABLE ... SELECT, or with one of the
// other words for rows: TABLE t, VALUES ROW(...). The server writes this in row
// format too, but as a plain CREATE TABLE, or with START TRANSACTION for rows
// to follow.
bool IsCreateTableSelect(WordScanner words) {
  absl::string_view word = words.Next();
  if (Is(word, "OR")) {
    words.Next();  // REPLACE
    word = words.Next();
  }
  if (!Is(word, "TABLE")) return false;
  bool has_rows = false;
  absl::string_view before_last;
  absl::string_view last;
  while (!(word = words.Next()).empty()) {
    has_rows = has_rows || Is(word, "SELECT") || Is(word, "TABLE") ||
               (Is(last, "VALUES") && Is(word, "ROW"));
    before_last = last;
    last = word;
  }
  return has_rows && !(Is(before_last, "START") && Is(last, "TRANSACTION"));
}

StatementKind KindOfRollback(WordScanner words) {
  absl::string_view word = words.Next();
  if (Is(word, "WORK")) word = words.Next();
  return Is(word, "TO") ? StatementKind::kRollbackTo : StatementKind::kRollback;
}

// `words` stands behind the first one.
absl::string_view SavepointOf(StatementKind kind, WordScanner words) {
  switch (kind) {
    case StatementKind::kSavepoint:
      return words.Name();
    case StatementKind::kRollbackTo:
      while (!Is(words.Next(), "TO")) {
      }
      break;
    case StatementKind::kReleaseSavepoint:
      break;
    case StatementKind::kBegin:
    case StatementKind::kCommit:
    case StatementKind::kRollback:
    case StatementKind::kXa:
    case StatementKind::kChange:
    case StatementKind::kDefinition:
      return {};
  }
  // The word SAVEPOINT may be left out.
  WordScanner behind_word = words;
  if (Is(behind_word.Next(), "SAVEPOINT")) {
    const absl::string_view name = behind_word.Name();
    if (!name.empty()) return name;
  }
  return words.Name();
}

StatementKind KindOf(absl::string_view word, WordScanner rest) {
  if (Is(word, "BEGIN")) return StatementKind::kBegin;
  if (Is(word, "COMMIT")) return StatementKind::kCommit;
  if (Is(word, "ROLLBACK")) return KindOfRollback(rest);
  if (Is(word, "SAVEPOINT")) return StatementKind::kSavepoint;
  if (Is(word, "RELEASE")) return StatementKind::kReleaseSavepoint;
  if (Is(word, "XA")) return StatementKind::kXa;
  if (Is(word, "START") && Is(rest.Next(), "TRANSACTION")) {
    return StatementKind::kBegin;
  }
  if (Is(word, "CREATE") && IsCreateTableSelect(rest)) {
    return StatementKind::kChange;
  }
  for (const absl::string_view change : kChangeWords) {
    if (Is(word, change)) return StatementKind::kChange;
  }
  return StatementKind::kDefinition;
}

}  // namespace

Statement ClassifyStatement(absl::string_view text) {
  WordScanner words(text);
  Statement statement;
  statement.first_word = words.Next();
  statement.kind = KindOf(statement.first_word, words);
  statement.savepoint = SavepointOf(statement.kind, words);
  return statement;
}

}  // namespace binferry::worker
