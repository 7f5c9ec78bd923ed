#include "common/row_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/testing/status_matchers.h"

namespace binferry {
namespace {

using testing::HasSubstr;

std::string Printed(const FilterLiteral& literal) {
  switch (literal.kind) {
    case FilterLiteral::Kind::kNull:
      return "NULL";
    case FilterLiteral::Kind::kNumber:
      return literal.text;
    case FilterLiteral::Kind::kReal:
      return absl::StrCat("real:", literal.text);
    case FilterLiteral::Kind::kText:
      return absl::StrCat("'", literal.text, "'");
  }
  return "?";
}

std::string Printed(const RowFilter& filter, size_t index) {
  static constexpr absl::string_view kComparisons[] = {"=",  "<>", "<",
                                                       "<=", ">",  ">="};
  const FilterNode& node = filter.nodes[index];
  std::vector<std::string> parts;
  for (const uint32_t operand : node.operands) {
    parts.push_back(Printed(filter, operand));
  }
  for (const FilterLiteral& literal : node.literals) {
    parts.push_back(Printed(literal));
  }
  switch (node.kind) {
    case FilterNode::Kind::kAnd:
      return absl::StrCat("(", absl::StrJoin(parts, " and "), ")");
    case FilterNode::Kind::kOr:
      return absl::StrCat("(", absl::StrJoin(parts, " or "), ")");
    case FilterNode::Kind::kNot:
      return absl::StrCat("not ", parts[0]);
    case FilterNode::Kind::kCompare:
      return absl::StrCat(filter.columns[node.column],
                          kComparisons[static_cast<size_t>(node.comparison)],
                          parts[0]);
    case FilterNode::Kind::kIn:
      return absl::StrCat(filter.columns[node.column], " in [",
                          absl::StrJoin(parts, " "), "]");
    case FilterNode::Kind::kLike:
      return absl::StrCat(filter.columns[node.column], " like ", parts[0], "/",
                          node.escape);
    case FilterNode::Kind::kIsNull:
      return absl::StrCat(filter.columns[node.column], " is null");
  }
  return "?";
}

std::string Parsed(absl::string_view text) {
  const auto filter = ParseRowFilter(text);
  if (!filter.ok()) return std::string(filter.status().message());
  return Printed(*filter, filter->nodes.size() - 1);
}

TEST(ParseRowFilterTest, BindsAsSqlDoes) {
  EXPECT_EQ(Parsed("a = 1 OR b = 2 AND c = 3"), "(a=1 or (b=2 and c=3))");
  EXPECT_EQ(Parsed("(a = 1 or b = 2) and c = 3"), "((a=1 or b=2) and c=3)");
  EXPECT_EQ(Parsed("NOT a = 1 AND b = 2"), "(not a=1 and b=2)");
  EXPECT_EQ(Parsed("not not (a=1)"), "not not a=1");
  EXPECT_EQ(Parsed("a between 1 and 5 and b>0"), "((a>=1 and a<=5) and b>0)");
  EXPECT_EQ(Parsed("a not between 1 and 5"), "not (a>=1 and a<=5)");
}

TEST(ParseRowFilterTest, KnowsEachPredicate) {
  EXPECT_EQ(Parsed("a<>1 and b!=1 and c<1 and d<=1 and e>1 and f>=1"),
            "(a<>1 and b<>1 and c<1 and d<=1 and e>1 and f>=1)");
  EXPECT_EQ(Parsed("1 < a and 2 >= b and 3 = c"), "(a>1 and b<=2 and c=3)");
  EXPECT_EQ(Parsed("a IN (1, -2, NULL)"), "a in [1 -2 NULL]");
  EXPECT_EQ(Parsed("a NOT IN ('x')"), "not a in ['x']");
  EXPECT_EQ(Parsed("a IS NULL or b is not null"),
            "(a is null or not b is null)");
  EXPECT_EQ(Parsed("a LIKE 'x%'"), "a like 'x%'/\\");
  EXPECT_EQ(Parsed("a NOT LIKE 'x|%' ESCAPE '|'"), "not a like 'x|%'/|");
  EXPECT_EQ(Parsed("a LIKE 'x' ESCAPE ''"), "a like 'x'/");
}

TEST(ParseRowFilterTest, KnowsEachLiteral) {
  EXPECT_EQ(Parsed("a in (TRUE, false, .5, 1., 007, +3, -1.50, 1e3, -2E-7)"),
            "a in [1 0 0.5 1 007 3 -1.50 real:1e3 real:-2e-7]");
  EXPECT_EQ(Parsed("a = 99999999999999999999999999"),
            "a=99999999999999999999999999");
  EXPECT_EQ(Parsed(R"(a = 'it''s' or a = "say ""x""" or a = "it's")"),
            "(a='it's' or a='say \"x\"' or a='it's')");
  EXPECT_EQ(Parsed(R"(a = '\n\'\\\x\%\_')"), "a='\n'\\x\\%\\_'");
  EXPECT_EQ(Parsed("a = 'žluť'"), "a='žluť'");
  EXPECT_EQ(Parsed("a = NULL"), "a=NULL");
}

TEST(ParseRowFilterTest, TakesColumnNamesAsMysqlDoes) {
  EXPECT_EQ(Parsed("`update` > '2022-07-13 00:00:00' and age >10"),
            "(update>'2022-07-13 00:00:00' and age>10)");
  EXPECT_EQ(Parsed("`a``b` = 1 and größe = 2 and $x_1 = 3"),
            "(a`b=1 and größe=2 and $x_1=3)");
  const auto filter = ParseRowFilter("a = 1 or `b` = 2 or `a` = 3");
  ASSERT_THAT(filter, IsOk());
  EXPECT_THAT(filter->columns, testing::ElementsAre("a", "b"));
}

TEST(ParseRowFilterTest, SaysWhereAndWhatToWriteInstead) {
  const struct {
    absl::string_view text;
    absl::string_view message;
  } kCases[] = {
      {"", "the filter is empty"},
      {"WHERE a = 1", "leave out WHERE"},
      {"a = 1;", "at character 6: leave out the semicolon"},
      {"a", "write <> 0"},
      {"a AND b = 1", "write <> 0"},
      {"a = b", "at character 5: two columns can't be compared"},
      {"a = 1 b", "at character 7: found b where AND or OR is wanted"},
      {"a + 1 = 2", "at character 3: arithmetic is not supported"},
      {"a = 1 + 1", "at character 7: arithmetic is not supported"},
      {"lower(a) = 'x'", "functions such as lower() are not supported"},
      {"a <=> 1", "write = or IS NULL"},
      {"a = 1 || b = 1", "write OR"},
      {"a = 1 && b = 1", "write AND"},
      {"!(a = 1)", "write NOT for !"},
      {"t.a = 1", "write the column's name alone"},
      {"a REGEXP 'x'", "REGEXP is not supported"},
      {"a = 'x", "at character 5: the text that begins here has no end"},
      {"a = 'x\\", "has no end"},
      {"`a = 1", "the column name that begins here has no end"},
      {"`` = 1", "the column name is empty"},
      {"a LIKE 5", "a text in quotes behind LIKE"},
      {"a LIKE 'x' ESCAPE 'ab'", "ESCAPE takes one character"},
      {"a = 0x41", "write numbers in decimal"},
      {"a = x'41'", "may not have x in front of its quotes"},
      {"a = DATE'2020-01-01'", "may not have DATE in front"},
      {"a = -'x'", "a number behind its sign"},
      {"a = 1e", "exponent has no digits"},
      {"a IN ()", "found ) where a literal is wanted"},
      {"a IS 5", "found 5 where NULL is wanted"},
      {"(a = 1", "the filter ends where ) is wanted"},
      {"ž = 1 # x", "at character 7"},
      {"1 = 1", "where a column is wanted"},
  };
  for (const auto& test : kCases) {
    EXPECT_THAT(ParseRowFilter(test.text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr(std::string(test.message))))
        << test.text;
  }
}

TEST(ParseRowFilterTest, HasLimits) {
  const std::string characters(kMaxRowFilterCharacters - 6, 'x');
  EXPECT_THAT(ParseRowFilter(absl::StrCat("a = '", characters, "'")), IsOk());
  EXPECT_THAT(ParseRowFilter(absl::StrCat("a = '", characters, "x'")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("513 characters")));
  const std::string open(kMaxRowFilterDepth, '(');
  const std::string close(kMaxRowFilterDepth, ')');
  EXPECT_THAT(ParseRowFilter(absl::StrCat(open, "a=1", close)), IsOk());
  EXPECT_THAT(ParseRowFilter(absl::StrCat("(", open, "a=1", close, ")")),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("write the filter flatter")));
  EXPECT_THAT(ParseRowFilter("a = '\xff'"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("no valid UTF-8")));
}

}  // namespace
}  // namespace binferry
