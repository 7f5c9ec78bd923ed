#include "worker/precheck/object_rule_items.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/row_filter.h"
#include "worker/precheck/finding.h"

namespace binferry::worker {
namespace {

constexpr char kGroup[] = "rules";

using Names = std::vector<std::string>;

const ColumnFacts* Find(const RuledTableFacts& table,
                        const std::string& column) {
  const auto found =
      std::find_if(table.columns.begin(), table.columns.end(),
                   [&](const ColumnFacts& c) { return c.name == column; });
  return found == table.columns.end() ? nullptr : &*found;
}

std::string ColumnText(const RuledTableFacts& table,
                       const std::string& column) {
  return absl::StrCat(NameText(table.name), ".", column);
}

// The columns that the filter names; none of a filter that can't be parsed,
// which the controller refuses.
Names FilterColumns(const RuledTableFacts& table) {
  if (table.rules.row_filter.empty()) return {};
  const auto filter = ParseRowFilter(table.rules.row_filter);
  return filter.ok() ? filter->columns : Names();
}

PrecheckItem RuleColumns(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_rule_columns",
                    .title = "Columns of rules",
                    .group = kGroup,
                    .wanted = "every column that a rule names is there"};
  Names missing;
  for (const RuledTableFacts& table : facts.ruled_tables) {
    std::set<std::string> named(table.rules.included_columns.begin(),
                                table.rules.included_columns.end());
    for (const ColumnRule& rule : table.rules.columns)
      named.insert(rule.column);
    for (const std::string& column : named) {
      if (Find(table, column) == nullptr)
        missing.push_back(ColumnText(table, column));
    }
  }
  if (missing.empty()) return Passed(std::move(item), "all are there");
  return About(
      Alarm(std::move(item), absl::StrCat(missing.size(), " are not there"),
            "a rule for a column that isn't there does nothing: what "
            "it should hide or change may go out under another name",
            "correct the names (letter case counts), or remove the "
            "rules"),
      std::move(missing));
}

PrecheckItem KeyColumnsExist(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_key_columns",
                    .title = "Chosen key columns",
                    .group = kGroup,
                    .wanted = "they are there"};
  Names missing;
  for (const RuledTableFacts& table : facts.ruled_tables) {
    for (const std::string& column : table.rules.key_columns) {
      if (Find(table, column) == nullptr)
        missing.push_back(ColumnText(table, column));
    }
  }
  if (missing.empty()) return Passed(std::move(item), "all are there");
  return About(
      Failed(std::move(item), absl::StrCat(missing.size(), " are not there"),
             "no record key can be made",
             "correct key_columns (letter case counts)"),
      std::move(missing));
}

bool IsUniqueKey(const RuledTableFacts& table) {
  const std::set<std::string> chosen(table.rules.key_columns.begin(),
                                     table.rules.key_columns.end());
  return std::any_of(table.unique_keys.begin(), table.unique_keys.end(),
                     [&chosen](const Names& key) {
                       return std::all_of(key.begin(), key.end(),
                                          [&](const std::string& c) {
                                            return chosen.count(c) != 0;
                                          });
                     });
}

PrecheckItem KeysIdentify(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_key_uniqueness",
                    .title = "Chosen keys identify rows",
                    .group = kGroup,
                    .wanted =
                        "they hold a UNIQUE key, and no column of them "
                        "may be NULL"};
  Names weak;
  for (const RuledTableFacts& table : facts.ruled_tables) {
    if (table.rules.key_columns.empty()) continue;
    const bool has_null = std::any_of(
        table.rules.key_columns.begin(), table.rules.key_columns.end(),
        [&table](const std::string& column) {
          const ColumnFacts* const found = Find(table, column);
          return found != nullptr && found->nullable;
        });
    if (has_null || !IsUniqueKey(table)) weak.push_back(NameText(table.name));
  }
  if (weak.empty()) return Passed(std::move(item), "they do");
  return About(
      Alarm(std::move(item), absl::StrCat(weak.size(), " tables have others"),
            "several rows have one record key: compacted topics keep "
            "the last of them, and a tombstone removes all",
            "choose the columns of a UNIQUE key that are NOT NULL, if "
            "consumers take keys for rows"),
      std::move(weak));
}

PrecheckItem FilterColumnsExist(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_row_filters",
                    .title = "Columns of row filters",
                    .group = kGroup,
                    .wanted = "every column that a filter names is there"};
  Names missing;
  for (const RuledTableFacts& table : facts.ruled_tables) {
    for (const std::string& column : FilterColumns(table)) {
      if (Find(table, column) == nullptr)
        missing.push_back(ColumnText(table, column));
    }
  }
  if (missing.empty()) return Passed(std::move(item), "all are there");
  return About(
      Failed(std::move(item), absl::StrCat(missing.size(), " are not there"),
             "the filter can't say which rows are carried",
             "correct row_filter (letter case counts)"),
      std::move(missing));
}

PrecheckItem FilterCollations(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_filter_collations",
                    .title = "Collations of filtered columns",
                    .group = kGroup,
                    .wanted = "a _bin collation, as filters compare"};
  Names others;
  for (const RuledTableFacts& table : facts.ruled_tables) {
    for (const std::string& column : FilterColumns(table)) {
      const ColumnFacts* const found = Find(table, column);
      if (found == nullptr || found->collation.empty() ||
          found->collation == "binary" ||
          absl::EndsWith(found->collation, "_bin"))
        continue;
      others.push_back(
          absl::StrCat(ColumnText(table, column), " (", found->collation, ")"));
    }
  }
  if (others.empty()) return Passed(std::move(item), "all are");
  return About(Alarm(std::move(item),
                     absl::StrCat(others.size(), " columns have others"),
                     "filters compare texts exactly, letter case, accents and "
                     "blanks included, where the source's own comparisons of "
                     "these columns don't",
                     "write the filter so that it holds for exact texts"),
               std::move(others));
}

PrecheckItem ImagesSuffice(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_row_image",
                    .title = "Row images for filters and chosen keys",
                    .group = kGroup,
                    .wanted = "binlog_row_image=FULL"};
  Names tables;
  for (const RuledTableFacts& table : facts.ruled_tables) {
    if (!table.rules.row_filter.empty() || !table.rules.key_columns.empty())
      tables.push_back(NameText(table.name));
  }
  const bool is_full = facts.row_image.empty() || facts.row_image == "FULL";
  if (tables.empty() || is_full)
    return Passed(std::move(item), tables.empty() ? "no filter, no chosen key"
                                                  : "binlog_row_image=FULL");
  return About(Failed(std::move(item),
                      absl::StrCat("binlog_row_image=", facts.row_image),
                      "the binlog may lack the columns that filter or key need",
                      "SET PERSIST binlog_row_image=FULL, and reconnect the "
                      "applications"),
               std::move(tables));
}

PrecheckItem HashSalt(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_hash_salt",
                    .title = "Salt of hashed columns",
                    .group = kGroup,
                    .wanted = "hash_salt is set where a rule hashes"};
  Names hashed;
  for (const RuledTableFacts& table : facts.ruled_tables) {
    for (const ColumnRule& rule : table.rules.columns) {
      if (std::holds_alternative<HashText>(rule.transformation))
        hashed.push_back(ColumnText(table, rule.column));
    }
  }
  if (hashed.empty() || facts.has_hash_salt)
    return Passed(std::move(item),
                  hashed.empty() ? "no rule hashes" : "hash_salt is set");
  return About(Failed(std::move(item), "no hash_salt",
                      "hashes without a salt are found out by trying values",
                      "set the task's hash_salt, 16 to 256 bytes"),
               std::move(hashed));
}

}  // namespace

void JudgeObjectRules(const ObjectFacts& facts,
                      std::vector<PrecheckItem>* items) {
  for (PrecheckItem (*judge)(const ObjectFacts&) :
       {RuleColumns, KeyColumnsExist, KeysIdentify, FilterColumnsExist,
        FilterCollations, ImagesSuffice, HashSalt})
    items->push_back(judge(facts));
}

}  // namespace binferry::worker
