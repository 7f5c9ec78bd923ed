#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session.h"
#include "cli/testing/command_fixture.h"
#include "common/exit_code.h"

namespace binferry::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using TaskWatchTest = CommandFixture;

const grpc::Status kGoingAway = {grpc::StatusCode::UNAVAILABLE, "going away"};

TEST_F(TaskWatchTest, GoesOnBehindALostConnection) {
  tasks_.watches = {{.states = {v1::TASK_STATE_STARTING}, .status = kGoingAway},
                    {.states = {v1::TASK_STATE_INCREMENTAL_SYNC}}};
  EXPECT_EQ(Run({"task", "watch", "orders", "-o", "json"}), kExitOk);
  ASSERT_EQ(tasks_.watched.size(), 2u);
  EXPECT_EQ(tasks_.watched[0].resume_token(), "");
  EXPECT_EQ(tasks_.watched[1].resume_token(), "after TASK_STATE_STARTING");
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("TASK_STATE_STARTING"),
                                HasSubstr("TASK_STATE_INCREMENTAL_SYNC")));
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("lost the connection"),
                                HasSubstr("connected again")));
}

TEST_F(TaskWatchTest, AForgottenPlaceBeginsAnew) {
  tasks_.watches = {{.states = {v1::TASK_STATE_STARTING}, .status = kGoingAway},
                    {.status = {grpc::StatusCode::OUT_OF_RANGE, "too old"}},
                    {.states = {v1::TASK_STATE_PAUSED}}};
  EXPECT_EQ(Run({"task", "watch", "orders"}), kExitOk);
  ASSERT_EQ(tasks_.watched.size(), 3u);
  EXPECT_EQ(tasks_.watched[2].resume_token(), "");
}

TEST_F(TaskWatchTest, AServerThatWasNeverThereIsAnError) {
  tasks_.watches = {{.status = kGoingAway}};
  EXPECT_EQ(Run({"task", "watch"}), kExitUnreachable);
  EXPECT_EQ(tasks_.watched.size(), 1u);
  EXPECT_EQ(tasks_.watched[0].name(), "projects/default");
}

TEST_F(TaskWatchTest, WaitOutlivesALostConnectionToo) {
  tasks_.watches = {{.states = {v1::TASK_STATE_STARTING}, .status = kGoingAway},
                    {.states = {v1::TASK_STATE_INCREMENTAL_SYNC}}};
  EXPECT_EQ(Run({"task", "wait", "orders", "--for", "INCREMENTAL_SYNC"}),
            kExitOk);
}

TEST_F(TaskWatchTest, WaitTellsTheRemedyOnce) {
  v1::Fault* const fault = tasks_.answer.mutable_status()->mutable_last_error();
  fault->set_message("access denied");
  fault->set_remedy("set source.password");
  tasks_.watches = {{.states = {v1::TASK_STATE_START_FAILED}}};
  EXPECT_EQ(Run({"task", "wait", "orders", "--for", "PAUSED"}),
            kExitWaitFailed);
  EXPECT_THAT(err_.str(),
              HasSubstr("access denied\nWhat to do: set source.password\n"));
}

}  // namespace
}  // namespace binferry::cli
