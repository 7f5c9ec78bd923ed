#include "worker/precheck/object_items.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/remedy.h"
#include "worker/mysql/source_objects.h"
#include "worker/precheck/finding.h"
#include "worker/precheck/object_rule_items.h"

namespace binferry::worker {
namespace {

constexpr char kGroup[] = "objects";

template <typename Predicate>
std::vector<std::string> NamesOf(const ObjectFacts& facts,
                                 Predicate predicate) {
  std::vector<std::string> names;
  for (const TableFacts& table : facts.tables) {
    if (predicate(table)) names.push_back(NameText(table.name));
  }
  return names;
}

std::string SqlName(const std::string& text_name, const ObjectFacts& facts) {
  for (const TableFacts& table : facts.tables) {
    if (NameText(table.name) == text_name)
      return absl::StrCat(QuoteName(table.name.first), ".",
                          QuoteName(table.name.second));
  }
  return text_name;
}

PrecheckItem Selected(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_selected",
                    .title = "Selected tables",
                    .group = kGroup,
                    .wanted = "at least one table, or a whole database"};
  const std::string found = absl::StrCat(facts.tables.size(), " tables");
  if (!facts.tables.empty() || !facts.selecting_nothing.empty())
    return Passed(std::move(item), found);
  return Failed(std::move(item), found, "none of the selected tables is there",
                "select tables of the source (ListDatabases and ListTables "
                "tell what there is)");
}

PrecheckItem Exist(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_exist",
                    .title = "Selected databases and tables exist",
                    .group = kGroup,
                    .wanted = "all that are selected by name"};
  if (facts.missing.empty()) return Passed(std::move(item), "all exist");
  std::vector<std::string> names;
  for (const RequiredObject& object : facts.missing)
    names.push_back(object.table.empty()
                        ? object.database
                        : absl::StrCat(object.database, ".", object.table));
  const RequiredObject& first = facts.missing.front();
  return About(
      Failed(std::move(item),
             absl::StrCat(facts.missing.size(), " are not there, first ",
                          first.field),
             absl::StrCat("they don't exist on ", facts.where, ", or ",
                          facts.account, " may not see them"),
             absl::StrCat(
                 "correct the names (letter case counts), remove them, or "
                 "GRANT SELECT ON ",
                 QuoteName(first.database), ".",
                 first.table.empty() ? "*" : QuoteName(first.table), " TO ",
                 facts.account)),
      std::move(names));
}

PrecheckItem SelectNothing(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_pattern_matches",
                    .title = "Whole databases and patterns",
                    .group = kGroup,
                    .wanted = "each selects a table"};
  if (facts.selecting_nothing.empty())
    return Passed(std::move(item), "each selects a table, or there are none");
  return About(Alarm(std::move(item),
                     absl::StrCat(facts.selecting_nothing.size(),
                                  " select no table now"),
                     "nothing is carried by them until such tables are created",
                     "correct the name or the pattern if that isn't meant"),
               facts.selecting_nothing);
}

PrecheckItem SelectPrivilege(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_select_privilege",
                    .title = "Privilege to read the selected tables",
                    .group = "privileges",
                    .wanted = "SELECT on every selected table"};
  std::vector<std::string> names =
      NamesOf(facts, [](const TableFacts& t) { return !t.may_select; });
  if (names.empty()) return Passed(std::move(item), "granted on all");
  const std::string first = SqlName(names.front(), facts);
  return About(
      Failed(std::move(item),
             absl::StrCat("not granted on ", names.size(), " tables"),
             absl::StrCat(facts.account,
                          " may not read them, and their changes are not for "
                          "those who may not"),
             absl::StrCat("GRANT SELECT ON ", first, " TO ", facts.account,
                          names.size() > 1 ? ", and so on for each" : "")),
      std::move(names));
}

PrecheckItem Engines(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_engine",
                    .title = "Storage engines",
                    .group = kGroup,
                    .wanted = "InnoDB"};
  std::vector<std::string> names =
      NamesOf(facts, [](const TableFacts& t) { return t.engine != "InnoDB"; });
  if (names.empty()) return Passed(std::move(item), "all InnoDB");
  std::map<std::string, size_t> engines;
  for (const TableFacts& table : facts.tables) {
    if (table.engine != "InnoDB") ++engines[table.engine];
  }
  const std::string found =
      absl::StrJoin(engines, ", ", [](std::string* out, const auto& engine) {
        absl::StrAppend(out, engine.second, " ", engine.first);
      });
  const std::string first = SqlName(names.front(), facts);
  return About(
      Alarm(std::move(item), found,
            "tables of these engines have no transactions: a statement that "
            "fails half-way, or a crash, leaves rows and binlog different; "
            "MEMORY tables lose their rows at a restart by a DELETE or "
            "TRUNCATE in statement form",
            absl::StrCat("ALTER TABLE ", first, " ENGINE=InnoDB",
                         names.size() > 1 ? ", and so on for each" : "")),
      std::move(names));
}

PrecheckItem Keys(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_primary_key",
                    .title = "Primary keys",
                    .group = kGroup,
                    .wanted =
                        "a primary key, or a UNIQUE key of NOT NULL "
                        "columns, in every table"};
  std::vector<std::string> names =
      NamesOf(facts, [](const TableFacts& t) { return !t.has_key; });
  if (names.empty()) return Passed(std::move(item), "all have one");
  const std::string first = SqlName(names.front(), facts);
  return About(
      Alarm(std::move(item), absl::StrCat(names.size(), " tables have none"),
            "their records have no key: consumers can't tell equal rows apart, "
            "and PRIMARY_KEY_HASH puts each of these tables into one partition",
            absl::StrCat("ALTER TABLE ", first,
                         " ADD COLUMN id BIGINT UNSIGNED AUTO_INCREMENT "
                         "PRIMARY KEY, or name key_columns")),
      std::move(names));
}

PrecheckItem LargeRows(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_large_rows",
                    .title = "Rows that may be larger than a record",
                    .group = kGroup,
                    .wanted = absl::StrCat(
                        "rows that fit into destination.max_record_bytes, ",
                        facts.max_record_bytes, " bytes")};
  const auto limit = static_cast<uint64_t>(facts.max_record_bytes);
  // A record of an UPDATE has the row twice.
  std::vector<std::string> names = NamesOf(facts, [limit](const TableFacts& t) {
    return t.max_row_bytes > limit / 2;
  });
  if (names.empty()) return Passed(std::move(item), "every row fits");
  return About(
      Alarm(std::move(item),
            absl::StrCat(names.size(),
                         " tables have column types that allow larger rows"),
            "the task stops at a row whose record is larger than that",
            "raise destination.max_record_bytes and max.message.bytes of the "
            "topics, or drop or truncate the large columns by rules"),
      std::move(names));
}

PrecheckItem UnselectedParents(const ObjectFacts& facts) {
  PrecheckItem item{
      .id = "objects_foreign_keys",
      .title = "Tables that foreign keys refer to",
      .group = kGroup,
      .wanted = "selected together with those that refer to them"};
  std::vector<std::string> names;
  for (const ForeignKeyFacts& key : facts.foreign_keys) {
    if (key.child_selected && !key.parent_selected)
      names.push_back(
          absl::StrCat(NameText(key.child), " -> ", NameText(key.parent)));
  }
  if (names.empty()) return Passed(std::move(item), "none is left out");
  return About(Alarm(std::move(item),
                     absl::StrCat(names.size(),
                                  " refer to tables that are "
                                  "not selected"),
                     "consumers get rows without the rows that they refer to",
                     "select the other tables too, if consumers need them"),
               std::move(names));
}

bool Cascades(const std::string& rule) {
  return rule == "CASCADE" || rule == "SET NULL" || rule == "SET DEFAULT";
}

// Since 9.6 the server itself carries out cascades, not InnoDB, and logs the
// rows, unless innodb_native_foreign_keys is on.
bool LogsCascades(const ObjectFacts& facts) {
  const std::vector<std::string> parts =
      absl::StrSplit(facts.server_version, '.');
  int major = 0;
  int minor = 0;
  if (parts.size() < 2 || !absl::SimpleAtoi(parts[0], &major) ||
      !absl::SimpleAtoi(parts[1], &minor))
    return false;
  return std::pair(major, minor) >= std::pair(9, 6) &&
         facts.native_foreign_keys != "ON";
}

PrecheckItem CascadingKeys(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_cascades",
                    .title = "Foreign keys that change rows",
                    .group = kGroup,
                    .wanted =
                        "none, or MySQL 9.6 or later, which logs what "
                        "they change"};
  std::vector<std::string> names;
  for (const ForeignKeyFacts& key : facts.foreign_keys) {
    if (key.child_selected &&
        (Cascades(key.update_rule) || Cascades(key.delete_rule)))
      names.push_back(absl::StrCat(NameText(key.child), " (", key.name, ")"));
  }
  if (names.empty()) return Passed(std::move(item), "none");
  if (LogsCascades(facts))
    return Passed(std::move(item),
                  absl::StrCat(names.size(), ", whose changes MySQL ",
                               facts.server_version, " logs"));
  return About(
      Alarm(std::move(item),
            absl::StrCat(names.size(),
                         " have ON DELETE or ON UPDATE CASCADE "
                         "or SET NULL"),
            "what they change in the referring table is not in the binlog of "
            "this server and is not carried",
            facts.native_foreign_keys == "ON"
                ? "restart the server with innodb_native_foreign_keys=OFF"
                : "change the rows by statements or triggers in place of "
                  "cascades, or upgrade to MySQL 9.6 or later"),
      std::move(names));
}

PrecheckItem MappedNames(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_mapped_names",
                    .title = "Names in records",
                    .group = kGroup,
                    .wanted = "each table has its own"};
  std::map<TableName, std::vector<std::string>> sources;
  for (const TableFacts& table : facts.tables)
    sources[table.mapped_name].push_back(NameText(table.name));
  std::vector<std::string> names;
  for (const auto& [mapped, from] : sources) {
    if (from.size() > 1)
      names.push_back(
          absl::StrCat(absl::StrJoin(from, ", "), " -> ", NameText(mapped)));
  }
  if (names.empty()) return Passed(std::move(item), "each has its own");
  return About(Alarm(std::move(item),
                     absl::StrCat(names.size(),
                                  " names stand for several "
                                  "tables"),
                     "consumers can't tell the rows of these tables apart, and "
                     "rows of equal keys overwrite each other in compacted "
                     "topics",
                     "give each table a mapped_name of its own, if they are "
                     "not parts of one table"),
               std::move(names));
}

bool IsPlain(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' ||
           c == '-' || c == '$';
  });
}

PrecheckItem Names(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_names",
                    .title = "Names of databases and tables",
                    .group = kGroup,
                    .wanted = "ASCII letters, digits, `_`, `-`, `$`"};
  std::vector<std::string> names = NamesOf(facts, [](const TableFacts& t) {
    return !IsPlain(t.name.first) || !IsPlain(t.name.second);
  });
  if (names.empty()) return Passed(std::move(item), "all plain");
  return About(
      Alarm(std::move(item), absl::StrCat(names.size(), " have others"),
            "Binferry carries such names as they are, but topics can't be "
            "called so and consumers may not expect them",
            "give the tables a mapped_name"),
      std::move(names));
}

PrecheckItem LetterCase(const ObjectFacts& facts) {
  const std::string& value = facts.lower_case_table_names;
  PrecheckItem item{.id = "objects_letter_case",
                    .title = "Letter case of names",
                    .group = kGroup,
                    .wanted = "names as the server stores them"};
  const std::string found = absl::StrCat("lower_case_table_names=", value);
  if (value != "1") return Passed(std::move(item), found);
  std::vector<std::string> names;
  for (const RequiredObject& object : facts.missing) {
    const std::string name = absl::StrCat(object.database, ".", object.table);
    if (absl::AsciiStrToLower(name) != name) names.push_back(name);
  }
  if (names.empty()) return Passed(std::move(item), found);
  return About(Failed(std::move(item), found,
                      "this server stores names in lower case, so that those "
                      "with upper case letters never match",
                      "write the names in lower case; mapped_name can have "
                      "upper case"),
               std::move(names));
}

PrecheckItem SpecialColumns(const ObjectFacts& facts) {
  uint64_t generated = 0;
  uint64_t invisible = 0;
  for (const TableFacts& table : facts.tables) {
    generated += table.generated_columns;
    invisible += table.invisible_columns;
  }
  return Passed(
      {.id = "objects_special_columns",
       .title = "Generated and invisible columns",
       .group = kGroup,
       .wanted = "any: all are carried"},
      absl::StrCat(generated, " generated, ", invisible, " invisible"));
}

PrecheckItem Programs(const ObjectFacts& facts) {
  return Passed(
      {.id = "objects_triggers",
       .title = "Triggers and events",
       .group = kGroup,
       .wanted = "any: rows that they change are carried, they "
                 "themselves are not"},
      absl::StrCat(facts.triggers, " triggers, ", facts.events, " events"));
}

PrecheckItem EncryptedTables(const ObjectFacts& facts) {
  std::vector<std::string> names =
      NamesOf(facts, [](const TableFacts& t) { return t.is_encrypted; });
  return About(
      Passed({.id = "objects_encryption",
              .title = "Tables that are encrypted at rest",
              .group = kGroup,
              .wanted = "any: their changes are carried, and are not encrypted "
                        "in Kafka"},
             absl::StrCat(names.size(), " tables")),
      std::move(names));
}

PrecheckItem SplitUpdates(const ObjectFacts& facts) {
  PrecheckItem item{.id = "objects_split_updates",
                    .title = "Updates of keys",
                    .group = kGroup,
                    .wanted =
                        "binlog_row_image=FULL, or a partition policy "
                        "that doesn't go by keys"};
  const bool is_full = facts.row_image.empty() || facts.row_image == "FULL";
  if (!facts.records_go_by_key || is_full)
    return Passed(std::move(item), "no column is lost by them");
  return Alarm(std::move(item),
               absl::StrCat("binlog_row_image=", facts.row_image,
                            " and records go by their keys"),
               "an UPDATE that changes its row's key becomes a DELETE and an "
               "INSERT, and the INSERT lacks the unchanged columns that the "
               "binlog lacks",
               "SET PERSIST binlog_row_image=FULL, or choose the partition "
               "policy TABLE_HASH");
}

}  // namespace

std::vector<PrecheckItem> JudgeObjects(const ObjectFacts& facts) {
  std::vector<PrecheckItem> items;
  for (PrecheckItem (*judge)(const ObjectFacts&) :
       {Selected, Exist, SelectNothing, SelectPrivilege, Engines, Keys,
        LargeRows, UnselectedParents, CascadingKeys, MappedNames, Names,
        LetterCase, SpecialColumns, Programs, EncryptedTables, SplitUpdates})
    items.push_back(judge(facts));
  JudgeObjectRules(facts, &items);
  return items;
}

PrecheckItem JudgeBadSelection(const absl::Status& status) {
  const std::string remedy = RemedyOf(status);
  return Failed({.id = "objects_selected",
                 .title = "Selected tables",
                 .group = kGroup,
                 .wanted = "at least one table, or a whole database"},
                "no usable selection", CauseOf(status),
                remedy.empty() ? "correct the task's objects" : remedy);
}

}  // namespace binferry::worker
