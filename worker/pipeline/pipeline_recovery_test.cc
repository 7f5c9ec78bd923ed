// What a pipeline delivers when its runs end at every possible place.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/testing/simulated_clock.h"
#include "common/testing/status_matchers.h"
#include "worker/pipeline/pipeline.h"
#include "worker/pipeline/testing/scripted_server.h"
#include "worker/schema/testing/values.h"
#include "worker/sink/testing/recording_sink.h"

namespace binferry::worker {
namespace {

const absl::Status kEnd = absl::OutOfRangeError("the script ends");

// With transactions as they are, and compressed.
class PipelineRecoveryTest : public ::testing::TestWithParam<bool> {
 protected:
  PipelineRecoveryTest() {
    options_.objects = {{{"shop", "", true, {}}}};
    options_.partition_policy = PartitionPolicy::kPrimaryKeyHash;
    options_.budget_bytes = size_t{64} << 10;
    // Every chunk is one Kafka transaction.
    options_.chunk_linger = absl::ZeroDuration();
    options_.commit_interval = absl::ZeroDuration();
    options_.checkpoint_interval = absl::ZeroDuration();
    server_.set_compresses(GetParam());
    WriteBinlog();
  }

  void WriteBinlog() {
    for (int i = 0; i < 4; ++i) {
      server_.Transaction({InsertOf(orders_, {{Signed(i), Text("new")}})});
      server_.Transaction({InsertOf(other_, {{Signed(i), Text("unseen")}})});
      // Split updates, two tables, several rows an event.
      server_.Transaction(
          {UpdateOf(
               orders_, {{Signed(i), Text("new")}, {Signed(50 + i), Text("a")}},
               {{Signed(70 + i), Text("moved")}, {Signed(50 + i), Null()}}),
           InsertOf(other_, {{Signed(i), Text("unseen")}}),
           DeleteOf(log_, {{Signed(i), Text("l")}, {Signed(i), Text("m")}})});
      server_.Statement("shop", "ALTER TABLE orders COMMENT 'x'");
    }
    // Several times the budget.
    const std::string a(1500, 'a');
    const std::string b(1500, 'b');
    std::vector<EventBuilder::RowsSpec> large;
    for (int i = 0; i < 40; ++i) {
      large.push_back(InsertOf(
          orders_, {{Signed(1000 + i), Text(a)}, {Signed(2000 + i), Text(b)}}));
    }
    server_.Transaction(large);
    server_.Transaction({InsertOf(log_, {{Signed(9), Text("last")}})});
  }

  absl::Status Run(RecordingDestination* destination) {
    options_.history = destination->last_checkpoint().has_value()
                           ? TaskHistory::kStarted
                           : TaskHistory::kNew;
    absl::StatusOr<std::unique_ptr<Pipeline>> pipeline =
        Pipeline::Create(options_,
                         {.open_sink = destination->Opener(),
                          .resolve_start = server_.StartOfFile(),
                          .open_source = server_.Opener(kEnd),
                          .on_streaming = nullptr},
                         &clock_);
    if (!pipeline.ok()) return pipeline.status();
    return (*pipeline)->Run(std::stop_token());
  }

  static std::vector<std::string> Committed(
      const RecordingDestination& destination) {
    std::vector<std::string> records;
    for (const RecordedRecord& record : destination.committed()) {
      records.push_back(absl::StrCat(record.topic, "/", record.partition, " ",
                                     record.key.value_or("none"), " ",
                                     record.value));
    }
    return records;
  }

  std::vector<std::string> Undisturbed() {
    RecordingDestination destination;
    destination.SetAutoCreate(3);
    EXPECT_EQ(Run(&destination), kEnd);
    return Committed(destination);
  }

  // Lets `order_fault` spoil the nth call, for every n that there is, and
  // expects that the next runs deliver the rest.
  void ExpectSameRecords(
      const std::function<void(RecordingDestination*, int)>& order_fault) {
    const std::vector<std::string> expected = Undisturbed();
    ASSERT_EQ(expected.size(), 4u * 6 + 80 + 1);
    // Runs split the stream differently each time; so these are more than
    // there are calls in any one.
    for (int nth = 1; nth <= 60; ++nth) {
      RecordingDestination destination;
      destination.SetAutoCreate(3);
      order_fault(&destination, nth);
      absl::Status status;
      for (int run = 0; run < 3 && status != kEnd; ++run) {
        status = Run(&destination);
      }
      ASSERT_EQ(status, kEnd) << nth;
      ASSERT_EQ(Committed(destination), expected) << nth;
      ExpectSoundCheckpoints(destination);
    }
  }

  void ExpectSoundCheckpoints(const RecordingDestination& destination) {
    int64_t number = -1;
    for (const auto& commit : destination.checkpoints()) {
      EXPECT_EQ(commit.checkpoint.number, ++number);
      EXPECT_EQ(commit.checkpoint.last_id, commit.record_count);
      EXPECT_EQ(commit.checkpoint.records, commit.record_count);
      has_seen_open_transaction_ |= commit.checkpoint.rows_done > 0;
    }
    EXPECT_EQ(destination.last_checkpoint()->gtid_set,
              server_.executed().ToString());
  }

  SimulatedClock clock_;
  ScriptedServer server_;
  PipelineOptions options_;
  bool has_seen_open_transaction_ = false;
  const TableSchema orders_ = IdAndText("shop", "orders");
  const TableSchema log_ = IdAndText("shop", "log", false);
  const TableSchema other_ = IdAndText("other", "t");
};

TEST_P(PipelineRecoveryTest, RepeatsNothingAfterAFailedWrite) {
  ExpectSameRecords([](RecordingDestination* destination, int nth) {
    destination->FailWrite(nth, absl::UnavailableError("gone"));
  });
  EXPECT_TRUE(has_seen_open_transaction_);
}

TEST_P(PipelineRecoveryTest, RepeatsNothingAfterAFailedCommit) {
  ExpectSameRecords([](RecordingDestination* destination, int nth) {
    destination->FailCommit(nth, absl::AbortedError("unknown"));
  });
}

TEST_P(PipelineRecoveryTest, RepeatsNothingAfterACommitWithoutAnAnswer) {
  ExpectSameRecords([](RecordingDestination* destination, int nth) {
    destination->LoseCommitAnswer(nth);
  });
}

TEST_P(PipelineRecoveryTest, RepeatsNothingAfterADisturbedCommit) {
  ExpectSameRecords([](RecordingDestination* destination, int nth) {
    destination->DisturbCommit(nth);
  });
}

TEST_P(PipelineRecoveryTest, GoesOnInsideATransactionAtEveryRow) {
  const std::vector<std::string> expected = Undisturbed();
  // The first run over the large transaction tells where it stands.
  RecordingDestination whole;
  whole.SetAutoCreate(3);
  ASSERT_EQ(Run(&whole), kEnd);
  Checkpoint inside;
  for (const auto& commit : whole.checkpoints()) {
    if (commit.checkpoint.rows_done > inside.rows_done) {
      inside = commit.checkpoint;
    }
  }
  ASSERT_GT(inside.rows_done, 0u);
  const uint64_t first_id = inside.last_id - inside.rows_done;
  for (uint64_t rows_done = 1; rows_done <= 80; ++rows_done) {
    RecordingDestination destination;
    destination.SetAutoCreate(3);
    inside.rows_done = rows_done;
    inside.last_id = first_id + rows_done;
    destination.SetCheckpoint(inside);
    ASSERT_EQ(Run(&destination), kEnd) << rows_done;
    const std::vector<std::string> rest(
        expected.begin() + static_cast<ptrdiff_t>(inside.last_id),
        expected.end());
    ASSERT_EQ(Committed(destination), rest) << rows_done;
  }
}

TEST_P(PipelineRecoveryTest, RefusesATransactionThatHasBecomeShorter) {
  RecordingDestination destination;
  destination.SetAutoCreate(3);
  ASSERT_EQ(Run(&destination), kEnd);
  Checkpoint inside;
  for (const auto& commit : destination.checkpoints()) {
    if (commit.checkpoint.rows_done > inside.rows_done) {
      inside = commit.checkpoint;
    }
  }
  inside.rows_done = 81;
  destination.SetCheckpoint(inside);
  EXPECT_THAT(Run(&destination),
              StatusIs(absl::StatusCode::kDataLoss,
                       testing::HasSubstr("1 rows of selected tables fewer")));
}

TEST_P(PipelineRecoveryTest, RefusesAnotherTransactionThanTheOneUnderWay) {
  RecordingDestination destination;
  destination.SetAutoCreate(3);
  Checkpoint inside;
  inside.uses_gtid = true;
  inside.file = "binlog.000001";
  inside.position = 5555;
  inside.rows_done = 1;
  destination.SetCheckpoint(inside);
  EXPECT_THAT(Run(&destination),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       testing::HasSubstr("inside the transaction at "
                                          "binlog.000001:5555")));
  EXPECT_TRUE(destination.committed().empty());
}

INSTANTIATE_TEST_SUITE_P(, PipelineRecoveryTest, testing::Bool(),
                         [](const testing::TestParamInfo<bool>& compresses) {
                           return compresses.param ? "Compressed" : "Plain";
                         });

}  // namespace
}  // namespace binferry::worker
