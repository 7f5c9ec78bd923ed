#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session.h"
#include "cli/testing/command_fixture.h"
#include "common/exit_code.h"
#include "common/status_details.h"

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class TaskCheckTest : public CommandFixture {
 protected:
  TaskCheckTest() {
    Add("source_log_bin", "binlog", v1::PRECHECK_RESULT_PASSED);
    v1::PrecheckItem* const alarm =
        Add("source_tls", "network", v1::PRECHECK_RESULT_ALARM);
    alarm->set_cause("rows travel in plain text");
    inspections_.precheck.set_worker("w1");
    v1::ConnectionTest& source = inspections_.tests[v1::ENDPOINT_SOURCE];
    source.set_passed(true);
    source.set_worker("w1");
    v1::ConnectionTestStep* const step = source.add_steps();
    step->set_step("TCP");
    step->set_target("db1:3306");
    step->set_passed(true);
    step->set_message("10.0.0.7");
    step->mutable_duration()->set_nanos(2'000'000);
  }

  v1::PrecheckItem* Add(const std::string& id, const std::string& group,
                        v1::PrecheckResult result) {
    v1::PrecheckItem* const item = inspections_.precheck.add_items();
    item->set_id(id);
    item->set_group(group);
    item->set_title("title of " + id);
    item->set_result(result);
    return item;
  }

  void AddFailure() {
    v1::PrecheckItem* const item =
        Add("source_binlog_format", "binlog", v1::PRECHECK_RESULT_FAILED);
    item->set_found("STATEMENT");
    item->set_wanted("ROW");
    item->set_cause("statements have no rows");
    item->set_remedy("SET PERSIST binlog_format = 'ROW'");
    for (int i = 0; i < 7; ++i) item->add_objects("db.t" + std::to_string(i));
    item->set_objects_total(40);
  }
};

TEST_F(TaskCheckTest, TestsBothEndsUnlessToldWhich) {
  inspections_.tests[v1::ENDPOINT_DESTINATION].set_passed(true);
  EXPECT_EQ(Run({"task", "test", "orders"}), kExitOk);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("Test of the source: PASSED (by w1"),
                                HasSubstr("TCP   db1:3306  ok      2ms"),
                                HasSubstr("Test of the destination: PASSED")));
  EXPECT_EQ(Run({"task", "test", "orders", "--destination"}), kExitOk);
  EXPECT_THAT(inspections_.tested,
              ElementsAre(v1::ENDPOINT_SOURCE, v1::ENDPOINT_DESTINATION,
                          v1::ENDPOINT_DESTINATION));
}

TEST_F(TaskCheckTest, ATestThatFailsTellsStepCauseAndRemedy) {
  v1::ConnectionTest& test = inspections_.tests[v1::ENDPOINT_SOURCE];
  test.set_passed(false);
  v1::ConnectionTestStep* const step = test.add_steps();
  step->set_step("AUTHENTICATION");
  step->set_target("db1:3306");
  step->set_message("access denied");
  step->set_remedy("set source.password");
  EXPECT_EQ(Run({"task", "test", "orders", "--source"}), kExitNotPassed);
  EXPECT_THAT(
      out_.str(),
      AllOf(HasSubstr("AUTHENTICATION of db1:3306 failed: access denied"),
            HasSubstr("What to do: set source.password")));
  EXPECT_EQ(Run({"task", "test", "orders", "--source", "-o", "json"}),
            kExitNotPassed);
  EXPECT_THAT(out_.str(), HasSubstr("\"remedy\": \"set source.password\""));
}

TEST_F(TaskCheckTest, WhatCannotBeAskedIsAnError) {
  inspections_.refusal =
      absl::FailedPreconditionError("orders has no worker yet");
  for (const char* verb : {"test", "check", "databases", "position"}) {
    EXPECT_EQ(Run({"task", verb, "orders"}), kExitFailure);
    EXPECT_THAT(err_.str(), HasSubstr("orders has no worker yet"));
  }
}

TEST_F(TaskCheckTest, CheckShowsWhatIsToBeDone) {
  AddFailure();
  EXPECT_EQ(Run({"task", "check", "orders"}), kExitNotPassed);
  EXPECT_THAT(
      out_.str(),
      AllOf(HasSubstr("\nbinlog\n  PASSED  source_log_bin        title of"),
            HasSubstr("  FAILED  source_binlog_format"),
            HasSubstr("found:   STATEMENT"), HasSubstr("wanted:  ROW"),
            HasSubstr("remedy:  SET PERSIST binlog_format = 'ROW'"),
            HasSubstr("db.t4 and 35 more"), HasSubstr("\nnetwork\n"),
            HasSubstr("1 passed, 1 failed, 1 to be confirmed, 0 confirmed"),
            HasSubstr("binferry task check orders"),
            HasSubstr("binferry task confirm orders source_tls")));
  EXPECT_EQ(inspections_.prechecks_run, 1);
}

TEST_F(TaskCheckTest, ReadyChecksPointToTheStart) {
  inspections_.precheck.mutable_items(1)->set_confirmed(true);
  inspections_.precheck.set_ready(true);
  EXPECT_EQ(Run({"task", "check", "orders"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("binferry task start orders"));
}

TEST_F(TaskCheckTest, ShowAsksNobodyAnew) {
  EXPECT_EQ(Run({"task", "check", "orders", "--show", "-o", "yaml"}),
            kExitNotPassed);
  EXPECT_THAT(out_.str(), HasSubstr("id: source_tls"));
  EXPECT_EQ(inspections_.prechecks_run, 0);
  inspections_.no_precheck = absl::NotFoundError("orders was not checked");
  EXPECT_EQ(Run({"task", "check", "orders", "--show"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("orders was not checked"));
}

TEST_F(TaskCheckTest, ConfirmAllShowsWhatItConfirms) {
  EXPECT_EQ(Run({"task", "confirm", "orders", "--all"}), kExitOk);
  EXPECT_THAT(err_.str(),
              HasSubstr("confirming source_tls: rows travel in plain text"));
  EXPECT_THAT(out_.str(), HasSubstr("1 confirmed: the task can start"));
  EXPECT_TRUE(inspections_.precheck.items(1).confirmed());
}

TEST_F(TaskCheckTest, ConfirmOfSomeLeavesTheOthersOpen) {
  Add("objects_no_key", "objects", v1::PRECHECK_RESULT_ALARM);
  EXPECT_EQ(Run({"task", "confirm", "orders", "source_tls"}), kExitNotPassed);
  EXPECT_TRUE(inspections_.precheck.items(1).confirmed());
  EXPECT_FALSE(inspections_.precheck.items(2).confirmed());
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("objects_no_key"),
                                Not(HasSubstr("source_log_bin"))));
  EXPECT_EQ(Run({"task", "confirm", "orders"}), kExitUsage);
  EXPECT_EQ(Run({"task", "confirm", "orders", "x", "--all"}), kExitUsage);
}

TEST_F(TaskCheckTest, ARefusedStartShowsTheOpenItems) {
  tasks_.refusal =
      WithDetails(absl::FailedPreconditionError("the precheck is not ready"),
                  {.reason = "PRECHECK_NOT_READY"});
  EXPECT_EQ(Run({"task", "start", "orders"}), kExitFailure);
  EXPECT_THAT(
      err_.str(),
      AllOf(HasSubstr("tasks/orders can't start yet"),
            Not(HasSubstr("the precheck is not ready")),
            HasSubstr("ALARM   source_tls"), Not(HasSubstr("source_log_bin")),
            HasSubstr("binferry task confirm orders source_tls")));
  inspections_.no_precheck = absl::NotFoundError("none");
  EXPECT_EQ(Run({"task", "start", "orders"}), kExitFailure);
  EXPECT_THAT(err_.str(), HasSubstr("binferry task check orders"));
  // Whatever else is in the way is the server's to tell.
  tasks_.refusal = absl::FailedPreconditionError("state PAUSED");
  EXPECT_EQ(Run({"task", "start", "orders"}), kExitFailure);
  EXPECT_EQ(err_.str(), "binferry: state PAUSED\n");
}

TEST_F(TaskCheckTest, ListsEveryPageThatTheWorkerSees) {
  EXPECT_EQ(Run({"task", "tables", "orders", "shop", "--contains", "Item"}),
            kExitOk);
  EXPECT_EQ(inspections_.listed_tables.database(), "shop");
  EXPECT_EQ(inspections_.listed_tables.name_contains(), "Item");
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("page1"), HasSubstr("page2")));
  EXPECT_EQ(Run({"task", "databases", "orders"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("it is a system schema"));
  EXPECT_EQ(Run({"task", "columns", "orders", "shop", "items"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("shop.items  int unsigned  1"));
  EXPECT_EQ(Run({"task", "topics", "orders", "-o", "json"}), kExitOk);
  EXPECT_THAT(out_.str(), HasSubstr("\"partitions\": 12"));
  EXPECT_EQ(Run({"task", "position", "orders"}), kExitOk);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("binlog.7:157"),
                                HasSubstr("none: the source has no GTIDs"),
                                HasSubstr("binlog.3")));
}

}  // namespace
}  // namespace binferry::cli
