#include "common/topic_name.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/status_macros.h"

namespace binferry {
namespace {

constexpr absl::string_view kDatabaseVariable = "$database$";
constexpr absl::string_view kTableVariable = "$tablename$";

bool IsSeparator(char c) { return c == '.' || c == '_' || c == '-'; }

bool IsLegal(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || IsSeparator(c);
}

struct Part {
  enum class Kind { kDatabase, kTable, kConstant };
  Kind kind;
  char constant = 0;  // kConstant: one character.
};

absl::StatusOr<std::vector<Part>> Parse(absl::string_view format) {
  if (format.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the topic name format is empty; the default is \"",
                     kDefaultTopicNameFormat, "\""));
  }
  std::vector<Part> parts;
  absl::string_view rest = format;
  while (!rest.empty()) {
    if (absl::ConsumePrefix(&rest, kDatabaseVariable)) {
      parts.push_back({Part::Kind::kDatabase});
    } else if (absl::ConsumePrefix(&rest, kTableVariable)) {
      parts.push_back({Part::Kind::kTable});
    } else if (IsLegal(rest.front())) {
      parts.push_back({Part::Kind::kConstant, rest.front()});
      rest.remove_prefix(1);
    } else {
      const size_t end =
          rest.front() == '$' ? rest.find('$', 1) : absl::string_view::npos;
      return absl::InvalidArgumentError(absl::StrCat(
          "the topic name format \"", format, "\" contains ",
          end == absl::string_view::npos
              ? absl::StrCat("'", rest.substr(0, 1),
                             "', which no topic name may have")
              : absl::StrCat(rest.substr(0, end + 1), ", which is no variable"),
          "; use the variables ", kDatabaseVariable, " and ", kTableVariable,
          " and the characters a-z, A-Z, 0-9, '.', '_', '-'"));
    }
  }
  return parts;
}

// How many parts at the front of [first, last) to leave out when table names
// are empty: those up to the first database name or ordinary character, if a
// table name is among them.
template <typename Iterator>
size_t CountDangling(Iterator first, Iterator last) {
  bool has_table = false;
  size_t count = 0;
  for (Iterator it = first; it != last; ++it, ++count) {
    if (it->kind == Part::Kind::kTable) {
      has_table = true;
    } else if (it->kind == Part::Kind::kDatabase ||
               !IsSeparator(it->constant)) {
      break;
    }
  }
  return has_table ? count : 0;
}

}  // namespace

absl::Status CheckTopicName(absl::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("a topic name is empty");
  if (name.size() > kMaxTopicNameBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("a topic name has ", name.size(),
                     " characters; Kafka takes at most ", kMaxTopicNameBytes));
  }
  if (name == "." || name == "..") {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" may not be a topic name"));
  }
  for (const char c : name) {
    if (!IsLegal(c)) {
      return absl::InvalidArgumentError(
          absl::StrCat("\"", name,
                       "\" may not be a topic name: Kafka takes only a-z, A-Z, "
                       "0-9, '.', '_', '-'"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckTopicNameFormat(absl::string_view format) {
  return Parse(format).status();
}

absl::StatusOr<std::string> TopicNameFor(absl::string_view format,
                                         absl::string_view database,
                                         absl::string_view table) {
  BINFERRY_ASSIGN_OR_RETURN(std::vector<Part> parts, Parse(format));
  if (table.empty()) {
    parts.resize(parts.size() - CountDangling(parts.rbegin(), parts.rend()));
    parts.erase(parts.begin(),
                parts.begin() + static_cast<std::ptrdiff_t>(
                                    CountDangling(parts.begin(), parts.end())));
  }
  std::string name;
  for (const Part& part : parts) {
    switch (part.kind) {
      case Part::Kind::kDatabase:
        absl::StrAppend(&name, database);
        break;
      case Part::Kind::kTable:
        absl::StrAppend(&name, table);
        break;
      case Part::Kind::kConstant:
        name.push_back(part.constant);
        break;
    }
  }
  if (absl::Status legal = CheckTopicName(name); !legal.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        table.empty() ? absl::StrCat("DDL of database ", database)
                      : absl::StrCat("table ", database, ".", table),
        ": ", legal.message(), "; the format \"", format,
        "\" makes it: map the object to another name, change the format, or "
        "use a specified topic"));
  }
  return name;
}

}  // namespace binferry
