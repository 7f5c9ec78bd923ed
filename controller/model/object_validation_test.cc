#include "controller/model/object_validation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controller/model/task_spec_validation.h"

namespace binferry::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

const std::string kName64(64, 'n');
const std::string kName65(65, 'n');

// The fields of rules that are blamed, without the path of the rules.
std::vector<std::string> Blamed(const std::function<void(TableRules*)>& change,
                                const TaskSecrets& secrets = {}) {
  TableRules rules;
  change(&rules);
  ViolationList list(kMaxViolations);
  CheckTableRules(rules, "r", secrets, &list);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : list.Take()) {
    EXPECT_FALSE(violation.description.empty());
    fields.emplace_back(absl::StripPrefix(violation.field, "r."));
  }
  return fields;
}

std::vector<std::string> BlamedColumn(const ColumnRule& rule,
                                      const TaskSecrets& secrets = {}) {
  return Blamed([&](TableRules* rules) { rules->columns = {rule}; }, secrets);
}

std::vector<std::string> BlamedAdded(const AdditionalColumn& column) {
  return Blamed(
      [&](TableRules* rules) { rules->additional_columns = {column}; });
}

std::vector<std::string> BlamedObjects(
    const std::function<void(TaskSpec*)>& change) {
  TaskSpec spec;
  spec.databases = {{.name = "shop", .all_tables = true}};
  change(&spec);
  ViolationList list(kMaxViolations);
  CheckObjects(spec, {}, &list);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : list.Take()) {
    fields.emplace_back(
        absl::StripPrefix(violation.field, "task.objects.databases"));
  }
  return fields;
}

TEST(ObjectValidationTest, RulesMayBeEmpty) {
  EXPECT_THAT(Blamed([](TableRules*) {}), IsEmpty());
}

TEST(ObjectValidationTest, OperationsAreKnownAndNamedOnce) {
  using enum DmlOperation;
  EXPECT_THAT(Blamed([](TableRules* rules) {
                rules->operations = {kInsert, kUpdate, kDelete};
              }),
              IsEmpty());
  EXPECT_THAT(Blamed([](TableRules* rules) {
                rules->operations = {kUnspecified, kInsert, kInsert};
              }),
              ElementsAre("operations[0]", "operations[2]"));
}

TEST(ObjectValidationTest, ATopicIsOneThatKafkaTakes) {
  const auto with = [](const std::string& topic) {
    return Blamed([&](TableRules* rules) { rules->topic = topic; });
  };
  EXPECT_THAT(with(std::string(249, 't')), IsEmpty());
  EXPECT_THAT(with(std::string(250, 't')), ElementsAre("topic"));
  EXPECT_THAT(with("a b"), ElementsAre("topic"));
}

TEST(ObjectValidationTest, KeyColumnsAreLimitedAndCarried) {
  const auto with = [](size_t count) {
    return Blamed([&](TableRules* rules) {
      for (size_t i = 0; i < count; ++i) {
        rules->key_columns.push_back(absl::StrCat("c", i));
      }
    });
  };
  EXPECT_THAT(with(64), IsEmpty());
  EXPECT_THAT(with(65), ElementsAre("key_columns"));
  EXPECT_THAT(
      Blamed([](TableRules* rules) {
        rules->key_columns = {kName64, kName65, "", kName64};
      }),
      ElementsAre("key_columns[1]", "key_columns[2]", "key_columns[3]"));
  EXPECT_THAT(
      Blamed([](TableRules* rules) {
        rules->key_columns = {"a"};
        rules->columns = {{.column = "a", .transformation = DropColumn()}};
      }),
      ElementsAre("key_columns[0]"));
  EXPECT_THAT(Blamed([](TableRules* rules) {
                rules->key_columns = {"a", "b"};
                rules->included_columns = {"b"};
              }),
              ElementsAre("key_columns[0]"));
}

TEST(ObjectValidationTest, ColumnsAreNamedOnceAndHaveNamesOfTheirOwn) {
  EXPECT_THAT(Blamed([](TableRules* rules) {
                rules->columns.resize(4'097);
                for (size_t i = 0; i < rules->columns.size(); ++i) {
                  rules->columns[i].column = absl::StrCat("c", i);
                }
              }),
              ElementsAre("columns"));
  EXPECT_THAT(Blamed([](TableRules* rules) {
                rules->columns = {{.column = "a"}, {.column = "a"}};
              }),
              ElementsAre("columns[1].column"));
  EXPECT_THAT(BlamedColumn({.column = kName64, .mapped_name = "m"}), IsEmpty());
  EXPECT_THAT(BlamedColumn({.column = kName65}),
              ElementsAre("columns[0].column"));
  EXPECT_THAT(BlamedColumn({.column = ""}), ElementsAre("columns[0].column"));
  EXPECT_THAT(BlamedColumn({.column = "a", .mapped_name = kName65}),
              ElementsAre("columns[0].mapped_name"));
  EXPECT_THAT(BlamedColumn({.column = "a", .mapped_name = "a"}),
              ElementsAre("columns[0].mapped_name"));
  EXPECT_THAT(
      Blamed([](TableRules* rules) {
        rules->columns = {{.column = "a", .mapped_name = "x"},
                          {.column = "b", .mapped_name = "x"}};
        rules->additional_columns = {
            {.name = "x",
             .value = AdditionalColumnValue::kUpdateTime,
             .type = AdditionalColumnType::kLong}};
      }),
      ElementsAre("columns[1].mapped_name", "additional_columns[0].name"));
}

TEST(ObjectValidationTest, TransformationsHaveLimits) {
  const auto with = [](const ColumnTransformation& transformation) {
    return BlamedColumn({.column = "a", .transformation = transformation});
  };
  EXPECT_THAT(with(MaskText{.show_first = 256, .show_last = 256}), IsEmpty());
  EXPECT_THAT(with(MaskText{.show_first = 257}),
              ElementsAre("columns[0].mask"));
  EXPECT_THAT(with(MaskText{.show_last = 257}), ElementsAre("columns[0].mask"));
  EXPECT_THAT(with(TruncateText{1}), IsEmpty());
  EXPECT_THAT(with(TruncateText{65'535}), IsEmpty());
  EXPECT_THAT(with(TruncateText{0}),
              ElementsAre("columns[0].truncate_characters"));
  EXPECT_THAT(with(TruncateText{65'536}),
              ElementsAre("columns[0].truncate_characters"));
  EXPECT_THAT(with(ConstantText{std::string(256, 'x')}), IsEmpty());
  EXPECT_THAT(with(ConstantText{std::string(257, 'x')}),
              ElementsAre("columns[0].constant_value"));
  EXPECT_THAT(with(DropColumn{.is_set = false}),
              ElementsAre("columns[0].drop"));
  EXPECT_THAT(
      BlamedColumn(
          {.column = "a", .mapped_name = "b", .transformation = DropColumn()}),
      ElementsAre("columns[0].mapped_name"));
  EXPECT_THAT(
      Blamed([](TableRules* rules) {
        rules->columns = {{.column = "a", .transformation = DropColumn()}};
        rules->included_columns = {"b"};
      }),
      ElementsAre("included_columns"));
}

TEST(ObjectValidationTest, AHashNeedsASalt) {
  const ColumnRule hash = {.column = "a", .transformation = HashText()};
  EXPECT_THAT(BlamedColumn(hash), ElementsAre("task.hash_salt"));
  EXPECT_THAT(BlamedColumn(hash, {{SecretField::kHashSalt, ""}}), IsEmpty())
      << "one that is kept";
}

TEST(ObjectValidationTest, AdditionalColumnsHaveValuesOfTheirTypes) {
  using enum AdditionalColumnType;
  using Value = AdditionalColumnValue;
  const auto constant = [](AdditionalColumnType type, const std::string& text) {
    return BlamedAdded(
        {.name = "x", .value = Value::kConstant, .type = type, .text = text});
  };
  const auto text = ElementsAre("additional_columns[0].text");
  EXPECT_THAT(constant(kInt, "-2147483648"), IsEmpty());
  EXPECT_THAT(constant(kInt, "2147483648"), text);
  EXPECT_THAT(constant(kLong, "9223372036854775807"), IsEmpty());
  EXPECT_THAT(constant(kLong, "9223372036854775808"), text);
  EXPECT_THAT(constant(kVarchar, std::string(256, 'x')), IsEmpty());
  EXPECT_THAT(constant(kVarchar, std::string(257, 'x')), text);
  EXPECT_THAT(constant(kDatetime, "2026-02-28 23:59:59"), IsEmpty());
  EXPECT_THAT(constant(kTimestamp, "2026-02-28"), text);

  for (const Value value :
       {Value::kCreateTime, Value::kUpdateTime, Value::kSynchronizationTime}) {
    for (const AdditionalColumnType type : {kLong, kDatetime, kTimestamp}) {
      EXPECT_THAT(BlamedAdded({.name = "x", .value = value, .type = type}),
                  IsEmpty());
    }
    EXPECT_THAT(BlamedAdded({.name = "x", .value = value, .type = kVarchar}),
                ElementsAre("additional_columns[0].type"));
    EXPECT_THAT(
        BlamedAdded({.name = "x", .value = value, .type = kLong, .text = "t"}),
        text);
  }
  EXPECT_THAT(
      BlamedAdded(
          {.name = "x", .value = Value::kDatabaseTable, .type = kVarchar}),
      IsEmpty());
  EXPECT_THAT(BlamedAdded({.name = "x",
                           .value = Value::kServerDatabaseTable,
                           .type = kVarchar}),
              text);
  EXPECT_THAT(BlamedAdded({.name = kName65}),
              UnorderedElementsAre("additional_columns[0].name",
                                   "additional_columns[0].value",
                                   "additional_columns[0].type"));
  EXPECT_THAT(
      Blamed([](TableRules* rules) { rules->additional_columns.resize(101); }),
      ElementsAre("additional_columns"));
}

TEST(ObjectValidationTest, ARowFilterIsOneOfTheLanguage) {
  const auto with = [](const std::string& text) {
    return Blamed([&](TableRules* rules) { rules->row_filter = text; });
  };
  EXPECT_THAT(with("a > 1 AND b LIKE 'x%'"), IsEmpty());
  EXPECT_THAT(with("a >"), ElementsAre("row_filter"));
  EXPECT_THAT(with("a = 1" + std::string(508, ' ')), ElementsAre("row_filter"));
}

TEST(ObjectValidationTest, DatabasesGoByNameOrByPattern) {
  const auto with = [](const DatabaseObject& database) {
    return BlamedObjects([&](TaskSpec* spec) { spec->databases = {database}; });
  };
  EXPECT_THAT(with({.name = kName64, .all_tables = true}), IsEmpty());
  EXPECT_THAT(with({.name = kName65, .all_tables = true}),
              ElementsAre("[0].name"));
  EXPECT_THAT(with({.all_tables = true, .name_pattern = "shop_[0-9]+"}),
              IsEmpty());
  EXPECT_THAT(with({.all_tables = true, .name_pattern = "("}),
              ElementsAre("[0].name_pattern"));
  EXPECT_THAT(with({.name = "a", .all_tables = true, .name_pattern = "b"}),
              ElementsAre("[0].name_pattern"));
  EXPECT_THAT(with({.name = "Mysql", .all_tables = true}),
              ElementsAre("[0].name"));
  EXPECT_THAT(with({.name = "a"}), ElementsAre("[0].tables"));
  for (const char c : std::string(".<>\\'")) {
    EXPECT_THAT(with({.name = "a",
                      .mapped_name = std::string(1, c),
                      .all_tables = true}),
                ElementsAre("[0].mapped_name"))
        << c;
  }
}

TEST(ObjectValidationTest, TablesPatternsAndExclusionsAreLimited) {
  const auto with = [](const std::function<void(DatabaseObject*)>& change) {
    return BlamedObjects(
        [&](TaskSpec* spec) { change(&spec->databases.front()); });
  };
  const auto tables = [&](size_t count) {
    return with([&](DatabaseObject* database) {
      for (size_t i = 0; i < count; ++i) {
        database->tables.push_back({.name = absl::StrCat("t", i)});
      }
    });
  };
  EXPECT_THAT(tables(10'000), IsEmpty());
  EXPECT_THAT(tables(10'001), ElementsAre("[0].tables"));
  const auto patterns = [&](size_t count) {
    return with([&](DatabaseObject* database) {
      for (size_t i = 0; i < count; ++i) {
        database->table_patterns.push_back({.pattern = absl::StrCat("t", i)});
      }
    });
  };
  EXPECT_THAT(patterns(100), IsEmpty());
  EXPECT_THAT(patterns(101), ElementsAre("[0].table_patterns"));
  EXPECT_THAT(
      with([](DatabaseObject* database) {
        database->table_patterns = {{.pattern = "["}};
        database->excluded_tables = {""};
      }),
      ElementsAre("[0].table_patterns[0].pattern", "[0].excluded_tables[0]"));
  EXPECT_THAT(with([](DatabaseObject* database) {
                *database = {.name = "a",
                             .tables = {{.name = "t"}},
                             .excluded_tables = {"u"}};
              }),
              ElementsAre("[0].excluded_tables"));
  EXPECT_THAT(BlamedObjects([](TaskSpec* spec) {
                spec->databases.resize(kMaxDatabases + 1);
              }),
              SizeIs(1));
}

TEST(ObjectValidationTest, ColumnHashNeedsKeyColumnsOfEveryTable) {
  const auto with = [](const std::function<void(DatabaseObject*)>& change) {
    return BlamedObjects([&](TaskSpec* spec) {
      spec->partition_policy = PartitionPolicy::kColumnHash;
      change(&spec->databases.front());
    });
  };
  const TableRules keyed = {.key_columns = {"a"}};
  EXPECT_THAT(with([](DatabaseObject*) {}),
              ElementsAre("[0].rules.key_columns"));
  EXPECT_THAT(with([&](DatabaseObject* database) { database->rules = keyed; }),
              IsEmpty());
  EXPECT_THAT(with([&](DatabaseObject* database) {
                database->rules = keyed;
                database->tables = {{.name = "t", .rules = TableRules()}};
              }),
              ElementsAre("[0].tables[0].rules.key_columns"));
}

}  // namespace
}  // namespace binferry::controller
