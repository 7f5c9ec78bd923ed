#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "cli/session.h"
#include "cli/testing/command_fixture.h"
#include "common/exit_code.h"

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using TaskVerbTest = CommandFixture;

TEST_F(TaskVerbTest, SeveralNamesGiveAResultEach) {
  EXPECT_EQ(Run({"task", "pause", "orders", "items"}), kExitOk) << err_.str();
  EXPECT_EQ(tasks_.batch.action(), v1::TASK_ACTION_PAUSE);
  EXPECT_THAT(tasks_.batch.names(),
              ElementsAre("projects/default/tasks/orders",
                          "projects/default/tasks/items"));
  EXPECT_THAT(out_.str(), HasSubstr("2 of 2 done"));

  EXPECT_EQ(Run({"task", "resume", "orders", "bad"}), kExitFailure);
  EXPECT_THAT(out_.str(),
              AllOf(HasSubstr("bad     FAILED_PRECONDITION  -      is in state "
                              "CREATING"),
                    HasSubstr("1 of 2 done")));
}

TEST_F(TaskVerbTest, AllTakesWhatTheFilterSelects) {
  EXPECT_EQ(Run({"task", "retry", "--all", "--state", "START_FAILED"}), kExitOk)
      << err_.str();
  EXPECT_THAT(tasks_.listed.states(), ElementsAre(v1::TASK_STATE_START_FAILED));
  EXPECT_EQ(tasks_.batch.action(), v1::TASK_ACTION_RETRY);
  // Both pages have the one task.
  EXPECT_EQ(tasks_.batch.names_size(), 2);
}

TEST_F(TaskVerbTest, NothingEndsEverythingUnasked) {
  EXPECT_EQ(Run({"task", "stop", "--all"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--yes"));
  EXPECT_EQ(Run({"task", "delete", "--all"}), kExitUsage);
  EXPECT_EQ(tasks_.batch.names_size(), 0);
  EXPECT_EQ(Run({"task", "stop", "--all", "--yes", "--now"}), kExitOk);
  EXPECT_EQ(tasks_.batch.stop_mode(), v1::STOP_MODE_NOW);
  EXPECT_EQ(Run({"task", "delete", "--all", "--tag", "a=b", "--force"}),
            kExitOk);
  EXPECT_TRUE(tasks_.batch.force());
}

TEST_F(TaskVerbTest, WordsThatMakeNoSenseAreTold) {
  EXPECT_EQ(Run({"task", "start"}), kExitUsage);
  EXPECT_EQ(Run({"task", "start", "orders", "--all"}), kExitUsage);
  EXPECT_EQ(Run({"task", "start", "orders", "--tag", "a=b"}), kExitUsage);
  EXPECT_EQ(Run({"task", "stop", "orders", "--now", "--drain"}), kExitUsage);
  EXPECT_EQ(Run({"task", "start", "orders", "--at", "tomorrow"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("2026-01-31T22:00:00Z"));
}

TEST_F(TaskVerbTest, StartsAtATime) {
  EXPECT_EQ(Run({"task", "start", "orders", "--at", "2026-01-31T22:00:00Z"}),
            kExitOk);
  EXPECT_EQ(tasks_.started.start_time().seconds(), 1769896800);
  EXPECT_THAT(out_.str(), HasSubstr("will start then"));
  EXPECT_EQ(Run({"task", "start", "orders"}), kExitOk);
  EXPECT_FALSE(tasks_.started.has_start_time());
}

TEST_F(TaskVerbTest, StopsByDrainingOrAtOnce) {
  EXPECT_EQ(Run({"task", "stop", "orders"}), kExitOk);
  EXPECT_EQ(tasks_.stopped.mode(), v1::STOP_MODE_UNSPECIFIED);
  EXPECT_EQ(Run({"task", "stop", "orders", "--drain"}), kExitOk);
  EXPECT_EQ(tasks_.stopped.mode(), v1::STOP_MODE_DRAIN);
  EXPECT_EQ(Run({"task", "stop", "orders", "--now"}), kExitOk);
  EXPECT_EQ(tasks_.stopped.mode(), v1::STOP_MODE_NOW);
}

TEST_F(TaskVerbTest, ResetTakesOnePosition) {
  EXPECT_EQ(Run({"task", "reset", "orders", "--gtid-set", "u:1-7"}), kExitOk);
  EXPECT_EQ(tasks_.reset.start_position().gtid_set(), "u:1-7");
  EXPECT_THAT(out_.str(), HasSubstr("binferry task check orders"));
  EXPECT_EQ(
      Run({"task", "reset", "orders", "--file", "b.1", "--position", "157"}),
      kExitOk);
  EXPECT_EQ(tasks_.reset.start_position().coordinates().position(), 157u);
  EXPECT_EQ(Run({"task", "reset", "orders", "--time", "2026-01-31T22:00:00Z"}),
            kExitOk);
  EXPECT_EQ(tasks_.reset.start_position().time().seconds(), 1769896800);
  EXPECT_EQ(Run({"task", "reset", "orders", "--to-now"}), kExitOk);
  EXPECT_FALSE(tasks_.reset.has_start_position());

  EXPECT_EQ(Run({"task", "reset", "orders"}), kExitUsage);
  EXPECT_EQ(Run({"task", "reset", "orders", "--file", "b.1"}), kExitUsage);
  EXPECT_EQ(Run({"task", "reset", "orders", "--time", "x"}), kExitUsage);
  EXPECT_EQ(Run({"task", "reset", "orders", "--to-now", "--gtid-set", "u:1"}),
            kExitUsage);
}

TEST_F(TaskVerbTest, ManyTasksGoInSeveralCalls) {
  std::vector<std::string> words = {"task", "pause"};
  for (int i = 0; i < 1001; ++i) words.push_back(absl::StrCat("t", i));
  EXPECT_EQ(Run(words), kExitOk);
  EXPECT_EQ(tasks_.batch.names_size(), 1);
  EXPECT_THAT(out_.str(), HasSubstr("1001 of 1001 done"));
}

}  // namespace
}  // namespace binferry::cli
