#include "worker/task/broken_sink.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/testing/status_matchers.h"

namespace binferry::worker {
namespace {

// What was committed, and in which order with checkpoints (as number 0).
class Ledger : public RecordSink {
 public:
  explicit Ledger(std::vector<uint64_t>* ids) : ids_(ids) {}
  absl::StatusOr<Topic> OpenTopic(const std::string&) override {
    return Topic{};
  }
  absl::Status Write(absl::Span<const Record> records) override {
    for (const Record& record : records) ids_->push_back(record.id);
    return absl::OkStatus();
  }
  absl::Status Commit(const Checkpoint&) override {
    ids_->push_back(0);
    return absl::OkStatus();
  }
  bool NeedsReopen() const override { return false; }
  absl::Status DeleteState() override { return absl::OkStatus(); }

 private:
  std::vector<uint64_t>* const ids_;
};

std::vector<uint64_t> IdsUnder(BrokenRule rule) {
  std::vector<uint64_t> ids;
  const std::unique_ptr<RecordSink> sink =
      BreakRule(rule, std::make_unique<Ledger>(&ids));
  std::vector<Record> records(1000);
  for (size_t i = 0; i < records.size(); ++i) records[i].id = i + 1;
  EXPECT_THAT(sink->Write(records), IsOk());
  EXPECT_THAT(sink->Commit(Checkpoint()), IsOk());
  return ids;
}

TEST(BrokenSinkTest, ABuildThatBreaksNothingWritesEverythingOnceInOrder) {
  const std::vector<uint64_t> ids = IdsUnder(BrokenRule::kNone);
  ASSERT_EQ(ids.size(), 1001u);
  for (size_t i = 0; i < 1000; ++i) ASSERT_EQ(ids[i], i + 1);
  EXPECT_EQ(ids.back(), 0u);
}

TEST(BrokenSinkTest, DropsDoublesAndReorders) {
  EXPECT_EQ(IdsUnder(BrokenRule::kDropRecord).size(), 999u);
  EXPECT_EQ(IdsUnder(BrokenRule::kDoubleRecord).size(), 1003u);
  const std::vector<uint64_t> ids = IdsUnder(BrokenRule::kReorderRecords);
  ASSERT_EQ(ids.size(), 1001u);
  EXPECT_EQ(ids[498], 500u);
  EXPECT_EQ(ids[499], 499u);
}

TEST(BrokenSinkTest, PutsTheCheckpointBeforeItsRecords) {
  EXPECT_EQ(IdsUnder(BrokenRule::kCheckpointBeforeRecords).front(), 0u);
}

}  // namespace
}  // namespace binferry::worker
