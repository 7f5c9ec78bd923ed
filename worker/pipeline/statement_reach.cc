#include "worker/pipeline/statement_reach.h"

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace binferry::worker {
namespace {

bool SelectsOneOf(absl::string_view names, const TableSelector& selector) {
  while (!names.empty()) {
    const size_t bytes = names.find('\0');
    if (selector.SelectsDatabase(names.substr(0, bytes))) return true;
    names.remove_prefix(bytes + 1);
  }
  return false;
}

// Takes a name in backticks, without such in it, off `text`.
std::optional<absl::string_view> TakeQuotedName(absl::string_view* text) {
  if (!absl::ConsumePrefix(text, "`")) return std::nullopt;
  const size_t bytes = text->find('`');
  if (bytes == absl::string_view::npos) return std::nullopt;
  const absl::string_view name = text->substr(0, bytes);
  text->remove_prefix(bytes + 1);
  return name;
}

// The database of a MEMORY table that the source has emptied. Up to 8.0; later
// ones write TRUNCATE TABLE.
std::optional<absl::string_view> DatabaseOfEmptiedTable(
    absl::string_view text) {
  if (!absl::ConsumePrefix(&text, "DELETE FROM ")) return std::nullopt;
  const std::optional<absl::string_view> database = TakeQuotedName(&text);
  if (!absl::ConsumePrefix(&text, ".") || !TakeQuotedName(&text).has_value() ||
      !text.empty()) {
    return std::nullopt;
  }
  return database;
}

}  // namespace

bool MayChangeRows(const QueryEvent& query, const TableSelector& selector) {
  if (query.updated_databases.has_value()) {
    return SelectsOneOf(*query.updated_databases, selector);
  }
  const std::optional<absl::string_view> emptied =
      DatabaseOfEmptiedTable(query.text);
  return !emptied.has_value() || selector.SelectsDatabase(*emptied);
}

bool MayDefineTables(const QueryEvent& query, const TableSelector& selector) {
  if (query.updated_databases.has_value()) {
    return SelectsOneOf(*query.updated_databases, selector);
  }
  return query.database.empty() || selector.SelectsDatabase(query.database) ||
         selector.MayNameDatabase(query.text);
}

}  // namespace binferry::worker
