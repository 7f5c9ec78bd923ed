// Records under a table's rules.
#include "worker/encode/row_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/encode/record_encoder.h"
#include "worker/encode/table_plan.h"
#include "worker/schema/testing/values.h"

namespace binferry::worker {
namespace {

using ::testing::HasSubstr;
using Row = std::vector<Value>;

TableSchema Schema() {
  TableSchema schema{.database = "shop", .table = "orders"};
  schema.columns = {
      {.name = "id", .kind = ColumnKind::kInt},
      {.name = "c", .kind = ColumnKind::kVarchar, .charset = Charset::kUtf8mb4},
      {.name = "n", .kind = ColumnKind::kDecimal, .precision = 5, .scale = 2}};
  schema.key_columns = {0};
  return schema;
}

Value Number(absl::string_view text) {
  Value value;
  value.kind = Value::Kind::kDecimal;
  value.bytes = text;
  return value;
}

class RowRulesTest : public ::testing::Test {
 protected:
  void Rule(absl::string_view column, ColumnTransformation transformation,
            absl::string_view mapped_name = "") {
    rules_.columns.push_back({.column = std::string(column),
                              .mapped_name = std::string(mapped_name),
                              .transformation = std::move(transformation)});
  }

  absl::StatusOr<TablePlan> Plan() {
    return BuildTablePlan(Schema(), {.format = format_,
                                     .partition_policy = policy_,
                                     .mapped_database = "db",
                                     .mapped_table = "t",
                                     .partition_count = 3,
                                     .rules = &rules_,
                                     .hash_salt = salt_});
  }

  // "key data old" of the change's records, one a line.
  std::string Encoded(RowChange change) {
    const auto plan = Plan();
    if (!plan.ok()) return std::string(plan.status().message());
    change.first_id = 1;
    change.es_ms = 1'624'614'713'201;
    change.ts_ms = 1'624'614'714'000;
    std::vector<Record> records;
    const auto status = EncodeRow(*plan, change, &arena_, &records).status();
    if (!status.ok()) return std::string(status.message());
    std::string all;
    for (const Record& record : records) {
      const absl::string_view value = record.value;
      const size_t data = value.find(",\"data\":") + 8;
      const size_t old = value.find(",\"old\":", data);
      const size_t end = value.rfind(",\"pkNames\"");
      absl::StrAppend(&all, all.empty() ? "" : "\n",
                      record.has_key ? record.key : "none", " ",
                      value.substr(data, old - data), " ",
                      value.substr(old + 7, end - old - 7));
    }
    return all;
  }
  std::string Inserted(const Row& row) {
    return Encoded({.kind = ChangeKind::kInsert, .after = row});
  }

  TableRules rules_;
  RecordFormat format_ = RecordFormat::kJson;
  PartitionPolicy policy_ = PartitionPolicy::kTableHash;
  std::string salt_ = "0123456789abcdef";
  Arena arena_;
};

const Row& Usual() {
  static const auto* const kRow =
      new Row{Signed(104), Text("Grüße & 'x'"), Number("-1.50")};
  return *kRow;
}

TEST_F(RowRulesTest, ThatSayNothingAreNone) {
  const auto plan = Plan();
  ASSERT_THAT(plan, IsOk());
  EXPECT_EQ(plan->rules, nullptr);
  Rule("gone", DropColumn{});
  EXPECT_EQ(Plan()->rules, nullptr) << "a column that isn't there";
}

TEST_F(RowRulesTest, DropAndIncludeColumns) {
  Rule("c", DropColumn{});
  EXPECT_EQ(Inserted(Usual()),
            R"({"id":"104"} [{"id":"104","n":"-1.50"}] null)");
  EXPECT_THAT(Plan()->head, HasSubstr(R"({"id":"int","n":"decimal"})"));
  rules_.columns.clear();
  rules_.included_columns = {"n", "id", "other"};
  EXPECT_EQ(Inserted(Usual()),
            R"({"id":"104"} [{"id":"104","n":"-1.50"}] null)");
}

TEST_F(RowRulesTest, RenameColumnsEverywhere) {
  Rule("id", std::monostate{}, "number");
  EXPECT_THAT(Inserted(Usual()), HasSubstr(R"({"number":"104"} [{"number":)"));
  const auto plan = Plan();
  EXPECT_EQ(plan->rules, nullptr) << "names cost nothing a row";
  EXPECT_THAT(plan->head, HasSubstr(R"("number":"int")"));
  EXPECT_THAT(plan->middle[0], HasSubstr(R"("number":4)"));
  EXPECT_EQ(plan->tail, R"(,"pkNames":["number"]})");
  Rule("c", std::monostate{}, "n");
  EXPECT_THAT(Plan(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("two columns have the name \"n\"")));
}

TEST_F(RowRulesTest, MaskCharactersNotEscapes) {
  Rule("c", MaskText{.show_first = 2, .show_last = 3});
  Rule("n", MaskText{});
  EXPECT_EQ(Inserted(Usual()),
            R"({"id":"104"} [{"id":"104","c":"Gr******\u0027x\u0027",)"
            R"("n":"*****"}] null)");
  EXPECT_THAT(Plan()->head, HasSubstr(R"("c":"varchar","n":"varchar")"));
  EXPECT_THAT(Plan()->middle[0], HasSubstr(R"("n":12)"));
  const Row short_text = {Signed(1), Text("ab&"), Null()};
  EXPECT_THAT(Inserted(short_text), HasSubstr(R"("c":"ab\u0026","n":null)"));
}

TEST_F(RowRulesTest, TruncateCharacters) {
  Rule("c", TruncateText{.max_characters = 7});
  Rule("n", TruncateText{.max_characters = 100});
  EXPECT_THAT(Inserted(Usual()),
              HasSubstr(R"("c":"Grüße \u0026","n":"-1.50")"));
}

// printf '0123456789abcdefGrüße & '\''x'\' | sha256sum
TEST_F(RowRulesTest, HashTheTextBehindTheSalt) {
  Rule("c", HashText{});
  EXPECT_THAT(Inserted(Usual()),
              HasSubstr("\"c\":"
                        "\"d006d174515bcad9e2fb36c3191c041f0f91d0996ffa98cdb02e"
                        "4d537ff0798a\""));
  const Row empty = {Signed(1), Text(""), Null()};
  EXPECT_THAT(Inserted(empty), HasSubstr("\"c\":"
                                         "\"9f9f5111f7b27a781f1f1ddde5ebc2dd2b7"
                                         "96bfc7365c9c28b548e564176929f\""));
  const Row lines = {Signed(1), Text("a\n\"\\\xe2\x80\xa8"), Null()};
  EXPECT_THAT(Inserted(lines), HasSubstr("\"c\":"
                                         "\"a4a807b80cb58999cde455aa02c186a80a7"
                                         "e3f0ed5659e48cf188568074f196a\""));
  salt_ = "";
  EXPECT_THAT(Plan(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("no hash_salt")));
}

TEST_F(RowRulesTest, PutConstantsInPlaceOfNullToo) {
  Rule("c", ConstantText{.text = "<x>"});
  const Row null = {Signed(1), Null(), Null()};
  EXPECT_THAT(Inserted(null), HasSubstr(R"("c":"\u003cx\u003e","n":null)"));
  const Row absent = {Signed(1), Value(), Null()};
  EXPECT_THAT(Inserted(absent), HasSubstr(R"([{"id":"1","n":null}])"));
}

TEST_F(RowRulesTest, AddColumns) {
  using Content = AdditionalColumn::Content;
  using Type = AdditionalColumn::Type;
  rules_.columns = {{.column = "c", .transformation = DropColumn{}},
                    {.column = "n", .transformation = DropColumn{}}};
  rules_.additional_columns = {
      {"k", Content::kConstant, Type::kInt, "5"},
      {"made", Content::kCreateTime, Type::kLong, ""},
      {"changed", Content::kUpdateTime, Type::kDatetime, ""},
      {"seen", Content::kSynchronizationTime, Type::kTimestamp, ""},
      {"t", Content::kDatabaseTable, Type::kVarchar, ""},
      {"s", Content::kServerDatabaseTable, Type::kVarchar, "srv"}};
  const std::string fixed = R"("t":"db@t","s":"srv@db@t"}])";
  const std::string times =
      R"("changed":"2021-06-25 09:51:53.201","seen":"1624614714.000",)";
  EXPECT_EQ(Inserted(Usual()),
            absl::StrCat(R"({"id":"104"} [{"id":"104","k":"5",)",
                         R"("made":"1624614713201",)", times, fixed, " null"));
  EXPECT_EQ(
      Encoded(
          {.kind = ChangeKind::kUpdate, .before = Usual(), .after = Usual()}),
      absl::StrCat(R"({"id":"104"} [{"id":"104","k":"5",)", times, fixed,
                   R"( [{"id":"104","k":"5",)", fixed));
  EXPECT_EQ(
      Encoded({.kind = ChangeKind::kDelete, .before = Usual()}),
      absl::StrCat(R"({"id":"104"} null [{"id":"104","k":"5",)", times, fixed));
  EXPECT_THAT(
      Plan()->head,
      HasSubstr(R"({"id":"int","k":"int","made":"bigint","changed":"datetime",)"
                R"("seen":"timestamp","t":"varchar","s":"varchar"})"));
  format_ = RecordFormat::kJsonC;
  EXPECT_THAT(Inserted(Usual()),
              HasSubstr(R"("seen":"2021-06-25 09:51:54.000")"));
  rules_.additional_columns[0].name = "id";
  EXPECT_THAT(Plan(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("two columns have the name")));
}

TEST_F(RowRulesTest, ChooseTheKeyAndSplitUpdatesOfIt) {
  policy_ = PartitionPolicy::kColumnHash;
  rules_.key_columns = {"n", "c"};
  Rule("c", TruncateText{.max_characters = 1}, "text");
  const Row after = {Signed(104), Text("Grüße & 'x'"), Number("2.00")};
  EXPECT_EQ(
      Encoded({.kind = ChangeKind::kUpdate, .before = Usual(), .after = after}),
      R"({"n":"-1.50","text":"G"} null [{"id":"104","text":"G","n":"-1.50"}])"
      "\n"
      R"({"n":"2.00","text":"G"} [{"id":"104","text":"G","n":"2.00"}] null)");
  EXPECT_EQ(Plan()->tail, R"(,"pkNames":["id"]})");
  rules_.key_columns = {"N"};
  EXPECT_THAT(Plan(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("names the column N")));
  rules_.key_columns = {};
  EXPECT_THAT(Plan(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("COLUMN_HASH")));
}

TEST_F(RowRulesTest, HaveNoKeyWithoutAllOfIt) {
  Rule("id", DropColumn{});
  EXPECT_THAT(Inserted(Usual()), ::testing::StartsWith("none [{\"c\":"));
  EXPECT_EQ(Plan()->tail, R"(,"pkNames":[]})");
  policy_ = PartitionPolicy::kPrimaryKeyHash;
  EXPECT_THAT(Plan(), StatusIs(absl::StatusCode::kInvalidArgument,
                               HasSubstr("column id of the record key")));
  rules_.key_columns = {"c"};
  EXPECT_THAT(Plan(), IsOk());
}

TEST_F(RowRulesTest, FilterBeforeOrAfter) {
  rules_.row_filter = "n > 0";
  const auto plan = Plan();
  ASSERT_THAT(plan, IsOk());
  const Row good = {Signed(1), Null(), Number("1.00")};
  const Row partial = {Signed(1), Text("x"), Value()};
  std::string scratch;
  const auto count = [&](const Row& before, const Row& after) {
    return CountRecords(
        *plan, {.kind = ChangeKind::kUpdate, .before = before, .after = after},
        &scratch);
  };
  EXPECT_THAT(count(good, Usual()), IsOkAndHolds(1));
  EXPECT_THAT(count(Usual(), good), IsOkAndHolds(1));
  EXPECT_THAT(count(Usual(), Usual()), IsOkAndHolds(0));
  EXPECT_THAT(count(good, partial), IsOkAndHolds(1));
  EXPECT_THAT(count(Usual(), partial), IsOkAndHolds(0));
  EXPECT_THAT(count(partial, good),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("table shop.orders: a row image lacks")));
}

}  // namespace
}  // namespace binferry::worker
