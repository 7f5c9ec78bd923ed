#include "worker/agent/task_journal.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/testing/simulated_clock.h"

namespace binferry::worker {
namespace {

TEST(TaskJournalTest, NumbersEventsBehindThoseOfTheRunBefore) {
  const SimulatedClock clock;
  TaskJournal journal(&clock, 7);
  journal.AddEvent("FENCED", "a");
  journal.AddEvent("RECOVERED", "b");
  coordination::v1::TaskReport report;
  journal.FillReport(&report);
  ASSERT_EQ(report.events_size(), 2);
  EXPECT_EQ(report.events(0).number(), 8);
  EXPECT_EQ(journal.last_event_number(), 9);
  journal.AcknowledgeEvents(8);
  coordination::v1::TaskReport rest;
  journal.FillReport(&rest);
  ASSERT_EQ(rest.events_size(), 1);
  EXPECT_EQ(rest.events(0).reason(), "RECOVERED");
}

// Messages of servers and names in a binlog may be anything.
TEST(TaskJournalTest, TellsOnlyTextOfBoundedLength) {
  const SimulatedClock clock;
  TaskJournal journal(&clock);
  journal.AddEvent("FENCED", "table \xff.t");
  journal.SetFault(
      absl::UnavailableError(absl::StrCat(
          std::string(TaskJournal::kMaxMessageBytes - 1, 'x'), "\xc3\xa9")),
      1, std::nullopt);
  coordination::v1::TaskReport report;
  journal.FillReport(&report);
  EXPECT_EQ(report.events(0).message(), "table ?.t");
  EXPECT_EQ(report.last_error().message(),
            std::string(TaskJournal::kMaxMessageBytes - 1, 'x'));
}

}  // namespace
}  // namespace binferry::worker
