#include "worker/binlog/json_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "worker/binlog/json_binary.h"
#include "worker/binlog/json_value.h"
#include "worker/binlog/testing/json_document.h"

namespace binferry::worker {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

constexpr uint8_t kReplace = 0;
constexpr uint8_t kInsert = 1;
constexpr uint8_t kRemove = 2;

std::string Patched(const std::string& before, const std::string& diffs) {
  std::string text;
  const absl::Status status = AppendPatchedJsonText(before, diffs, &text);
  return status.ok() ? text : status.ToString();
}

absl::Status Error(const std::string& before, const std::string& diffs) {
  std::string text;
  return AppendPatchedJsonText(before, diffs, &text);
}

std::string Numbers(int count) {
  std::vector<std::string> elements;
  for (int i = 0; i < count; ++i) {
    elements.push_back(JsonInt16(static_cast<int16_t>(i)));
  }
  return JsonArray(elements);
}

std::string Members() {
  return JsonObject({{"a", JsonInt16(1)},
                     {"c", JsonArray({JsonInt16(2), JsonInt16(3)})},
                     {"bb", JsonObject({{"x", JsonString("deep")}})}});
}

TEST(JsonDiffTest, NoDiffsLeaveTheDocument) {
  EXPECT_EQ(Patched(Members(), ""),
            R"({"a": 1, "c": [2, 3], "bb": {"x": "deep"}})");
  EXPECT_EQ(Patched("", ""), "null");
}

TEST(JsonDiffTest, ReplacesAtAnyDepth) {
  EXPECT_EQ(Patched(Members(), JsonDiff(kReplace, "$.a", JsonReal(2))),
            R"({"a": 2.0, "c": [2, 3], "bb": {"x": "deep"}})");
  EXPECT_EQ(Patched(Members(), JsonDiff(kReplace, "$.bb.x", Numbers(2))),
            R"({"a": 1, "c": [2, 3], "bb": {"x": [0, 1]}})");
  EXPECT_EQ(Patched(Members(), JsonDiff(kReplace, "$.c[last-1]", JsonNull())),
            R"({"a": 1, "c": [null, 3], "bb": {"x": "deep"}})");
  EXPECT_EQ(Patched(Members(), JsonDiff(kReplace, "$", JsonBool(true))),
            "true");
}

TEST(JsonDiffTest, InsertsMembersInKeyOrder) {
  std::string diffs;
  for (const absl::string_view key : {"b", "", "d", "ba", "bc", "aaa", "A"}) {
    absl::StrAppend(&diffs, JsonDiff(kInsert, absl::StrCat("$.\"", key, "\""),
                                     JsonString(key)));
  }
  EXPECT_EQ(Patched(Members(), diffs),
            R"({"": "", "A": "A", "a": 1, "b": "b", "c": [2, 3], "d": "d", )"
            R"("ba": "ba", "bb": {"x": "deep"}, "bc": "bc", "aaa": "aaa"})");
  EXPECT_EQ(Patched(JsonObject({}), JsonDiff(kInsert, "$.k", JsonNull())),
            R"({"k": null})");
}

TEST(JsonDiffTest, InsertsElementsAheadOfTheOneNamed) {
  const std::string nine = JsonInt16(9);
  EXPECT_EQ(Patched(Numbers(3), JsonDiff(kInsert, "$[0]", nine)),
            "[9, 0, 1, 2]");
  EXPECT_EQ(Patched(Numbers(3), JsonDiff(kInsert, "$[2]", nine)),
            "[0, 1, 9, 2]");
  EXPECT_EQ(Patched(Numbers(3), JsonDiff(kInsert, "$[3]", nine)),
            "[0, 1, 2, 9]");
  EXPECT_EQ(Patched(Numbers(3), JsonDiff(kInsert, "$[99]", nine)),
            "[0, 1, 2, 9]");
  EXPECT_EQ(Patched(Numbers(3), JsonDiff(kInsert, "$[last]", nine)),
            "[0, 1, 9, 2]");
  EXPECT_EQ(Patched(Numbers(3), JsonDiff(kInsert, "$[last-99]", nine)),
            "[9, 0, 1, 2]");
  EXPECT_EQ(Patched(Numbers(0), JsonDiff(kInsert, "$[last]", nine)), "[9]");
}

TEST(JsonDiffTest, RemovesAndMovesTheRestUp) {
  EXPECT_EQ(Patched(Numbers(3), JsonDiff(kRemove, "$[1]", "")), "[0, 2]");
  EXPECT_EQ(Patched(Numbers(3), JsonDiff(kRemove, "$[last]", "")), "[0, 1]");
  EXPECT_EQ(Patched(Numbers(1), JsonDiff(kRemove, "$[0]", "")), "[]");
  EXPECT_EQ(Patched(Members(), JsonDiff(kRemove, "$.c", "") +
                                   JsonDiff(kRemove, "$.bb.x", "")),
            R"({"a": 1, "bb": {}})");
}

// Each place is one of the document as the diffs before have left it.
TEST(JsonDiffTest, AppliesDiffsInOrder) {
  EXPECT_EQ(Patched(Numbers(5), JsonDiff(kRemove, "$[1]", "") +
                                    JsonDiff(kRemove, "$[1]", "") +
                                    JsonDiff(kInsert, "$[1]", JsonInt16(7)) +
                                    JsonDiff(kReplace, "$[2]", JsonInt16(8)) +
                                    JsonDiff(kReplace, "$[last]", JsonNull())),
            "[0, 7, 8, null]");
  EXPECT_EQ(Patched(Members(), JsonDiff(kReplace, "$.a", JsonObject({})) +
                                   JsonDiff(kInsert, "$.a.n", Numbers(2)) +
                                   JsonDiff(kReplace, "$.a.n[1]", JsonNull()) +
                                   JsonDiff(kRemove, "$.c", "") +
                                   JsonDiff(kInsert, "$.c", JsonInt16(5))),
            R"({"a": {"n": [0, null]}, "c": 5, "bb": {"x": "deep"}})");
  // What was changed within gives way as a whole.
  EXPECT_EQ(Patched(Members(), JsonDiff(kReplace, "$.bb.x", JsonNull()) +
                                   JsonDiff(kReplace, "$.bb", JsonInt16(1))),
            R"({"a": 1, "c": [2, 3], "bb": 1})");
}

// A splitter of runs has to be right at every place: compared with a vector.
TEST(JsonDiffTest, ManyChangesToOneArray) {
  std::vector<std::string> model;
  for (int i = 0; i < 40; ++i) model.push_back(absl::StrCat(i));
  std::string diffs;
  uint32_t random = 1;
  const auto below = [&random](size_t limit) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % limit;
  };
  for (int i = 0; i < 300; ++i) {
    const uint8_t operation = static_cast<uint8_t>(below(3));
    const size_t at = below(model.size() + (operation == kInsert ? 1 : 0));
    const auto place = model.begin() + static_cast<ptrdiff_t>(at);
    const int16_t value = static_cast<int16_t>(1000 + i);
    diffs += JsonDiff(operation, absl::StrCat("$[", at, "]"), JsonInt16(value));
    if (operation == kReplace) *place = absl::StrCat(value);
    if (operation == kInsert) model.insert(place, absl::StrCat(value));
    if (operation == kRemove) model.erase(place);
    if (model.size() < 2) break;
  }
  std::string expected;
  for (const std::string& element : model) {
    absl::StrAppend(&expected, expected.empty() ? "[" : ", ", element);
  }
  EXPECT_EQ(Patched(Numbers(40), diffs), expected + "]");
}

// Enough of them that the tree keeps them in many blocks, which then go.
TEST(JsonDiffTest, ThousandsOfChangesToOneArray) {
  std::vector<std::string> model = {"0", "1"};
  std::string diffs;
  uint32_t random = 7;
  const auto below = [&random](size_t limit) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % limit;
  };
  const auto expect_model = [&] {
    std::string expected;
    for (const std::string& element : model) {
      absl::StrAppend(&expected, expected.empty() ? "[" : ", ", element);
    }
    ASSERT_EQ(Patched(Numbers(2), diffs), expected + "]");
  };
  for (int i = 0; i < 6000; ++i) {
    const size_t at = below(model.size());
    const int16_t value = static_cast<int16_t>(1000 + i);
    if (i < 3000) {
      diffs += JsonDiff(kInsert, absl::StrCat("$[", at, "]"), JsonInt16(value));
      model.insert(model.begin() + static_cast<ptrdiff_t>(at),
                   absl::StrCat(value));
    } else if (i % 4 == 0) {
      diffs +=
          JsonDiff(kReplace, absl::StrCat("$[", at, "]"), JsonInt16(value));
      model[at] = absl::StrCat(value);
    } else if (model.size() > 1) {
      diffs += JsonDiff(
          kRemove, absl::StrCat("$[last-", model.size() - 1 - at, "]"), "");
      model.erase(model.begin() + static_cast<ptrdiff_t>(at));
    }
    if (i % 1000 == 999) expect_model();
  }
  expect_model();
}

TEST(JsonDiffTest, ThousandsOfChangesToOneObject) {
  // By length, then bytes.
  std::map<std::pair<size_t, std::string>, int> model;
  std::vector<std::pair<std::string, std::string>> members;
  for (int i = 0; i < 1000; i += 2) {
    const std::string key = absl::StrCat("k", i);
    model[{key.size(), key}] = i;
  }
  for (const auto& [key, value] : model) {
    members.emplace_back(key.second, JsonInt16(static_cast<int16_t>(value)));
  }
  std::string diffs;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = absl::StrCat("k", i * 7 % 1000);
    const auto found = model.find({key.size(), key});
    const uint8_t operation = found == model.end() ? kInsert
                              : i % 2 == 0         ? kReplace
                                                   : kRemove;
    diffs += JsonDiff(
        operation, absl::StrCat("$.", key),
        operation == kRemove ? "" : JsonInt16(static_cast<int16_t>(i)));
    if (operation == kRemove) {
      model.erase(found);
    } else {
      model[{key.size(), key}] = i;
    }
  }
  std::string expected;
  for (const auto& [key, value] : model) {
    absl::StrAppend(&expected, expected.empty() ? "{" : ", ", "\"", key.second,
                    "\": ", value);
  }
  EXPECT_EQ(Patched(JsonObject(members), diffs), expected + "}");
}

TEST(JsonDiffTest, AppliesTensOfThousandsOfDiffs) {
  constexpr int kDiffs = 60'000;
  std::string elements;
  std::string members;
  for (int i = 0; i < kDiffs; ++i) {
    elements += JsonDiff(kInsert, "$[0]", JsonInt16(1));
    members += JsonDiff(kInsert, absl::StrCat("$.k", i), JsonInt16(1));
  }
  EXPECT_EQ(Patched(JsonArray({}), elements).size(), size_t{3} * kDiffs);
  EXPECT_GT(Patched(JsonObject({}), members).size(), size_t{3} * kDiffs);
}

TEST(JsonDiffTest, RefusesDiffsThatDoNotFit) {
  for (const std::string& diff :
       {JsonDiff(kReplace, "$.z", JsonNull()),
        JsonDiff(kReplace, "$.c[2]", JsonNull()),
        JsonDiff(kReplace, "$.c.x", JsonNull()),
        JsonDiff(kReplace, "$[0]", JsonNull()),
        JsonDiff(kReplace, "$.a.b", JsonNull()),
        JsonDiff(kInsert, "$.a", JsonNull()),
        JsonDiff(kInsert, "$", JsonNull()),
        JsonDiff(kInsert, "$.c.x", JsonNull()),
        JsonDiff(kInsert, "$.a[0]", JsonNull()), JsonDiff(kRemove, "$", ""),
        JsonDiff(kRemove, "$.z", ""), JsonDiff(kRemove, "$.c[2]", ""),
        JsonDiff(kRemove, "$.c[last-2]", "")}) {
    EXPECT_THAT(Error(Members(), diff), StatusIs(StatusCode::kDataLoss))
        << diff;
  }
}

TEST(JsonDiffTest, EveryTruncationIsAnError) {
  const std::string diff = JsonDiff(kReplace, "$.a", JsonString("text"));
  for (size_t length = 1; length < diff.size(); ++length) {
    EXPECT_THAT(Error(Members(), diff.substr(0, length)),
                StatusIs(StatusCode::kDataLoss))
        << length;
  }
  EXPECT_THAT(Error(Members(), "\x03" + diff.substr(1)),
              StatusIs(StatusCode::kDataLoss, HasSubstr("unknown kind")));
}

TEST(JsonDiffTest, CannotNestDeeperThanMysql) {
  std::string document = JsonArray({JsonNull()});
  std::string path = "$[0]";
  for (int depth = 1; depth < kMaxJsonDepth; ++depth) {
    document = JsonArray({document});
    path += "[0]";
  }
  EXPECT_THAT(Error(document, JsonDiff(kReplace, path, JsonInt16(1))), IsOk());
  EXPECT_THAT(Error(document, JsonDiff(kReplace, path, JsonArray({}))),
              StatusIs(StatusCode::kDataLoss, HasSubstr("deeper")));
}

}  // namespace
}  // namespace binferry::worker
