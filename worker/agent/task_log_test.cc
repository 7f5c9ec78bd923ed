#include "worker/agent/task_log.h"

#include <gtest/gtest.h>

#include "common/testing/simulated_clock.h"

namespace binferry::worker {
namespace {

TEST(TaskLogTest, KeepsItsLinesForTheReport) {
  const SimulatedClock clock;
  TaskJournal journal(&clock);
  TaskLog log(TaskUid("t"), Epoch(3), &journal);
  log.Info("task runs", {{"generation", 2}});
  log.Warning("task is tried again",
              {{"wait", absl::Seconds(2)},
               {"error", absl::UnavailableError("db1 is gone")}});
  log.Error("task failed");
  coordination::v1::TaskReport report;
  journal.FillReport(&report);
  ASSERT_EQ(report.log_lines_size(), 3);
  EXPECT_EQ(report.log_lines(0).message(), "task runs: generation=2");
  EXPECT_EQ(report.log_lines(0).level(), v1::LOG_LEVEL_INFO);
  EXPECT_EQ(report.log_lines(0).number(), 1);
  EXPECT_EQ(report.log_lines(1).message(),
            "task is tried again: wait=2s error=\"UNAVAILABLE: db1 is gone\"");
  EXPECT_EQ(report.log_lines(1).level(), v1::LOG_LEVEL_WARNING);
  EXPECT_EQ(report.log_lines(2).message(), "task failed");
  EXPECT_EQ(report.log_lines(2).level(), v1::LOG_LEVEL_ERROR);
}

}  // namespace
}  // namespace binferry::worker
