#include "worker/agent/task_journal.h"

#include <google/protobuf/util/time_util.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/remedy.h"
#include "common/testing/simulated_clock.h"
#include "worker/agent/report_text.h"

namespace binferry::worker {
namespace {

class TaskJournalTest : public testing::Test {
 protected:
  static coordination::v1::TaskReport ReportOf(const TaskJournal& journal) {
    coordination::v1::TaskReport report;
    journal.FillReport(&report);
    return report;
  }
  v1::Fault Fault() const { return ReportOf(journal_).last_error(); }
  int64_t NowMs() const { return absl::ToUnixMillis(clock_.Now()); }
  static int64_t Ms(const google::protobuf::Timestamp& time) {
    return google::protobuf::util::TimeUtil::TimestampToMilliseconds(time);
  }

  SimulatedClock clock_;
  TaskJournal journal_{&clock_};
};

TEST_F(TaskJournalTest, NumbersMessagesBehindThoseOfTheRunBefore) {
  TaskJournal journal(&clock_, {.event = 7, .log_line = 20});
  journal.AddEvent("FENCED", "a");
  journal.AddEvent("RECOVERED", "b");
  journal.AddLogLine(LogLevel::kInfo, "c");
  coordination::v1::TaskReport report = ReportOf(journal);
  ASSERT_EQ(report.events_size(), 2);
  EXPECT_EQ(report.events(0).number(), 8);
  EXPECT_EQ(report.log_lines(0).number(), 21);
  EXPECT_EQ(journal.last_numbers().event, 9);
  journal.Acknowledge({.event = 8, .log_line = 21});
  report = ReportOf(journal);
  ASSERT_EQ(report.events_size(), 1);
  EXPECT_EQ(report.events(0).reason(), "RECOVERED");
  EXPECT_TRUE(report.log_lines().empty());
}

TEST_F(TaskJournalTest, TellsABoundedNumberOfLogLinesAtATimeOldestFirst) {
  const auto more = static_cast<int>(TaskJournal::kMaxPendingLogLines) + 1;
  for (int i = 1; i <= more; ++i) {
    journal_.AddLogLine(LogLevel::kInfo, absl::StrCat(i));
  }
  coordination::v1::TaskReport report = ReportOf(journal_);
  ASSERT_EQ(report.log_lines_size(),
            static_cast<int>(TaskJournal::kMaxReportedLogLines));
  EXPECT_EQ(report.log_lines(0).message(), "2");  // The oldest one is gone.
  // Told again until it is acknowledged.
  EXPECT_EQ(ReportOf(journal_).log_lines(0).number(), 2);
  journal_.Acknowledge({.log_line = report.log_lines().rbegin()->number()});
  EXPECT_EQ(ReportOf(journal_).log_lines(0).message(), "52");
}

TEST_F(TaskJournalTest, KeepsTheTimeOfTheFirstFaultInARow) {
  const int64_t first = NowMs();
  journal_.SetFault(absl::UnavailableError("gone"), 1, absl::Seconds(1));
  clock_.Advance(absl::Seconds(5));
  journal_.ClearFault();  // It ran for a moment.
  journal_.SetFault(absl::UnavailableError("gone"), 2, absl::Seconds(3));
  v1::Fault fault = Fault();
  EXPECT_EQ(Ms(fault.first_time()), first);
  EXPECT_EQ(Ms(fault.time()), first + 5000);
  EXPECT_EQ(Ms(fault.next_retry_time()), first + 8000);
  EXPECT_EQ(fault.attempts(), 2);
  clock_.Advance(absl::Seconds(5));
  journal_.SetFault(absl::UnavailableError("gone"), 1, absl::Seconds(1));
  fault = Fault();
  EXPECT_EQ(Ms(fault.first_time()), first + 10000);
}

TEST_F(TaskJournalTest, TellsTheCauseApartFromTheRemedy) {
  journal_.SetFault(RemedyError(absl::StatusCode::kPermissionDenied,
                                "access denied for user a at db1:3306",
                                "check source.password", "1045: no"),
                    3, std::nullopt);
  EXPECT_EQ(Fault().code(), "PERMISSION_DENIED");
  EXPECT_EQ(Fault().message(),
            "access denied for user a at db1:3306 (1045: no)");
  EXPECT_EQ(Fault().remedy(), "check source.password");
  EXPECT_FALSE(Fault().has_next_retry_time());
}

// Messages of servers and names in a binlog may be anything.
TEST_F(TaskJournalTest, TellsOnlyTextOfBoundedLength) {
  journal_.AddEvent("FENCED", "table \xff.t");
  journal_.SetFault(absl::UnavailableError(absl::StrCat(
                        std::string(kMaxReportTextBytes - 1, 'x'), "\xc3\xa9")),
                    1, std::nullopt);
  EXPECT_EQ(ReportOf(journal_).events(0).message(), "table ?.t");
  EXPECT_EQ(Fault().message(), std::string(kMaxReportTextBytes - 1, 'x'));
}

}  // namespace
}  // namespace binferry::worker
