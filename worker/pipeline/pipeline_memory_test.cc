// What a pipeline holds at most.
#include <gtest/gtest.h>

#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/testing/status_matchers.h"
#include "worker/pipeline/pipeline.h"
#include "worker/pipeline/testing/scripted_server.h"
#include "worker/schema/testing/values.h"
#include "worker/sink/testing/recording_sink.h"

namespace binferry::worker {
namespace {

const absl::Status kEnd = absl::OutOfRangeError("the script ends");

class PipelineMemoryTest : public ::testing::Test {
 protected:
  PipelineMemoryTest() {
    destination_.SetAutoCreate(1);
    options_.objects = {{{"shop", "", true, {}}}};
    options_.encoder_threads = 3;
  }

  // Runs to the end; the most bytes ever held.
  size_t PeakBytes() {
    absl::StatusOr<std::unique_ptr<Pipeline>> pipeline =
        Pipeline::Create(options_,
                         {.open_sink = destination_.Opener(),
                          .resolve_start = server_.StartOfFile(),
                          .open_source = server_.Opener(kEnd),
                          .on_streaming = nullptr},
                         &clock_);
    EXPECT_THAT(pipeline, IsOk());
    EXPECT_EQ((*pipeline)->Run(std::stop_token()), kEnd);
    return (*pipeline)->Statistics().peak_queued_bytes;
  }

  void ExpectIdsWithoutGaps(size_t count) {
    const std::vector<RecordedRecord> records = destination_.committed();
    ASSERT_EQ(records.size(), count);
    for (size_t i = 0; i < count; ++i) ASSERT_EQ(records[i].id, i + 1);
  }

  void ExpectThatALargeTransactionFlowsThrough() {
    options_.budget_bytes = size_t{1} << 20;
    std::vector<EventBuilder::RowsSpec> events;
    constexpr int kEvents = 1000;
    const std::string text(1000, 'x');
    for (int i = 0; i < kEvents; ++i) {
      events.push_back(
          InsertOf(orders_, std::vector<Row>(8, {Signed(i), Text(text)})));
    }
    server_.Transaction(events);  // 8 MB, and more as records.
    // The budget and, of the oldest chunk, what goes beyond it.
    EXPECT_LE(PeakBytes(), options_.budget_bytes + (size_t{256} << 10));
    ExpectIdsWithoutGaps(8 * kEvents);
    bool is_cut = false;
    for (const auto& commit : destination_.checkpoints()) {
      is_cut |= commit.checkpoint.rows_done > 0;
    }
    EXPECT_TRUE(is_cut);
  }

  SystemClock clock_;
  RecordingDestination destination_;
  ScriptedServer server_;
  PipelineOptions options_;
  const TableSchema orders_ = IdAndText("shop", "orders");
};

TEST_F(PipelineMemoryTest, ATransactionLargerThanTheBudgetFlowsThrough) {
  ExpectThatALargeTransactionFlowsThrough();
}

TEST_F(PipelineMemoryTest, ACompressedTransactionLargerThanItFlowsThrough) {
  server_.set_compresses(true);
  ExpectThatALargeTransactionFlowsThrough();
}

TEST_F(PipelineMemoryTest, AHeldTransactionLargerThanItFlowsThrough) {
  server_.builder()->set_may_have_statements(true);
  ExpectThatALargeTransactionFlowsThrough();
}

TEST_F(PipelineMemoryTest, SmallRowsThatGrowMuchStayWithinTheBudget) {
  options_.budget_bytes = size_t{2} << 20;
  std::vector<EventBuilder::RowsSpec> events;
  for (int i = 0; i < 60; ++i) {
    events.push_back(
        InsertOf(orders_, std::vector<Row>(500, {Signed(i), Null()})));
  }
  server_.Transaction(events);  // 5 bytes a row become 300.
  EXPECT_LE(PeakBytes(), options_.budget_bytes + (size_t{256} << 10));
  ExpectIdsWithoutGaps(60 * 500);
}

TEST_F(PipelineMemoryTest, ARowLargerThanTheBudgetPassesAlone) {
  options_.budget_bytes = size_t{512} << 10;
  TableSchema large = IdAndText("shop", "large");
  large.columns[1].kind = ColumnKind::kLongText;
  large.columns[1].max_bytes = 4;
  constexpr size_t kRowBytes = size_t{3} << 20;
  const std::string text(3000, 'x');
  const std::string large_text(kRowBytes, 'y');
  for (int i = 0; i < 3; ++i) {
    std::vector<Row> small(20, {Signed(i), Text(text)});
    server_.Transaction({InsertOf(orders_, small),
                         InsertOf(large, {{Signed(i), Text(large_text)}}),
                         InsertOf(orders_, small)});
  }
  EXPECT_LE(PeakBytes(), options_.budget_bytes + 3 * kRowBytes);
  ExpectIdsWithoutGaps(3 * 41);
}

}  // namespace
}  // namespace binferry::worker
