#include "worker/task/progress_proto.h"

#include <gtest/gtest.h>

namespace binferry::worker {
namespace {

PipelineStatistics Streaming() {
  PipelineStatistics statistics;
  statistics.phase = PipelineStatistics::Phase::kStreaming;
  Checkpoint& checkpoint = statistics.checkpoint.emplace();
  checkpoint.file = "binlog.000007";
  checkpoint.position = 500;
  checkpoint.last_id = 12;
  checkpoint.inserts = 9;
  checkpoint.records = 12;
  checkpoint.source_time_ms = 1'700'000'000'123;
  statistics.transactions = 4;
  statistics.bytes_read = 4000;
  statistics.lag = absl::Milliseconds(250);
  statistics.queued_bytes = 1000;
  statistics.limit_bytes = 64000;
  statistics.queued_records = 3;
  statistics.back_pressure = BackPressure::kDestination;
  statistics.read_place = Coordinates{"binlog.000008", 157};
  statistics.top_tables = {{.database = "shop",
                            .table = "orders",
                            .inserts = 9,
                            .updates = 2,
                            .deletes = 1,
                            .value_bytes = 700}};
  return statistics;
}

TEST(ProgressProtoTest, TellsWhereATaskIsAndWhatItHolds) {
  const TaskProgress progress = ToProgress(Streaming());
  EXPECT_TRUE(progress.start_position_committed);
  EXPECT_EQ(progress.position->coordinates().file(), "binlog.000007");
  EXPECT_EQ(progress.position->last_record_id(), 12u);
  EXPECT_EQ(progress.position->source_time().nanos(), 123'000'000);
  EXPECT_EQ(progress.source_position->coordinates().file(), "binlog.000008");
  EXPECT_EQ(progress.source_position->coordinates().position(), 157u);
  EXPECT_EQ(progress.lag_ms, 250);
  EXPECT_EQ(progress.counters.inserts(), 9u);
  EXPECT_EQ(progress.counters.transactions(), 4u);
  EXPECT_EQ(progress.counters.binlog_bytes(), 4000u);
  ASSERT_EQ(progress.top_tables.size(), 1u);
  EXPECT_EQ(progress.top_tables[0].table(), "orders");
  EXPECT_EQ(progress.top_tables[0].record_bytes(), 700u);
  EXPECT_EQ(progress.load->memory_bytes(), 1000u);
  EXPECT_EQ(progress.load->memory_limit_bytes(), 64000u);
  EXPECT_EQ(progress.load->queued_records(), 3u);
  EXPECT_EQ(progress.load->back_pressure_reason(), "DESTINATION");
}

TEST(ProgressProtoTest, TellsNothingThatIsNotKnown) {
  const TaskProgress progress = ToProgress({});
  EXPECT_FALSE(progress.start_position_committed);
  EXPECT_FALSE(progress.position.has_value());
  EXPECT_FALSE(progress.source_position.has_value());
  // Not 0: nobody has heard of the source.
  EXPECT_FALSE(progress.lag_ms.has_value());
  EXPECT_FALSE(progress.load.has_value());
}

TEST(ProgressProtoTest, HasNoLoadOnceNothingFlows) {
  PipelineStatistics statistics = Streaming();
  statistics.phase = PipelineStatistics::Phase::kEnded;
  EXPECT_FALSE(ToProgress(statistics).load.has_value());
}

}  // namespace
}  // namespace binferry::worker
