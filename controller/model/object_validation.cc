#include "controller/model/object_validation.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <variant>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/name_pattern.h"
#include "common/row_filter.h"
#include "common/topic_name.h"
#include "controller/model/task_spec_validation.h"

namespace binferry::controller {
namespace {

constexpr size_t kMaxTablePatterns = 100;
constexpr size_t kMaxKeyColumns = 64;
constexpr size_t kMaxColumns = 4'096;
constexpr size_t kMaxAdditionalColumns = 100;
constexpr size_t kMaxTextCharacters = 256;
constexpr uint32_t kMaxShownCharacters = 256;
constexpr uint32_t kMaxTruncateCharacters = 65'535;
constexpr absl::string_view kForbiddenInMappedDatabase = ".<>\\'";

bool IsSystemSchema(absl::string_view database) {
  const std::string lower = absl::AsciiStrToLower(database);
  return lower == "mysql" || lower == "information_schema" ||
         lower == "performance_schema" || lower == "sys";
}

// The checks of one set of rules.
class RulesCheck {
 public:
  RulesCheck(const TableRules& rules, const std::string& path,
             const TaskSecrets& secrets, ViolationList* list)
      : rules_(rules), path_(path), secrets_(secrets), list_(list) {}

  void Run() {
    Operations();
    if (!rules_.topic.empty()) {
      if (const absl::Status legal = CheckTopicName(rules_.topic);
          !legal.ok()) {
        Add("topic", rules_.topic.size() > kMaxTopicNameBytes
                         ? absl::StrCat("must have at most ",
                                        kMaxTopicNameBytes, " characters")
                         : std::string(legal.message()));
      }
    }
    Names("key_columns", rules_.key_columns, kMaxKeyColumns);
    Names("included_columns", rules_.included_columns, kMaxColumns);
    Columns();
    AdditionalColumns();
    KeyIsCarried();
    if (!rules_.row_filter.empty()) {
      const absl::Status legal = ParseRowFilter(rules_.row_filter).status();
      if (!legal.ok()) Add("row_filter", legal.message());
    }
  }

 private:
  void Add(absl::string_view field, absl::string_view rule) {
    list_->Add(absl::StrCat(path_, ".", field), rule);
  }

  void Operations() {
    std::set<DmlOperation> seen;
    for (size_t i = 0; i < rules_.operations.size(); ++i) {
      const std::string field = absl::StrCat("operations[", i, "]");
      if (rules_.operations[i] == DmlOperation::kUnspecified) {
        Add(field, "must be INSERT, UPDATE or DELETE");
      } else if (!seen.insert(rules_.operations[i]).second) {
        Add(field, "stands twice; remove one");
      }
    }
  }

  void Names(absl::string_view field, const std::vector<std::string>& names,
             size_t max) {
    if (names.size() > max) {
      Add(field, absl::StrCat("must be at most ", max, ", not ", names.size()));
      return;
    }
    std::set<std::string> seen;
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string path = absl::StrCat(path_, ".", field, "[", i, "]");
      list_->CheckLength(path, names[i], 1, kMaxObjectNameCharacters);
      if (!seen.insert(names[i]).second) {
        list_->Add(path, "stands twice; remove one");
      }
    }
  }

  void Transformation(const ColumnRule& rule, const std::string& field) {
    if (const auto* drop = std::get_if<DropColumn>(&rule.transformation)) {
      if (!drop->is_set) Add(field + ".drop", "must be true, or be left out");
      if (!rule.mapped_name.empty()) {
        Add(field + ".mapped_name",
            "is for a column that is dropped; remove one of them");
      }
    } else if (const auto* hash = std::get_if<HashText>(&rule.transformation)) {
      if (!hash->is_set) Add(field + ".hash", "must be true, or be left out");
      if (secrets_.count(SecretField::kHashSalt) == 0) {
        list_->Add("task.hash_salt",
                   absl::StrCat("is required, because ", path_, ".", field,
                                " hashes a column"));
      }
    } else if (const auto* mask = std::get_if<MaskText>(&rule.transformation)) {
      if (mask->show_first > kMaxShownCharacters ||
          mask->show_last > kMaxShownCharacters) {
        Add(field + ".mask",
            absl::StrCat("must show at most ", kMaxShownCharacters,
                         " characters at either end"));
      }
    } else if (const auto* truncate =
                   std::get_if<TruncateText>(&rule.transformation)) {
      if (truncate->max_characters < 1 ||
          truncate->max_characters > kMaxTruncateCharacters) {
        Add(field + ".truncate_characters",
            absl::StrCat("must be 1 to ", kMaxTruncateCharacters));
      }
    } else if (const auto* constant =
                   std::get_if<ConstantText>(&rule.transformation)) {
      list_->CheckLength(absl::StrCat(path_, ".", field, ".constant_value"),
                         constant->text, 0, kMaxTextCharacters);
    }
  }

  void Columns() {
    if (rules_.columns.size() > kMaxColumns) {
      Add("columns", absl::StrCat("must be at most ", kMaxColumns, ", not ",
                                  rules_.columns.size()));
      return;
    }
    std::set<std::string> seen;
    bool drops = false;
    for (size_t i = 0; i < rules_.columns.size(); ++i) {
      const ColumnRule& rule = rules_.columns[i];
      const std::string field = absl::StrCat("columns[", i, "]");
      list_->CheckLength(absl::StrCat(path_, ".", field, ".column"),
                         rule.column, 1, kMaxObjectNameCharacters);
      if (!seen.insert(rule.column).second) {
        Add(field + ".column", "has a rule already; put both into one");
      }
      list_->CheckLength(absl::StrCat(path_, ".", field, ".mapped_name"),
                         rule.mapped_name, 0, kMaxObjectNameCharacters);
      if (!rule.mapped_name.empty()) {
        if (rule.mapped_name == rule.column) {
          Add(field + ".mapped_name", "is the column's own name; remove it");
        }
        OutputName(rule.mapped_name, field + ".mapped_name");
      }
      Transformation(rule, field);
      drops = drops || std::holds_alternative<DropColumn>(rule.transformation);
    }
    if (drops && !rules_.included_columns.empty()) {
      Add("included_columns",
          "does not go with rules that drop columns; keep one of them");
    }
  }

  // A name that records have beside those of the table's own columns.
  void OutputName(const std::string& name, const std::string& field) {
    if (!output_names_.insert(name).second) {
      Add(field,
          "is the name of another column in the records; choose another");
    }
  }

  bool TypeFits(const AdditionalColumn& column) const {
    using enum AdditionalColumnType;
    switch (column.value) {
      case AdditionalColumnValue::kConstant:
      case AdditionalColumnValue::kUnspecified:
        return true;
      case AdditionalColumnValue::kCreateTime:
      case AdditionalColumnValue::kUpdateTime:
      case AdditionalColumnValue::kSynchronizationTime:
        return column.type == kLong || column.type == kDatetime ||
               column.type == kTimestamp;
      case AdditionalColumnValue::kDatabaseTable:
      case AdditionalColumnValue::kServerDatabaseTable:
        return column.type == kVarchar;
    }
    return true;
  }

  bool ConstantFits(const AdditionalColumn& column) const {
    int32_t small = 0;
    int64_t large = 0;
    absl::CivilSecond civil;
    switch (column.type) {
      case AdditionalColumnType::kInt:
        return absl::SimpleAtoi(column.text, &small);
      case AdditionalColumnType::kLong:
        return absl::SimpleAtoi(column.text, &large);
      case AdditionalColumnType::kDatetime:
      case AdditionalColumnType::kTimestamp: {
        // yyyy-mm-dd hh:mm:ss
        std::string text = column.text;
        if (text.size() != 19 || text[10] != ' ') return false;
        text[10] = 'T';
        return absl::ParseCivilTime(text, &civil);
      }
      case AdditionalColumnType::kVarchar:
      case AdditionalColumnType::kUnspecified:
        return true;
    }
    return true;
  }

  void AdditionalText(const AdditionalColumn& column,
                      const std::string& field) {
    const bool takes_text =
        column.value == AdditionalColumnValue::kConstant ||
        column.value == AdditionalColumnValue::kServerDatabaseTable;
    list_->CheckLength(absl::StrCat(path_, ".", field, ".text"), column.text, 0,
                       kMaxTextCharacters);
    if (!takes_text && !column.text.empty()) {
      Add(field + ".text",
          "is only for CONSTANT and SERVER_DATABASE_TABLE; remove it");
    } else if (column.value == AdditionalColumnValue::kServerDatabaseTable &&
               column.text.empty()) {
      Add(field + ".text", "is required: the server's name");
    } else if (column.value == AdditionalColumnValue::kConstant &&
               !ConstantFits(column)) {
      Add(field + ".text",
          "is no value of the column's type: INT and LONG are whole numbers, "
          "DATETIME and TIMESTAMP yyyy-mm-dd hh:mm:ss");
    }
  }

  void AdditionalColumns() {
    const auto& columns = rules_.additional_columns;
    if (columns.size() > kMaxAdditionalColumns) {
      Add("additional_columns",
          absl::StrCat("must be at most ", kMaxAdditionalColumns, ", not ",
                       columns.size()));
      return;
    }
    for (size_t i = 0; i < columns.size(); ++i) {
      const AdditionalColumn& column = columns[i];
      const std::string field = absl::StrCat("additional_columns[", i, "]");
      list_->CheckLength(absl::StrCat(path_, ".", field, ".name"), column.name,
                         1, kMaxObjectNameCharacters);
      OutputName(column.name, field + ".name");
      if (column.value == AdditionalColumnValue::kUnspecified) {
        Add(field + ".value", "is required");
      }
      if (column.type == AdditionalColumnType::kUnspecified) {
        Add(field + ".type",
            "is required: INT, LONG, VARCHAR, DATETIME or "
            "TIMESTAMP");
      } else if (!TypeFits(column)) {
        Add(field + ".type",
            "does not fit the value: times are LONG, DATETIME or TIMESTAMP, "
            "names VARCHAR");
      }
      AdditionalText(column, field);
    }
  }

  void KeyIsCarried() {
    for (size_t i = 0; i < rules_.key_columns.size(); ++i) {
      const std::string& key = rules_.key_columns[i];
      const bool is_dropped = std::any_of(
          rules_.columns.begin(), rules_.columns.end(),
          [&](const ColumnRule& rule) {
            return rule.column == key &&
                   std::holds_alternative<DropColumn>(rule.transformation);
          });
      const bool is_left_out = !rules_.included_columns.empty() &&
                               std::find(rules_.included_columns.begin(),
                                         rules_.included_columns.end(),
                                         key) == rules_.included_columns.end();
      if (is_dropped || is_left_out) {
        Add(absl::StrCat("key_columns[", i, "]"),
            "is a column that records don't have; carry it or choose another");
      }
    }
  }

  const TableRules& rules_;
  const std::string& path_;
  const TaskSecrets& secrets_;
  ViolationList* const list_;
  std::set<std::string> output_names_;
};

// The checks of one database.
class DatabaseCheck {
 public:
  DatabaseCheck(const DatabaseObject& database, const std::string& path,
                const TaskSpec& spec, const TaskSecrets& secrets,
                ViolationList* list)
      : database_(database),
        path_(path),
        by_columns_(spec.partition_policy == PartitionPolicy::kColumnHash),
        secrets_(secrets),
        list_(list) {}

  void Run() {
    Name();
    if (!database_.all_tables && database_.tables.empty() &&
        database_.table_patterns.empty()) {
      Add("tables",
          "selects no table; name tables or patterns, or set all_tables");
    }
    if (database_.rules.has_value()) {
      CheckTableRules(*database_.rules, path_ + ".rules", secrets_, list_);
    }
    if (database_.all_tables) Key(std::nullopt, "rules");
    Tables();
    Patterns();
    Excluded();
  }

 private:
  void Add(absl::string_view field, absl::string_view rule) {
    list_->Add(absl::StrCat(path_, ".", field), rule);
  }

  void Name() {
    if (!database_.name_pattern.empty()) {
      if (!database_.name.empty() || !database_.mapped_name.empty()) {
        Add("name_pattern",
            "does not go with name or mapped_name; keep one of them");
      }
      Pattern(database_.name_pattern, "name_pattern");
      return;
    }
    list_->CheckLength(path_ + ".name", database_.name, 1,
                       kMaxObjectNameCharacters);
    list_->CheckLength(path_ + ".mapped_name", database_.mapped_name, 0,
                       kMaxObjectNameCharacters);
    if (database_.mapped_name.find_first_of(
            std::string(kForbiddenInMappedDatabase)) != std::string::npos) {
      Add("mapped_name", "must have none of . < > \\ '; choose another");
    }
    if (IsSystemSchema(database_.name)) {
      Add("name", "is a system schema, which no task can select");
    }
  }

  void Pattern(const std::string& pattern, const std::string& field) {
    const absl::Status legal = NamePattern::Create(pattern).status();
    if (!legal.ok()) Add(field, legal.message());
  }

  // COLUMN_HASH needs key columns of every table.
  void Key(const std::optional<TableRules>& own, const std::string& field) {
    if (!by_columns_) return;
    const std::optional<TableRules>& rules =
        own.has_value() ? own : database_.rules;
    if (rules.has_value() && !rules->key_columns.empty()) return;
    Add(field + ".key_columns", "is required for partition policy COLUMN_HASH");
  }

  void Tables() {
    if (database_.tables.size() > kMaxTables) {
      Add("tables", absl::StrCat("must be at most ", kMaxTables, ", not ",
                                 database_.tables.size()));
      return;
    }
    std::set<std::string> seen;
    for (size_t i = 0; i < database_.tables.size(); ++i) {
      const TableObject& table = database_.tables[i];
      const std::string field = absl::StrCat("tables[", i, "]");
      const std::string path = absl::StrCat(path_, ".", field);
      list_->CheckLength(path + ".name", table.name, 1,
                         kMaxObjectNameCharacters);
      list_->CheckLength(path + ".mapped_name", table.mapped_name, 0,
                         kMaxObjectNameCharacters);
      if (!seen.insert(table.name).second) {
        Add(field + ".name", "stands twice in this database; remove one");
      }
      if (table.rules.has_value()) {
        CheckTableRules(*table.rules, path + ".rules", secrets_, list_);
      }
      Key(table.rules, field + ".rules");
    }
  }

  void Patterns() {
    if (database_.table_patterns.size() > kMaxTablePatterns) {
      Add("table_patterns",
          absl::StrCat("must be at most ", kMaxTablePatterns, ", not ",
                       database_.table_patterns.size()));
      return;
    }
    for (size_t i = 0; i < database_.table_patterns.size(); ++i) {
      const TablePattern& pattern = database_.table_patterns[i];
      const std::string field = absl::StrCat("table_patterns[", i, "]");
      Pattern(pattern.pattern, field + ".pattern");
      if (pattern.rules.has_value()) {
        CheckTableRules(*pattern.rules,
                        absl::StrCat(path_, ".", field, ".rules"), secrets_,
                        list_);
      }
      Key(pattern.rules, field + ".rules");
    }
  }

  void Excluded() {
    if (database_.excluded_tables.size() > kMaxTables) {
      Add("excluded_tables", absl::StrCat("must be at most ", kMaxTables));
      return;
    }
    for (size_t i = 0; i < database_.excluded_tables.size(); ++i) {
      list_->CheckLength(absl::StrCat(path_, ".excluded_tables[", i, "]"),
                         database_.excluded_tables[i], 1,
                         kMaxObjectNameCharacters);
    }
    if (!database_.excluded_tables.empty() && !database_.all_tables &&
        database_.table_patterns.empty()) {
      Add("excluded_tables",
          "is only for all_tables and table_patterns; remove it");
    }
  }

  const DatabaseObject& database_;
  const std::string& path_;
  const bool by_columns_;
  const TaskSecrets& secrets_;
  ViolationList* const list_;
};

}  // namespace

void CheckTableRules(const TableRules& rules, const std::string& path,
                     const TaskSecrets& secrets, ViolationList* list) {
  RulesCheck(rules, path, secrets, list).Run();
}

void CheckObjects(const TaskSpec& spec, const TaskSecrets& secrets,
                  ViolationList* list) {
  if (spec.databases.size() > kMaxDatabases) {
    list->Add("task.objects.databases",
              absl::StrCat("must be at most ", kMaxDatabases, ", not ",
                           spec.databases.size()));
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < spec.databases.size(); ++i) {
    const DatabaseObject& database = spec.databases[i];
    const std::string path = absl::StrCat("task.objects.databases[", i, "]");
    DatabaseCheck(database, path, spec, secrets, list).Run();
    if (!database.name.empty() && !seen.insert(database.name).second) {
      list->Add(path + ".name", "stands twice; put its tables under one entry");
    }
  }
}

}  // namespace binferry::controller
