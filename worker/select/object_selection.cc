#include "worker/select/object_selection.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/row_filter.h"
#include "common/status_macros.h"

namespace binferry::worker {
namespace {

bool IsSystemSchema(absl::string_view database) {
  return database == "mysql" || database == "information_schema" ||
         database == "performance_schema" || database == "sys";
}

absl::Status Refuse(absl::string_view field, absl::string_view reason) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", reason));
}

// Of a name that can't end early: its length goes first.
std::string Counted(absl::string_view name) {
  return absl::StrCat(name.size(), ":", name);
}

// FNV-1a with 64 bits, as draft-eastlake-fnv has it.
uint64_t Fnv1a(absl::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : bytes) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash;
}

absl::StatusOr<NamePattern> Compile(absl::string_view pattern,
                                    absl::string_view field) {
  absl::StatusOr<NamePattern> compiled = NamePattern::Create(pattern);
  if (!compiled.ok()) return Refuse(field, compiled.status().message());
  return compiled;
}

absl::Status CheckDatabaseName(const DatabaseObject& object,
                               absl::string_view field) {
  const std::string name_field = absl::StrCat(field, ".name");
  if (!object.name_pattern.empty()) {
    if (!object.name.empty()) {
      return Refuse(name_field,
                    "a database is selected by its name or by a name_pattern, "
                    "not by both; remove one");
    }
    if (object.mapped_name.empty()) return absl::OkStatus();
    return Refuse(absl::StrCat(field, ".mapped_name"),
                  "databases by pattern can't be mapped to one name; remove "
                  "it, or select them by name");
  }
  if (object.name.empty()) {
    return Refuse(name_field, "the database name is empty");
  }
  if (!IsSystemSchema(object.name)) return absl::OkStatus();
  return Refuse(name_field, absl::StrCat(object.name,
                                         " is a system schema, which cannot be "
                                         "synchronized; remove it"));
}

// The words of a database's tables, each behind `prefix`.
void AddFingerprintWords(const DatabaseObject& object,
                         const std::string& prefix,
                         std::vector<std::string>* words) {
  if (object.all_tables || !object.table_patterns.empty()) {
    absl::flat_hash_set<absl::string_view> named;
    for (const TableObject& table : object.tables) named.insert(table.name);
    for (const std::string& table : object.excluded_tables) {
      // Those that stand in `tables` are selected all the same.
      if (!named.contains(table))
        words->push_back(prefix + "-" + Counted(table));
    }
  }
  if (object.all_tables) {
    // Patterns and `tables` then select no more.
    words->push_back(prefix + "*");
    return;
  }
  for (const TablePattern& pattern : object.table_patterns) {
    words->push_back(prefix + "~" + Counted(pattern.pattern));
  }
  for (const TableObject& table : object.tables) {
    words->push_back(prefix + Counted(table.name));
  }
}

}  // namespace

uint64_t SelectionFingerprint(const ObjectSelection& selection) {
  std::vector<std::string> words;
  size_t patterns = 0;
  for (const DatabaseObject& object : selection.databases) {
    AddFingerprintWords(
        object,
        object.name_pattern.empty()
            ? Counted(object.name)
            : absl::StrCat("/", ++patterns, "/", Counted(object.name_pattern)),
        &words);
  }
  std::sort(words.begin(), words.end());
  return std::max<uint64_t>(1, Fnv1a(absl::StrJoin(words, "")));
}

absl::StatusOr<TableSelector> TableSelector::Create(
    const ObjectSelection& selection) {
  if (selection.databases.empty()) {
    return Refuse("databases", "nothing is selected; name a database");
  }
  TableSelector selector;
  for (size_t i = 0; i < selection.databases.size(); ++i) {
    BINFERRY_RETURN_IF_ERROR(selector.Add(selection.databases[i],
                                          absl::StrCat("databases[", i, "]")));
  }
  return selector;
}

absl::Status TableSelector::Add(const DatabaseObject& object,
                                absl::string_view field) {
  BINFERRY_RETURN_IF_ERROR(CheckDatabaseName(object, field));
  BINFERRY_ASSIGN_OR_RETURN(Database database, Prepare(object, field));
  if (!object.name_pattern.empty()) {
    BINFERRY_ASSIGN_OR_RETURN(
        NamePattern pattern,
        Compile(object.name_pattern, absl::StrCat(field, ".name_pattern")));
    database_patterns_.push_back({std::move(pattern), std::move(database)});
    return absl::OkStatus();
  }
  if (databases_.emplace(object.name, std::move(database)).second) {
    return absl::OkStatus();
  }
  return Refuse(absl::StrCat(field, ".name"),
                absl::StrCat("database ", object.name, " stands twice"));
}

absl::StatusOr<TableSelector::Database> TableSelector::Prepare(
    const DatabaseObject& object, absl::string_view field) {
  if (!object.all_tables && object.tables.empty() &&
      object.table_patterns.empty()) {
    return Refuse(
        absl::StrCat(field, ".tables"),
        absl::StrCat("no table of ",
                     object.name.empty()
                         ? absl::StrCat("databases like ", object.name_pattern)
                         : absl::StrCat("database ", object.name),
                     " is selected; name tables or select all"));
  }
  Database database;
  database.mapped_name = object.mapped_name;
  database.all_tables = object.all_tables;
  BINFERRY_ASSIGN_OR_RETURN(database.rules,
                            Keep(object.rules, absl::StrCat(field, ".rules")));
  BINFERRY_RETURN_IF_ERROR(PrepareTables(object, field, &database));
  for (size_t i = 0; i < object.table_patterns.size(); ++i) {
    const TablePattern& pattern = object.table_patterns[i];
    const std::string path = absl::StrCat(field, ".table_patterns[", i, "]");
    BINFERRY_ASSIGN_OR_RETURN(
        NamePattern compiled,
        Compile(pattern.pattern, absl::StrCat(path, ".pattern")));
    const TableRules* rules = database.rules;
    if (pattern.rules.has_value()) {
      BINFERRY_ASSIGN_OR_RETURN(
          rules, Keep(pattern.rules, absl::StrCat(path, ".rules")));
    }
    database.patterns.push_back({std::move(compiled), rules});
  }
  return database;
}

absl::Status TableSelector::PrepareTables(const DatabaseObject& object,
                                          absl::string_view field,
                                          Database* to) {
  for (size_t i = 0; i < object.tables.size(); ++i) {
    const TableObject& table = object.tables[i];
    const std::string path = absl::StrCat(field, ".tables[", i, "]");
    const std::string name_field = path + ".name";
    if (table.name.empty()) {
      return Refuse(name_field, "the table name is empty");
    }
    const TableRules* rules = to->rules;
    if (table.rules.has_value()) {
      BINFERRY_ASSIGN_OR_RETURN(rules, Keep(table.rules, path + ".rules"));
    }
    if (!to->tables
             .emplace(table.name,
                      Table{.mapped_name = table.mapped_name, .rules = rules})
             .second) {
      return Refuse(
          name_field,
          absl::StrCat("table ",
                       object.name.empty() ? object.name_pattern : object.name,
                       ".", table.name, " stands twice"));
    }
  }
  for (const std::string& table : object.excluded_tables) {
    to->tables.emplace(table, Table{.mapped_name = "", .is_excluded = true});
  }
  return absl::OkStatus();
}

absl::StatusOr<const TableRules*> TableSelector::Keep(
    const std::optional<TableRules>& rules, absl::string_view field) {
  if (!rules.has_value() || *rules == TableRules()) return nullptr;
  if (!rules->row_filter.empty()) {
    const absl::Status filter = ParseRowFilter(rules->row_filter).status();
    if (!filter.ok()) {
      return Refuse(absl::StrCat(field, ".row_filter"), filter.message());
    }
  }
  rules_.push_back(std::make_unique<const TableRules>(*rules));
  return rules_.back().get();
}

TableSelector::Verdict TableSelector::Judge(const Database& by,
                                            absl::string_view table,
                                            SelectedTable* selected) {
  if (!by.mapped_name.empty()) selected->database = by.mapped_name;
  if (const auto found = by.tables.find(table); found != by.tables.end()) {
    if (found->second.is_excluded) return Verdict::kExcluded;
    if (!found->second.mapped_name.empty()) {
      selected->table = found->second.mapped_name;
    }
    selected->rules = found->second.rules;
    return Verdict::kSelected;
  }
  for (const Pattern& pattern : by.patterns) {
    if (!pattern.pattern.Matches(table)) continue;
    selected->rules = pattern.rules;
    return Verdict::kSelected;
  }
  selected->rules = by.rules;
  return by.all_tables ? Verdict::kSelected : Verdict::kNothing;
}

std::optional<SelectedTable> TableSelector::Select(
    absl::string_view database, absl::string_view table) const {
  SelectedTable selected{database, table};
  Verdict verdict = Verdict::kNothing;
  if (const auto found = databases_.find(database); found != databases_.end()) {
    verdict = Judge(found->second, table, &selected);
  }
  if (database_patterns_.empty() || IsSystemSchema(database)) {
    if (verdict != Verdict::kSelected) return std::nullopt;
    return selected;
  }
  for (const DatabasePattern& by : database_patterns_) {
    if (verdict != Verdict::kNothing) break;
    if (!by.pattern.Matches(database)) continue;
    selected = {database, table};
    verdict = Judge(by.database, table, &selected);
  }
  if (verdict != Verdict::kSelected) return std::nullopt;
  return selected;
}

bool TableSelector::SelectsDatabase(absl::string_view database) const {
  for (const auto& [name, rule] : databases_) {
    if (absl::EqualsIgnoreCase(name, database)) return true;
  }
  if (IsSystemSchema(absl::AsciiStrToLower(database))) return false;
  return std::any_of(database_patterns_.begin(), database_patterns_.end(),
                     [database](const DatabasePattern& by) {
                       return by.pattern.MatchesInAnyCase(database);
                     });
}

bool TableSelector::MayNameDatabase(absl::string_view statement) const {
  if (!database_patterns_.empty()) {
    return absl::StrContains(statement, ".");
  }
  const std::string text = absl::AsciiStrToLower(statement);
  for (const auto& [name, rule] : databases_) {
    const std::string wanted = absl::AsciiStrToLower(name);
    for (size_t at = text.find(wanted); at != std::string::npos;
         at = text.find(wanted, at + 1)) {
      // What may stand between a name and the dot behind it.
      const size_t next =
          text.find_first_not_of("`\" \t\r\n", at + wanted.size());
      if (next != std::string::npos && text[next] == '.') return true;
    }
  }
  return false;
}

}  // namespace binferry::worker
