#include "worker/binlog/json_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/json_value.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;

// The legs, readably.
std::string Legs(absl::string_view path) {
  const auto legs = ParseJsonPath(path);
  if (!legs.ok()) return legs.status().ToString();
  std::string text;
  for (const JsonPathLeg& leg : *legs) {
    switch (leg.kind) {
      case JsonPathLeg::Kind::kMember:
        absl::StrAppend(&text, "<", leg.key, ">");
        break;
      case JsonPathLeg::Kind::kElement:
        absl::StrAppend(&text, "+", leg.index);
        break;
      case JsonPathLeg::Kind::kElementFromEnd:
        absl::StrAppend(&text, "-", leg.index);
        break;
    }
  }
  return text;
}

TEST(JsonPathTest, TheWholeDocumentHasNoLegs) { EXPECT_EQ(Legs("$"), ""); }

// Paths as they stood in binlogs of MySQL 9.7.
TEST(JsonPathTest, ReadsWhatTheServerWrites) {
  EXPECT_EQ(Legs("$.a"), "<a>");
  EXPECT_EQ(Legs("$.c.d"), "<c><d>");
  EXPECT_EQ(Legs("$.b[0]"), "<b>+0");
  EXPECT_EQ(Legs("$.b[last]"), "<b>-0");
  EXPECT_EQ(Legs("$[last-99][4294967295].$x_1"), "-99+4294967295<$x_1>");
  EXPECT_EQ(Legs("$.é"), "<é>");
  EXPECT_EQ(Legs(R"($."sp ace")"), "<sp ace>");
  EXPECT_EQ(Legs(R"($."q\"uoéte"."")"), "<q\"uoéte><>");
  EXPECT_EQ(Legs(R"($."a.b[0]"[1])"), "<a.b[0]>+1");
  EXPECT_EQ(Legs(R"($."\u0001\n\b\f\r\t\\\/")"), "<\x01\n\b\f\r\t\\/>");
}

TEST(JsonPathTest, RefusesWhatIsNoPlace) {
  for (const absl::string_view path : {"",
                                       "a",
                                       "$a",
                                       "$.",
                                       "$..a",
                                       "$.*",
                                       "$[",
                                       "$[]",
                                       "$[*]",
                                       "$[1 to 2]",
                                       "$[-1]",
                                       "$[last-]",
                                       "$[last+1]",
                                       "$[last1]",
                                       "$[4294967296]",
                                       "$**.a",
                                       "$.\"",
                                       "$.\"a",
                                       "$.\"a\\\"",
                                       "$.\"\\x\"",
                                       "$.\"\\u00\"",
                                       "$.\"\\u00e9\"",
                                       "$.\"a\"b",
                                       "$[0]1",
                                       "$ .a"}) {
    EXPECT_THAT(ParseJsonPath(path), StatusIs(StatusCode::kDataLoss)) << path;
  }
}

TEST(JsonPathTest, HasAsManyLegsAsADocumentIsDeep) {
  std::string path = "$";
  for (int i = 0; i < kMaxJsonDepth; ++i) path += "[0]";
  EXPECT_THAT(ParseJsonPath(path), IsOk());
  EXPECT_THAT(ParseJsonPath(path + "[0]"), StatusIs(StatusCode::kDataLoss));
}

}  // namespace
}  // namespace binferry::worker
