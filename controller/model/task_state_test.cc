#include "controller/model/task_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace binferry::controller {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The rows of the table of docs/task-lifecycle.md that begins with `heading`,
// without heading and rule.
std::vector<std::vector<std::string>> ReadTable(absl::string_view heading) {
  std::ifstream page(
      absl::StrCat(BINFERRY_SOURCE_DIR, "/docs/task-lifecycle.md"));
  EXPECT_TRUE(page.is_open());
  std::vector<std::vector<std::string>> rows;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (absl::StartsWith(line, heading)) {
      inside = true;
    } else if (!absl::StartsWith(line, "|")) {
      inside = false;
    } else if (inside && !absl::StartsWith(line, "|---")) {
      std::vector<std::string> cells = absl::StrSplit(line, '|');
      std::vector<std::string> row;
      for (size_t i = 1; i + 1 < cells.size(); ++i) {
        row.emplace_back(absl::StripAsciiWhitespace(cells[i]));
      }
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

std::string Word(Allowance allowance) {
  switch (allowance) {
    case Allowance::kNo:
      return "no";
    case Allowance::kRepeat:
      return "repeat";
    case Allowance::kYes:
      return "yes";
  }
  return "";
}

TEST(TaskStateTest, ActionsAreThoseOfThePage) {
  const auto rows = ReadTable("| State | start | pause | resume | stop |");
  ASSERT_EQ(rows.size(), std::size(kTaskStates));
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string> expected = {
        std::string(TaskStateName(kTaskStates[i]))};
    for (const UserAction action : kUserActions) {
      expected.push_back(Word(AllowanceOf(action, kTaskStates[i])));
    }
    EXPECT_EQ(rows[i], expected);
  }
}

TEST(TaskStateTest, TransitionsAreThoseOfThePage) {
  const auto rows = ReadTable("| From | To |");
  ASSERT_EQ(rows.size(), std::size(kTaskStates));
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), 2u);
    EXPECT_EQ(rows[i][0], TaskStateName(kTaskStates[i]));
    std::set<std::string> page =
        absl::StrSplit(rows[i][1], ", ", absl::SkipEmpty());
    std::set<std::string> code;
    for (const TaskState to : kTaskStates) {
      if (CanTransition(kTaskStates[i], to)) code.emplace(TaskStateName(to));
    }
    EXPECT_EQ(page, code) << rows[i][0];
  }
}

TEST(TaskStateTest, NamesReadBack) {
  for (const TaskState state : kTaskStates) {
    EXPECT_EQ(ParseTaskState(TaskStateName(state)), state);
  }
  EXPECT_EQ(ParseTaskState("RUNNING"), std::nullopt);
  EXPECT_EQ(ParseDesiredState("paused"), DesiredState::kPaused);
  EXPECT_EQ(ParseDesiredState(""), std::nullopt);
  for (const StopMode mode : {StopMode::kNow, StopMode::kDrain}) {
    EXPECT_EQ(ParseStopMode(StopModeName(mode)), mode);
  }
  EXPECT_EQ(ParseStopMode("NOW"), std::nullopt);
}

TEST(TaskStateTest, OffersOnlyWhatChangesSomething) {
  EXPECT_THAT(AvailableActions(TaskState::kPaused),
              ElementsAre("resume", "stop", "reset", "precheck", "update"));
  EXPECT_THAT(AvailableActions(TaskState::kCompleted), ElementsAre("delete"));
  EXPECT_THAT(AvailableActions(TaskState::kStopping), IsEmpty());
}

TEST(TaskStateTest, EveryStateButTheFirstIsReachedAndOnlyTheLastIsFinal) {
  for (const TaskState state : kTaskStates) {
    int from = 0;
    int to = 0;
    for (const TaskState other : kTaskStates) {
      from += CanTransition(state, other);
      to += CanTransition(other, state);
    }
    EXPECT_EQ(from == 0, state == TaskState::kCompleted);
    EXPECT_GT(to, 0) << TaskStateName(state);
    EXPECT_FALSE(CanTransition(state, state));
  }
}

}  // namespace
}  // namespace binferry::controller
