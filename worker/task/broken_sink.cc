#include "worker/task/broken_sink.h"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/status_macros.h"

namespace binferry::worker {
namespace {

// Rare enough for a workload to look well, often enough for one to be hit.
constexpr uint64_t kPeriod = 500;

class BrokenSink : public RecordSink {
 public:
  BrokenSink(BrokenRule rule, std::unique_ptr<RecordSink> sink)
      : rule_(rule), sink_(std::move(sink)) {}

  absl::StatusOr<Topic> OpenTopic(const std::string& name) override {
    return sink_->OpenTopic(name);
  }

  absl::Status Write(absl::Span<const Record> records) override {
    std::vector<Record> written;
    written.reserve(records.size() + 1);
    for (const Record& record : records) {
      written.push_back(record);
      const bool is_hit = ++count_ % kPeriod == 0;
      if (is_hit && rule_ == BrokenRule::kDropRecord) written.pop_back();
      if (is_hit && rule_ == BrokenRule::kDoubleRecord) {
        written.push_back(record);
      }
      if (rule_ == BrokenRule::kReorderRecords) MaybeSwap(&written);
    }
    if (rule_ != BrokenRule::kCheckpointBeforeRecords) {
      return sink_->Write(written);
    }
    for (const Record& record : written) late_.push_back(Copy(record));
    return absl::OkStatus();
  }

  // Under kCheckpointBeforeRecords each checkpoint is committed with the
  // records of the one before it.
  absl::Status Commit(const Checkpoint& checkpoint) override {
    BINFERRY_RETURN_IF_ERROR(sink_->Commit(checkpoint));
    committed_ = std::move(due_);
    due_ = std::move(late_);
    late_.clear();
    std::vector<Record> records;
    for (const std::unique_ptr<Copied>& copied : due_) {
      records.push_back(copied->record);
    }
    return records.empty() ? absl::OkStatus() : sink_->Write(records);
  }

  bool NeedsReopen() const override { return sink_->NeedsReopen(); }
  absl::Status DeleteState() override { return sink_->DeleteState(); }

 private:
  // A record that outlives the arena of its bytes.
  struct Copied {
    std::string key;
    std::string value;
    Record record;
  };

  static std::unique_ptr<Copied> Copy(const Record& record) {
    auto copied = std::make_unique<Copied>();
    copied->key = std::string(record.key);
    copied->value = std::string(record.value);
    copied->record = record;
    copied->record.key = copied->key;
    copied->record.value = copied->value;
    return copied;
  }

  // Swaps the last two once they share a partition, every kPeriod records.
  void MaybeSwap(std::vector<Record>* records) {
    if (count_ < next_swap_ || records->size() < 2) return;
    Record& last = records->back();
    Record& before = (*records)[records->size() - 2];
    if (last.topic.index != before.topic.index ||
        last.partition != before.partition) {
      return;
    }
    std::swap(last, before);
    next_swap_ = count_ + kPeriod;
  }

  const BrokenRule rule_;
  uint64_t count_ = 0;
  uint64_t next_swap_ = kPeriod;
  // Taken since the last commit; written behind it, so due with the next one;
  // and those that were due with the last one, kept one commit longer than the
  // contract demands.
  std::vector<std::unique_ptr<Copied>> late_;
  std::vector<std::unique_ptr<Copied>> due_;
  std::vector<std::unique_ptr<Copied>> committed_;
  // Last, so that it goes first: it may read the copies until then.
  const std::unique_ptr<RecordSink> sink_;
};

}  // namespace

std::unique_ptr<RecordSink> BreakRule(BrokenRule rule,
                                      std::unique_ptr<RecordSink> sink) {
  switch (rule) {
    case BrokenRule::kNone:
    case BrokenRule::kNoLeaseCheckAfterInit:
      return sink;
    case BrokenRule::kCheckpointBeforeRecords:
    case BrokenRule::kDropRecord:
    case BrokenRule::kDoubleRecord:
    case BrokenRule::kReorderRecords:
      return std::make_unique<BrokenSink>(rule, std::move(sink));
  }
  return sink;
}

}  // namespace binferry::worker
