#include "worker/pipeline/checkpoint_tracker.h"

#include <gtest/gtest.h>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

constexpr char kUuid[] = "3e3e3e3e-3e3e-3e3e-3e3e-3e3e3e3e3e3e";

CheckpointTracker TrackerAt(const Checkpoint& start) {
  absl::StatusOr<CheckpointTracker> tracker =
      CheckpointTracker::Create(start, PipelineOptions());
  EXPECT_THAT(tracker, IsOk());
  return *std::move(tracker);
}

Chunk RowsInOpenTransaction(uint64_t rows, bool begins_here) {
  Chunk chunk;
  chunk.place = {"binlog.000001", 500};
  chunk.is_transaction_open = true;
  chunk.has_open_transaction_start = begins_here;
  chunk.open_transaction_rows = rows;
  chunk.records.resize(rows);
  return chunk;
}

TEST(CheckpointTrackerTest, CountsTheRowsOfAnOpenTransactionOverChunks) {
  CheckpointTracker tracker = TrackerAt({});
  tracker.Advance(RowsInOpenTransaction(3, true));
  EXPECT_EQ(tracker.Next().rows_done, 3u);
  tracker.Advance(RowsInOpenTransaction(4, false));
  EXPECT_EQ(tracker.Next().rows_done, 7u);
  EXPECT_EQ(tracker.Next().position, 500u);
  tracker.Advance(RowsInOpenTransaction(2, true));  // The next transaction.
  EXPECT_EQ(tracker.Next().rows_done, 2u);
  EXPECT_EQ(tracker.Next().last_id, 9u);
}

TEST(CheckpointTrackerTest, AddsUpReplacedTextsAndAlerts) {
  Checkpoint start;
  start.replaced_texts = 10;
  start.alerts = 1;
  CheckpointTracker tracker = TrackerAt(start);
  Chunk chunk;
  chunk.replaced_texts = 3;
  chunk.alerts = 2;
  tracker.Advance(chunk);
  tracker.Advance(chunk);
  EXPECT_EQ(tracker.Next().replaced_texts, 16u);
  EXPECT_EQ(tracker.Next().alerts, 5u);
}

TEST(CheckpointTrackerTest, GoesOnInsideATransaction) {
  Checkpoint start;
  start.rows_done = 10;
  start.last_id = 12;
  start.number = 4;
  CheckpointTracker tracker = TrackerAt(start);
  EXPECT_FALSE(tracker.has_progress());
  tracker.Advance(RowsInOpenTransaction(1, false));
  EXPECT_TRUE(tracker.has_progress());
  EXPECT_EQ(tracker.Next().rows_done, 11u);
  EXPECT_EQ(tracker.Next().last_id, 13u);
  EXPECT_EQ(tracker.Next().number, 5);
  tracker.Committed();
  EXPECT_FALSE(tracker.has_progress());
  EXPECT_EQ(tracker.Next().number, 6);
}

TEST(CheckpointTrackerTest, TellsWhichSelectionCountedTheRows) {
  PipelineOptions options;
  options.objects = {{{"shop", "", true, {}}}};
  const uint64_t fingerprint = SelectionFingerprint(options.objects);
  Checkpoint start;
  start.rows_done = 2;
  auto tracker = CheckpointTracker::Create(start, options);
  ASSERT_THAT(tracker, IsOk());
  EXPECT_EQ(tracker->Next().selection_fingerprint, fingerprint);
  Chunk end;
  end.place = {"binlog.000001", 900};
  tracker->Advance(end);
  EXPECT_EQ(tracker->Next().selection_fingerprint, 0u);
  tracker->Advance(RowsInOpenTransaction(3, true));
  EXPECT_EQ(tracker->Next().selection_fingerprint, fingerprint);
}

TEST(CheckpointTrackerTest, HasAGtidOnlyOfCompleteTransactions) {
  CheckpointTracker tracker = TrackerAt({});
  tracker.Advance(RowsInOpenTransaction(3, true));
  EXPECT_EQ(tracker.Next().gtid_set, "");
  Chunk end;
  Gtid gtid;
  gtid.origin.uuid.fill(0x3e);
  gtid.number = 7;
  end.gtids = {gtid};
  end.place = {"binlog.000001", 900};
  tracker.Advance(end);
  EXPECT_EQ(tracker.Next().gtid_set, std::string(kUuid) + ":7");
  EXPECT_EQ(tracker.Next().rows_done, 0u);
  EXPECT_EQ(tracker.Next().position, 900u);
}

TEST(CheckpointTrackerTest, RefusesAGtidSetThatIsNone) {
  Checkpoint start;
  start.gtid_set = "nonsense";
  EXPECT_THAT(CheckpointTracker::Create(start, PipelineOptions()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace binferry::worker
