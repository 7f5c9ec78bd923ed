#include "worker/select/object_selection.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
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

const std::string& MappedOr(const std::string& mapped,
                            const std::string& name) {
  return mapped.empty() ? name : mapped;
}

using MappedTables = absl::flat_hash_map<std::string, std::string>;

absl::StatusOr<MappedTables> MapTables(const DatabaseRule& rule,
                                       absl::string_view field) {
  if (!rule.all_tables && rule.tables.empty()) {
    return Refuse(absl::StrCat(field, ".tables"),
                  absl::StrCat("no table of database ", rule.name,
                               " is selected; name tables or select all"));
  }
  MappedTables tables;
  for (size_t i = 0; i < rule.tables.size(); ++i) {
    const TableRule& table = rule.tables[i];
    const std::string name_field = absl::StrCat(field, ".tables[", i, "].name");
    if (table.name.empty()) {
      return Refuse(name_field, "the table name is empty");
    }
    if (!tables.emplace(table.name, MappedOr(table.mapped_name, table.name))
             .second) {
      return Refuse(name_field, absl::StrCat("table ", rule.name, ".",
                                             table.name, " stands twice"));
    }
  }
  return tables;
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

}  // namespace

uint64_t SelectionFingerprint(const ObjectSelection& selection) {
  std::vector<std::string> words;
  for (const DatabaseRule& database : selection.databases) {
    if (database.all_tables) words.push_back(Counted(database.name) + "*");
    // Where every table is selected the list only maps names.
    if (database.all_tables) continue;
    for (const TableRule& table : database.tables) {
      words.push_back(Counted(database.name) + Counted(table.name));
    }
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
    const DatabaseRule& rule = selection.databases[i];
    const std::string field = absl::StrCat("databases[", i, "]");
    const std::string name_field = absl::StrCat(field, ".name");
    if (rule.name.empty()) {
      return Refuse(name_field, "the database name is empty");
    }
    if (IsSystemSchema(rule.name)) {
      return Refuse(name_field,
                    absl::StrCat(rule.name,
                                 " is a system schema, which cannot be "
                                 "synchronized; remove it"));
    }
    BINFERRY_ASSIGN_OR_RETURN(MappedTables tables, MapTables(rule, field));
    Database database{MappedOr(rule.mapped_name, rule.name), rule.all_tables,
                      std::move(tables)};
    if (!selector.databases_.emplace(rule.name, std::move(database)).second) {
      return Refuse(name_field,
                    absl::StrCat("database ", rule.name, " stands twice"));
    }
  }
  return selector;
}

std::optional<SelectedTable> TableSelector::Select(
    absl::string_view database, absl::string_view table) const {
  const auto found = databases_.find(database);
  if (found == databases_.end()) return std::nullopt;
  const Database& rule = found->second;
  if (const auto mapped = rule.mapped_tables.find(table);
      mapped != rule.mapped_tables.end()) {
    return SelectedTable{rule.mapped_name, mapped->second};
  }
  if (!rule.all_tables) return std::nullopt;
  return SelectedTable{rule.mapped_name, table};
}

bool TableSelector::SelectsDatabase(absl::string_view database) const {
  for (const auto& [name, rule] : databases_) {
    if (absl::EqualsIgnoreCase(name, database)) return true;
  }
  return false;
}

bool TableSelector::MayNameDatabase(absl::string_view statement) const {
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
