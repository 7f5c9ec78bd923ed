#include "worker/binlog/statement.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "worker/charset/charset.h"

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

// The sets of which the second byte of a character may look like ASCII: those
// of Chinese have their first bytes from 81 on, those of Japanese have letters
// of one byte between.
enum class TrailBytes : uint8_t { kNeverAscii, kChinese, kJapanese };

TrailBytes TrailBytesOf(Charset charset) {
  if (charset == Charset::kBig5 || charset == Charset::kGbk ||
      charset == Charset::kGb18030) {
    return TrailBytes::kChinese;
  }
  return charset == Charset::kCp932 || charset == Charset::kSjis
             ? TrailBytes::kJapanese
             : TrailBytes::kNeverAscii;
}

// The bare words of a statement, one after the other: comments, quoted text and
// punctuation are passed over; what stands in `/*! */` is code.
class WordScanner {
 public:
  WordScanner(absl::string_view text, const StatementSyntax& syntax)
      : rest_(text),
        syntax_(syntax),
        trail_bytes_(TrailBytesOf(syntax.charset)) {}

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
    const bool is_name =
        quote == '`' || (quote == '"' && syntax_.has_ansi_quotes);
    const bool has_escapes = syntax_.has_backslash_escapes && !is_name;
    size_t i = 1;
    while (i < rest_.size() && rest_[i] != quote) {
      i += (has_escapes && rest_[i] == '\\') || HasTwoBytes(i) ? 2 : 1;
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
  }

  // Whether a character of two bytes stands at `at`, of which the second may
  // look like ASCII. Letters that follow a lead byte are never quotes but `.
  bool HasTwoBytes(size_t at) const {
    if (at + 1 >= rest_.size()) return false;
    const auto lead = static_cast<unsigned char>(rest_[at]);
    const auto trail = static_cast<unsigned char>(rest_[at + 1]);
    switch (trail_bytes_) {
      case TrailBytes::kNeverAscii:
        return false;
      case TrailBytes::kChinese:
        return lead > 0x80 && trail >= 0x40;
      case TrailBytes::kJapanese:
        return lead > 0x80 && (lead < 0xa0 || lead >= 0xe0) && trail >= 0x40;
    }
    return false;
  }

  absl::string_view TakeWord() {
    size_t bytes = 0;
    while (bytes < rest_.size() && IsWordByte(rest_[bytes])) {
      bytes += HasTwoBytes(bytes) ? 2 : 1;
    }
    const absl::string_view word = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return word;
  }

  absl::string_view rest_;
  StatementSyntax syntax_;
  TrailBytes trail_bytes_;
};

// Whether a CREATE TABLE is in the words of the server itself, which are in
// UTF-8 whatever the session's character set is.
bool IsWrittenByServer(absl::string_view text) {
  return absl::StartsWith(text, "CREATE TABLE `") &&
         absl::StrContains(text, "(\n  ");
}

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

StatementSyntax SyntaxOf(const QueryEvent& query) {
  constexpr uint64_t kAnsiQuotes = 0x4;
  constexpr uint64_t kNoBackslashEscapes = 0x100000;
  const uint64_t sql_mode = query.sql_mode.value_or(0);
  StatementSyntax syntax;
  syntax.has_backslash_escapes = (sql_mode & kNoBackslashEscapes) == 0;
  syntax.has_ansi_quotes = (sql_mode & kAnsiQuotes) != 0;
  if (!query.client_collation.has_value() || IsWrittenByServer(query.text)) {
    return syntax;
  }
  const absl::StatusOr<Charset> charset =
      CharsetOfCollation(*query.client_collation);
  if (charset.ok()) syntax.charset = *charset;
  return syntax;
}

Statement ClassifyStatement(absl::string_view text,
                            const StatementSyntax& syntax) {
  WordScanner words(text, syntax);
  Statement statement;
  statement.first_word = words.Next();
  statement.kind = KindOf(statement.first_word, words);
  statement.savepoint = SavepointOf(statement.kind, words);
  return statement;
}

}  // namespace binferry::worker
