#include "cli/commands/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "cli/testing/command_fixture.h"
#include "common/exit_code.h"
#include "common/status_details.h"

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using CommandTest = CommandFixture;

TEST_F(CommandTest, CreatesFromAFile) {
  const std::string path = Write("id: orders\nsource: {port: 1}\n");
  EXPECT_EQ(Run({"task", "create", "-f", path, "--set", "source.port=2"}),
            kExitOk)
      << err_.str();
  EXPECT_EQ(tasks_.created.parent(), "projects/default");
  EXPECT_EQ(tasks_.created.task_id(), "orders");
  EXPECT_EQ(tasks_.created.task().source().port(), 2u);
  EXPECT_THAT(out_.str(),
              HasSubstr("projects/default/tasks/orders is created"));
}

TEST_F(CommandTest, ShowsEveryViolationWithItsLine) {
  const std::string path = Write("id: orders\nsource:\n  port: 0\n");
  tasks_.refusal =
      FieldViolationsError(absl::StatusCode::kInvalidArgument,
                           {{"task.source.port", "must be 1 to 65535"},
                            {"task.source.host", "is required"}});
  EXPECT_EQ(Run({"task", "create", "-f", path}), kExitFailure);
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr("must be 1 to 65535"), HasSubstr("task.yaml:3"),
                    HasSubstr("task.source.host")));
}

TEST_F(CommandTest, ABrokenFileNeverReachesTheServer) {
  const std::string path = Write("id: orders\nsorce: {}\n");
  EXPECT_EQ(Run({"task", "create", "-f", path}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("did you mean `source`"));
  EXPECT_EQ(tasks_.created.task_id(), "");
  EXPECT_EQ(Run({"task", "create", "-f", "/nowhere.yaml"}), kExitUsage);
}

TEST_F(CommandTest, PlainPasswordsAreWarnedOfAndNeverPrinted) {
  const std::string path = Write("id: orders\nsource: {password: hush}\n");
  EXPECT_EQ(Run({"task", "create", "-f", path}), kExitOk);
  EXPECT_THAT(err_.str(),
              AllOf(HasSubstr("source.password is given as plain text"),
                    Not(HasSubstr("hush"))));
}

TEST_F(CommandTest, UpdatesOnlyWhatIsNamed) {
  EXPECT_EQ(Run({"task", "update", "orders", "--set", "source.password=x",
                 "--set", "tags.team=a", "--set", "description=d"}),
            kExitOk)
      << err_.str();
  EXPECT_THAT(tasks_.updated.update_mask().paths(),
              ElementsAre("description", "source.password", "tags"));
  EXPECT_EQ(Run({"task", "update", "orders", "--set",
                 "destination.trustStore.password=x", "--set",
                 "tuning.encoderThreads=2", "--set",
                 "topicPolicy.autoTopics.partitions=3"}),
            kExitOk)
      << err_.str();
  EXPECT_THAT(tasks_.updated.update_mask().paths(),
              ElementsAre("destination.trust_store.password", "topic_policy",
                          "tuning.encoder_threads"));
}

TEST_F(CommandTest, ListsAllPages) {
  EXPECT_EQ(Run({"task", "list", "-o", "json"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("projects/default/tasks/orders"));
  EXPECT_EQ(Run({"task", "list", "--state", "nonsense"}), kExitUsage);
}

TEST_F(CommandTest, ListsByStateTagTextAndRegion) {
  EXPECT_EQ(Run({"task", "list", "--state", "failed,paused", "--tag", "team=a",
                 "--contains", "ord", "--region", "eu"}),
            kExitOk);
  EXPECT_THAT(
      tasks_.listed.states(),
      ElementsAre(v1::TASK_STATE_CREATE_FAILED, v1::TASK_STATE_START_FAILED,
                  v1::TASK_STATE_INCREMENTAL_SYNC_FAILED,
                  v1::TASK_STATE_STOP_FAILED, v1::TASK_STATE_PAUSED));
  EXPECT_EQ(tasks_.listed.tags().at("team"), "a");
  EXPECT_EQ(tasks_.listed.id_contains(), "ord");
  EXPECT_EQ(tasks_.listed.region(), "eu");
  EXPECT_EQ(Run({"task", "list", "--tag", "team"}), kExitUsage);
}

TEST_F(CommandTest, CreateCanWaitForAWorker) {
  const std::string path = Write("id: orders\n");
  tasks_.watches = {
      {.states = {v1::TASK_STATE_CREATING, v1::TASK_STATE_CONFIGURATION}}};
  EXPECT_EQ(Run({"task", "create", "-f", path, "--wait", "--request-id", "u"}),
            kExitOk);
  EXPECT_EQ(tasks_.created.request_id(), "u");
  tasks_.watched.clear();
  tasks_.watches = {{.states = {v1::TASK_STATE_CREATE_FAILED}}};
  tasks_.answer.mutable_status()->set_state_message("no worker in region eu");
  EXPECT_EQ(Run({"task", "create", "-f", path, "--wait"}), kExitWaitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("no worker in region eu"));
}

TEST_F(CommandTest, ClonesAndSaysWhatTheCloneLacks) {
  EXPECT_EQ(Run({"task", "clone", "orders", "copy"}), kExitOk);
  EXPECT_EQ(tasks_.cloned.name(), "projects/default/tasks/orders");
  EXPECT_EQ(tasks_.cloned.task_id(), "copy");
  EXPECT_THAT(out_.str(), HasSubstr("task update copy --set"));
}

TEST_F(CommandTest, ShowsHistoryOldestFirst) {
  EXPECT_EQ(Run({"task", "events", "orders"}), kExitOk);
  EXPECT_LT(out_.str().find("e1"), out_.str().find("e3"));
  EXPECT_THAT(out_.str(), HasSubstr("START   10.0.0.1  OK      e1"));
  EXPECT_EQ(Run({"task", "events", "orders", "--limit", "2"}), kExitOk);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("e3"), Not(HasSubstr("e1"))));
  EXPECT_EQ(Run({"task", "logs", "orders", "--level", "warning"}), kExitOk);
  EXPECT_EQ(tasks_.logged.min_level(), v1::LOG_LEVEL_WARNING);
  EXPECT_THAT(out_.str(), HasSubstr("WARNING  w1  lost connection"));
  EXPECT_EQ(Run({"task", "logs", "orders", "--level", "loud"}), kExitUsage);
}

TEST_F(CommandTest, MissingTasksAndDisallowedActionsAreSaid) {
  EXPECT_EQ(Run({"task", "get", "nothere"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("no task projects/default/tasks/nothere"));
  tasks_.refusal = absl::FailedPreconditionError("CONFIGURATION: start");
  EXPECT_EQ(Run({"task", "pause", "orders"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("CONFIGURATION: start"));
}

TEST_F(CommandTest, WaitTellsSuccessFromFailure) {
  tasks_.watches = {
      {.states = {v1::TASK_STATE_STARTING, v1::TASK_STATE_INCREMENTAL_SYNC}}};
  EXPECT_EQ(Run({"task", "wait", "orders", "--for", "incremental_sync"}),
            kExitOk);
  tasks_.watches = {
      {.states = {v1::TASK_STATE_STARTING, v1::TASK_STATE_START_FAILED}}};
  tasks_.watched.clear();
  tasks_.answer.mutable_status()->mutable_last_error()->set_message(
      "access denied");
  EXPECT_EQ(Run({"task", "wait", "orders", "--for", "INCREMENTAL_SYNC"}),
            kExitWaitFailed);
  EXPECT_THAT(err_.str(), HasSubstr("access denied"));
}

TEST_F(CommandTest, DescribeShowsTheFault) {
  tasks_.answer.mutable_status()->mutable_last_error()->set_message(
      "host nowhere does not resolve");
  EXPECT_EQ(Run({"task", "describe", "orders"}), kExitOk);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("INCREMENTAL_SYNC"),
                                HasSubstr("host nowhere does not resolve")));
}

TEST_F(CommandTest, UnreachableServerSaysWhatToDo) {
  server_->Shutdown();
  EXPECT_EQ(Run({"--timeout", "2", "task", "list"}), kExitUnreachable);
  EXPECT_THAT(err_.str(), HasSubstr("--server or BINFERRY_SERVER"));
}

TEST_F(CommandTest, ACallThatTheServerDoesNotKnowSaysWhy) {
  EXPECT_EQ(Run({"worker", "list"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("older than this command"));
}

TEST_F(CommandTest, UsageErrorsAreTold) {
  EXPECT_EQ(Run({"task", "crate"}), kExitUsage);
  EXPECT_EQ(Run({}), kExitUsage);
  EXPECT_EQ(Run({"--help"}), kExitOk);
  EXPECT_EQ(Run({"version"}), kExitOk);
}

TEST_F(CommandTest, EveryCommandHasItsHelpAndIsInTheDocumentation) {
  std::ifstream in(BINFERRY_SOURCE_DIR "/docs/cli.md");
  std::ostringstream page;
  page << in.rdbuf();
  EXPECT_EQ(Run({"task", "--help"}), kExitOk);
  std::istringstream lines(
      out_.str().substr(out_.str().find("Subcommands:\n") + 13));
  size_t commands = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("  ", 0) != 0) continue;
    const std::string command = line.substr(2, line.find(' ', 2) - 2);
    ++commands;
    EXPECT_EQ(Run({"task", command, "--help"}), kExitOk) << command;
    EXPECT_THAT(out_.str(), HasSubstr("Usage: binferry task " + command));
    EXPECT_THAT(page.str(), testing::ContainsRegex("binferry task [a-z |]*" +
                                                   command + "\\b"));
  }
  EXPECT_GT(commands, 20u);
}

TEST_F(CommandTest, CompletionKnowsTheCommands) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(Run({"completion", shell}), kExitOk);
    EXPECT_THAT(out_.str(), AllOf(HasSubstr("create"), HasSubstr("confirm"),
                                  HasSubstr("gtid-set")));
  }
}

}  // namespace
}  // namespace binferry::cli
