#include "worker/precheck/object_facts.h"

#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/name_pattern.h"
#include "common/status_macros.h"
#include "worker/mysql/source_objects.h"

namespace binferry::worker {
namespace {

// Names in one statement.
constexpr size_t kNamesPerStatement = 500;

std::string Text(const TextRow& row, size_t column) {
  return column < row.size() ? row[column].value_or("") : "";
}

uint64_t Count(const TextRow& row, size_t column) {
  uint64_t count = 0;
  return absl::SimpleAtoi(Text(row, column), &count) ? count : 0;
}

std::string Quoted(const Connection& connection,
                   const std::vector<std::string>& names) {
  return absl::StrJoin(names, ",",
                       [&](std::string* out, const std::string& name) {
                         out->append(connection.Quote(name));
                       });
}

class Reading {
 public:
  Reading(Connection* connection, const ObjectQuestion& question,
          const TableSelector& selector)
      : connection_(connection), question_(question), selector_(selector) {}

  absl::StatusOr<ObjectFacts> Run() && {
    facts_.where = connection_->where();
    BINFERRY_RETURN_IF_ERROR(ReadDatabases());
    for (const std::string& database : databases_)
      BINFERRY_RETURN_IF_ERROR(ReadTables(database));
    BINFERRY_ASSIGN_OR_RETURN(
        facts_.missing, FindMissingObjects(connection_, question_.required));
    for (const auto& [database, tables] : by_database_) {
      for (size_t from = 0; from < tables.size(); from += kNamesPerStatement)
        BINFERRY_RETURN_IF_ERROR(ReadColumns(database, tables, from));
      BINFERRY_RETURN_IF_ERROR(ReadForeignKeys(database));
      BINFERRY_RETURN_IF_ERROR(CountPrograms(database));
    }
    BINFERRY_RETURN_IF_ERROR(ReadRuledTables());
    BINFERRY_RETURN_IF_ERROR(FindSelectingNothing());
    return std::move(facts_);
  }

 private:
  absl::Status ReadDatabases() {
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<TextRow> rows,
        connection_->Query(
            "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY "
            "SCHEMA_NAME"));
    for (const TextRow& row : rows) {
      const std::string name = Text(row, 0);
      if (!IsSystemSchema(name) && selector_.SelectsDatabase(name))
        databases_.push_back(name);
    }
    return absl::OkStatus();
  }

  absl::Status ReadTables(const std::string& database) {
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<TextRow> rows,
        connection_->Query(absl::StrCat(
            "SELECT TABLE_NAME, ENGINE, CREATE_OPTIONS FROM "
            "information_schema.TABLES WHERE TABLE_TYPE='BASE TABLE' AND "
            "TABLE_SCHEMA=",
            connection_->Quote(database))));
    for (const TextRow& row : rows) {
      const std::string name = Text(row, 0);
      const std::optional<SelectedTable> selected =
          selector_.Select(database, name);
      if (!selected.has_value()) continue;
      by_name_[{database, name}] = facts_.tables.size();
      by_database_[database].push_back(name);
      TableFacts& table = facts_.tables.emplace_back();
      table.name = {database, name};
      table.mapped_name = {std::string(selected->database),
                           std::string(selected->table)};
      if (selected->rules != nullptr)
        rules_[{database, name}] = selected->rules;
      table.engine = Text(row, 1);
      table.is_encrypted =
          absl::StrContains(Text(row, 2), "ENCRYPTION=\"Y\"") ||
          absl::StrContains(Text(row, 2), "ENCRYPTION='Y'");
    }
    return absl::OkStatus();
  }

  // A row per table, whatever its number of columns.
  absl::Status ReadColumns(const std::string& database,
                           const std::vector<std::string>& tables,
                           size_t from) {
    const size_t to = std::min(from + kNamesPerStatement, tables.size());
    const std::vector<std::string> part(
        tables.begin() + static_cast<ptrdiff_t>(from),
        tables.begin() + static_cast<ptrdiff_t>(to));
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<TextRow> rows,
        connection_->Query(absl::StrCat(
            "SELECT TABLE_NAME, SUM(COLUMN_KEY='PRI'), SUM(IF(DATA_TYPE IN "
            "('json', 'geometry', 'vector'), 4294967295, "
            "COALESCE(CHARACTER_OCTET_LENGTH, 8))), SUM(EXTRA LIKE '%VIRTUAL "
            "GENERATED%' OR EXTRA LIKE '%STORED GENERATED%'), SUM(EXTRA LIKE "
            "'%INVISIBLE%'), SUM(PRIVILEGES NOT LIKE '%select%') FROM "
            "information_schema.COLUMNS WHERE TABLE_SCHEMA=",
            connection_->Quote(database), " AND TABLE_NAME IN (",
            Quoted(*connection_, part), ") GROUP BY TABLE_NAME")));
    for (const TextRow& row : rows) {
      const auto found = by_name_.find({database, Text(row, 0)});
      if (found == by_name_.end()) continue;
      TableFacts& table = facts_.tables[found->second];
      table.has_key = Count(row, 1) > 0;
      table.max_row_bytes = Count(row, 2);
      table.generated_columns = static_cast<uint32_t>(Count(row, 3));
      table.invisible_columns = static_cast<uint32_t>(Count(row, 4));
      table.may_select = Count(row, 5) == 0;
    }
    return absl::OkStatus();
  }

  bool IsSelected(const TableName& name) const {
    return by_name_.count(name) != 0;
  }

  // Those of the database's own tables; a parent may be in any database.
  absl::Status ReadForeignKeys(const std::string& database) {
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<TextRow> rows,
        connection_->Query(absl::StrCat(
            "SELECT CONSTRAINT_NAME, TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA, "
            "REFERENCED_TABLE_NAME, UPDATE_RULE, DELETE_RULE FROM "
            "information_schema.REFERENTIAL_CONSTRAINTS WHERE "
            "CONSTRAINT_SCHEMA=",
            connection_->Quote(database))));
    for (const TextRow& row : rows) {
      ForeignKeyFacts key{.name = Text(row, 0),
                          .child = {database, Text(row, 1)},
                          .parent = {Text(row, 2), Text(row, 3)},
                          .update_rule = Text(row, 4),
                          .delete_rule = Text(row, 5)};
      key.child_selected = IsSelected(key.child);
      key.parent_selected = IsSelected(key.parent);
      if (key.child_selected || key.parent_selected)
        facts_.foreign_keys.push_back(std::move(key));
    }
    return absl::OkStatus();
  }

  absl::Status CountPrograms(const std::string& database) {
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<TextRow> triggers,
        connection_->Query(absl::StrCat(
            "SELECT EVENT_OBJECT_TABLE, COUNT(*) FROM "
            "information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA=",
            connection_->Quote(database), " GROUP BY EVENT_OBJECT_TABLE")));
    for (const TextRow& row : triggers) {
      if (IsSelected({database, Text(row, 0)}))
        facts_.triggers += Count(row, 1);
    }
    BINFERRY_ASSIGN_OR_RETURN(
        const std::vector<TextRow> events,
        connection_->Query(
            absl::StrCat("SELECT COUNT(*) FROM information_schema.EVENTS WHERE "
                         "EVENT_SCHEMA=",
                         connection_->Quote(database))));
    if (!events.empty()) facts_.events += Count(events.front(), 0);
    return absl::OkStatus();
  }

  // Of tables with rules: by table, because most have none.
  absl::Status ReadRuledTables() {
    for (const auto& [name, rules] : rules_) {
      RuledTableFacts table{.name = name, .rules = *rules};
      const std::string where =
          absl::StrCat("WHERE TABLE_SCHEMA=", connection_->Quote(name.first),
                       " AND TABLE_NAME=", connection_->Quote(name.second));
      BINFERRY_ASSIGN_OR_RETURN(
          const std::vector<TextRow> columns,
          connection_->Query(absl::StrCat(
              "SELECT COLUMN_NAME, IS_NULLABLE, COLLATION_NAME FROM "
              "information_schema.COLUMNS ",
              where)));
      for (const TextRow& row : columns)
        table.columns.push_back({.name = Text(row, 0),
                                 .nullable = Text(row, 1) == "YES",
                                 .collation = Text(row, 2)});
      BINFERRY_ASSIGN_OR_RETURN(
          const std::vector<TextRow> indexes,
          connection_->Query(absl::StrCat("SELECT INDEX_NAME, COLUMN_NAME FROM "
                                          "information_schema.STATISTICS ",
                                          where, " AND NON_UNIQUE=0")));
      std::map<std::string, std::vector<std::string>> keys;
      for (const TextRow& row : indexes)
        keys[Text(row, 0)].push_back(Text(row, 1));
      for (auto& [index, key] : keys) table.unique_keys.push_back(key);
      facts_.ruled_tables.push_back(std::move(table));
    }
    return absl::OkStatus();
  }

  // Whether a selected table lies in a database of `databases` and matches
  // `tables`; nothing matches everything.
  bool AnySelected(const NamePattern* databases, const std::string& database,
                   const NamePattern* tables) const {
    return std::any_of(
        facts_.tables.begin(), facts_.tables.end(), [&](const TableFacts& t) {
          const bool in_database = databases == nullptr
                                       ? t.name.first == database
                                       : databases->Matches(t.name.first);
          return in_database &&
                 (tables == nullptr || tables->Matches(t.name.second));
        });
  }

  absl::Status FindSelectingNothing() {
    for (size_t i = 0; i < question_.selection.databases.size(); ++i) {
      const DatabaseObject& object = question_.selection.databases[i];
      const std::string field = absl::StrCat("objects.databases[", i, "]");
      std::optional<NamePattern> databases;
      if (!object.name_pattern.empty()) {
        BINFERRY_ASSIGN_OR_RETURN(databases,
                                  NamePattern::Create(object.name_pattern));
      }
      const NamePattern* const in =
          databases.has_value() ? &*databases : nullptr;
      if ((object.all_tables || in != nullptr) &&
          !AnySelected(in, object.name, nullptr)) {
        facts_.selecting_nothing.push_back(absl::StrCat(
            field, " (", in == nullptr ? object.name : object.name_pattern,
            ")"));
        continue;
      }
      for (size_t j = 0; j < object.table_patterns.size(); ++j) {
        const std::string& text = object.table_patterns[j].pattern;
        BINFERRY_ASSIGN_OR_RETURN(const NamePattern tables,
                                  NamePattern::Create(text));
        if (!AnySelected(in, object.name, &tables))
          facts_.selecting_nothing.push_back(
              absl::StrCat(field, ".table_patterns[", j, "] (", text, ")"));
      }
    }
    return absl::OkStatus();
  }

  Connection* const connection_;
  const ObjectQuestion& question_;
  const TableSelector& selector_;
  ObjectFacts facts_;
  std::vector<std::string> databases_;
  std::map<std::string, std::vector<std::string>> by_database_;
  std::map<TableName, size_t> by_name_;           // Index into facts_.tables.
  std::map<TableName, const TableRules*> rules_;  // Owned by the selector.
};

}  // namespace

std::string NameText(const TableName& name) {
  return absl::StrCat(name.first, ".", name.second);
}

absl::StatusOr<ObjectFacts> ReadObjectFacts(Connection* connection,
                                            const ObjectQuestion& question) {
  BINFERRY_ASSIGN_OR_RETURN(const TableSelector selector,
                            TableSelector::Create(question.selection));
  return Reading(connection, question, selector).Run();
}

absl::StatusOr<std::vector<std::string>> FindTablesWithoutSelect(
    Connection* connection, const ObjectSelection& selection, size_t limit) {
  BINFERRY_ASSIGN_OR_RETURN(
      const ObjectFacts facts,
      ReadObjectFacts(connection, {.selection = selection, .required = {}}));
  std::vector<std::string> tables;
  for (const TableFacts& table : facts.tables) {
    if (table.may_select || tables.size() == limit) continue;
    tables.push_back(absl::StrCat(QuoteName(table.name.first), ".",
                                  QuoteName(table.name.second)));
  }
  return tables;
}

}  // namespace binferry::worker
