#include "worker/mysql/source_objects.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/remedy.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

std::string Text(const TextRow& row, size_t column) {
  return column < row.size() ? row[column].value_or("") : "";
}

template <typename Number>
Number ToNumber(const TextRow& row, size_t column) {
  Number number = 0;
  return absl::SimpleAtoi(Text(row, column), &number) ? number : Number{0};
}

// The condition and the end of a statement that lists `column` page by page,
// one name more than fit on it. The server compares names in its own order,
// which is the one that it sorts by.
absl::StatusOr<std::string> PageClause(const Connection& connection,
                                       absl::string_view column,
                                       const ListPage& page) {
  std::string last;
  if (!absl::WebSafeBase64Unescape(page.token, &last))
    return absl::InvalidArgumentError(
        "page_token: it is none that an earlier answer gave");
  std::string clause;
  if (!page.name_contains.empty())
    absl::StrAppend(&clause, " AND INSTR(LOWER(CONVERT(", column,
                    " USING utf8mb4)) COLLATE utf8mb4_bin, LOWER(",
                    connection.Quote(page.name_contains),
                    ") COLLATE utf8mb4_bin) > 0");
  if (!last.empty())
    absl::StrAppend(&clause, " AND ", column, " > ", connection.Quote(last));
  absl::StrAppend(&clause, " ORDER BY ", column, " LIMIT ", page.size + 1);
  return clause;
}

// The names of a page, in order, and the token of the next one.
template <typename Item>
void TakePage(std::vector<TextRow>& rows, const ListPage& page,
              ObjectList<Item>* out) {
  const bool has_more = rows.size() > page.size;
  if (has_more) rows.resize(page.size);
  for (const TextRow& row : rows) out->items.emplace_back().name = Text(row, 0);
  if (has_more && !out->items.empty())
    absl::WebSafeBase64Escape(out->items.back().name, &out->next_token);
}

template <typename Item>
std::string QuotedNames(const Connection& connection,
                        const std::vector<Item>& items) {
  return absl::StrJoin(items, ",", [&](std::string* out, const Item& item) {
    out->append(connection.Quote(item.name));
  });
}

absl::Status NotThere(const Connection& connection, absl::string_view what) {
  return RemedyError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat(what, " does not exist on ", connection.where(),
                   ", or the task's user may not see it"),
      "check the name (letter case counts) and GRANT SELECT on it");
}

// What the server calls PRI: the columns of the key, by table.
using KeyColumns = std::map<std::string, std::set<std::string>>;

absl::StatusOr<KeyColumns> ReadKeyColumns(Connection* connection,
                                          const std::string& where) {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> rows,
      connection->Query(absl::StrCat(
          "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS ",
          where, " AND COLUMN_KEY='PRI'")));
  KeyColumns keys;
  for (const TextRow& row : rows) keys[Text(row, 0)].insert(Text(row, 1));
  return keys;
}

// The key's columns in its order: those of the UNIQUE index that has just them.
absl::StatusOr<std::map<std::string, std::vector<std::string>>> ReadKeys(
    Connection* connection, const std::string& where) {
  BINFERRY_ASSIGN_OR_RETURN(const KeyColumns columns,
                            ReadKeyColumns(connection, where));
  std::map<std::string, std::vector<std::string>> keys;
  if (columns.empty()) return keys;
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> rows,
      connection->Query(absl::StrCat(
          "SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME FROM "
          "information_schema.STATISTICS ",
          where,
          " AND NON_UNIQUE=0 ORDER BY TABLE_NAME, INDEX_NAME='PRIMARY' DESC, "
          "INDEX_NAME, SEQ_IN_INDEX")));
  std::map<std::pair<std::string, std::string>, std::vector<std::string>>
      indexes;
  for (const TextRow& row : rows)
    indexes[{Text(row, 0), Text(row, 1)}].push_back(Text(row, 2));
  for (const auto& [name, index] : indexes) {
    const auto key = columns.find(name.first);
    if (key == columns.end() ||
        key->second != std::set<std::string>(index.begin(), index.end()))
      continue;
    std::vector<std::string>& out = keys[name.first];
    if (out.empty() || name.second == "PRIMARY") out = index;
  }
  return keys;
}

absl::Status DescribeTables(Connection* connection, const std::string& database,
                            std::vector<SourceTable>& tables) {
  const std::string where = absl::StrCat(
      "WHERE TABLE_SCHEMA=", connection->Quote(database),
      " AND TABLE_NAME IN (", QuotedNames(*connection, tables), ")");
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> rows,
      connection->Query(absl::StrCat("SELECT TABLE_NAME, TABLE_TYPE, ENGINE, "
                                     "TABLE_ROWS FROM "
                                     "information_schema.TABLES ",
                                     where)));
  std::map<std::string, const TextRow*> by_name;
  for (const TextRow& row : rows) by_name[Text(row, 0)] = &row;
  BINFERRY_ASSIGN_OR_RETURN(auto keys, ReadKeys(connection, where));
  for (SourceTable& table : tables) {
    const auto row = by_name.find(table.name);
    if (row == by_name.end()) {
      table.not_selectable_reason = "it was dropped just now";
      continue;
    }
    table.engine = Text(*row->second, 2);
    table.rows_estimate = ToNumber<uint64_t>(*row->second, 3);
    table.primary_key = std::move(keys[table.name]);
    if (Text(*row->second, 1) != "BASE TABLE")
      table.not_selectable_reason =
          "it is a view: select the tables that its rows come from";
    if (IsSystemSchema(database))
      table.not_selectable_reason = "it is one of the server's own tables";
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ObjectList<SourceDatabase>> ListSourceDatabases(
    Connection* connection, const ListPage& page) {
  BINFERRY_ASSIGN_OR_RETURN(const std::string clause,
                            PageClause(*connection, "SCHEMA_NAME", page));
  BINFERRY_ASSIGN_OR_RETURN(
      std::vector<TextRow> rows,
      connection->Query(
          absl::StrCat("SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM "
                       "information_schema.SCHEMATA WHERE TRUE",
                       clause)));
  ObjectList<SourceDatabase> list;
  TakePage(rows, page, &list);
  if (list.items.empty()) return list;
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> counts,
      connection->Query(absl::StrCat(
          "SELECT TABLE_SCHEMA, COUNT(*) FROM information_schema.TABLES WHERE "
          "TABLE_TYPE='BASE TABLE' AND TABLE_SCHEMA IN (",
          QuotedNames(*connection, list.items), ") GROUP BY TABLE_SCHEMA")));
  std::map<std::string, uint32_t> tables;
  for (const TextRow& row : counts)
    tables[Text(row, 0)] = ToNumber<uint32_t>(row, 1);
  for (size_t i = 0; i < list.items.size(); ++i) {
    SourceDatabase& database = list.items[i];
    database.default_charset = Text(rows[i], 1);
    database.tables = tables[database.name];
    if (IsSystemSchema(database.name))
      database.not_selectable_reason = "it is one of the server's own";
  }
  return list;
}

absl::StatusOr<ObjectList<SourceTable>> ListSourceTables(
    Connection* connection, const std::string& database, const ListPage& page) {
  BINFERRY_ASSIGN_OR_RETURN(const std::string clause,
                            PageClause(*connection, "TABLE_NAME", page));
  const std::string in_database =
      absl::StrCat("TABLE_SCHEMA=", connection->Quote(database));
  BINFERRY_ASSIGN_OR_RETURN(
      std::vector<TextRow> rows,
      connection->Query(absl::StrCat(
          "SELECT TABLE_NAME FROM information_schema.TABLES WHERE ",
          in_database, clause)));
  ObjectList<SourceTable> list;
  TakePage(rows, page, &list);
  if (!list.items.empty()) {
    BINFERRY_RETURN_IF_ERROR(DescribeTables(connection, database, list.items));
    return list;
  }
  BINFERRY_ASSIGN_OR_RETURN(
      const std::string found,
      connection->QueryText(absl::StrCat(
          "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE "
          "SCHEMA_NAME=",
          connection->Quote(database))));
  if (found.empty())
    return NotThere(*connection, absl::StrCat("database ", database));
  return list;
}

absl::StatusOr<std::vector<SourceColumn>> ListSourceColumns(
    Connection* connection, const std::string& database,
    const std::string& table) {
  const std::string where =
      absl::StrCat("WHERE TABLE_SCHEMA=", connection->Quote(database),
                   " AND TABLE_NAME=", connection->Quote(table));
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TextRow> rows,
      connection->Query(absl::StrCat(
          "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, CHARACTER_SET_NAME, "
          "EXTRA FROM information_schema.COLUMNS ",
          where, " ORDER BY ORDINAL_POSITION")));
  if (rows.empty())
    return NotThere(*connection, absl::StrCat("table ", database, ".", table));
  BINFERRY_ASSIGN_OR_RETURN(auto keys, ReadKeys(connection, where));
  const std::vector<std::string>& key = keys[table];
  std::vector<SourceColumn> columns;
  for (const TextRow& row : rows) {
    SourceColumn& column = columns.emplace_back();
    column.name = Text(row, 0);
    column.type = Text(row, 1);
    column.nullable = Text(row, 2) == "YES";
    column.charset = Text(row, 3);
    const std::string extra = absl::AsciiStrToUpper(Text(row, 4));
    // DEFAULT_GENERATED is a default that is an expression.
    column.generated = absl::StrContains(extra, "VIRTUAL GENERATED") ||
                       absl::StrContains(extra, "STORED GENERATED");
    column.invisible = absl::StrContains(extra, "INVISIBLE");
    const auto at = std::find(key.begin(), key.end(), column.name);
    if (at != key.end())
      column.key_ordinal = static_cast<uint32_t>(at - key.begin()) + 1;
  }
  return columns;
}

absl::StatusOr<std::string> ReadAccount(Connection* connection) {
  BINFERRY_ASSIGN_OR_RETURN(const std::string account,
                            connection->QueryText("SELECT CURRENT_USER()"));
  // Only the host can't hold an @.
  const size_t at = account.rfind('@');
  if (at == std::string::npos) return connection->Quote(account);
  return absl::StrCat(connection->Quote(account.substr(0, at)), "@",
                      connection->Quote(account.substr(at + 1)));
}

std::string QuoteName(absl::string_view name) {
  return absl::StrCat("`", absl::StrReplaceAll(name, {{"`", "``"}}), "`");
}

bool IsSystemSchema(absl::string_view database) {
  for (const absl::string_view system :
       {"mysql", "information_schema", "performance_schema", "sys",
        "ndbinfo"}) {
    if (absl::EqualsIgnoreCase(database, system)) return true;
  }
  return false;
}

}  // namespace binferry::worker
