// A source that waits for the sink, so that commits are as small as can be.
#ifndef BINFERRY_TESTS_CONFORMANCE_PACED_SOURCE_H_
#define BINFERRY_TESTS_CONFORMANCE_PACED_SOURCE_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "worker/binlog/binlog_source.h"
#include "worker/binlog/event_header.h"

namespace binferry::worker {

// How many commits there were. Thread-safe.
class CommitCount {
 public:
  void Add() ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    ++count_;
    changed_.SignalAll();
  }

  int64_t value() const ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    return count_;
  }

  // Waits until there were more than `known`, or for `timeout`.
  void WaitForMoreThan(int64_t known, absl::Duration timeout) const
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    const absl::Time deadline = absl::Now() + timeout;
    while (count_ <= known && !changed_.WaitWithDeadline(&mu_, deadline)) {
    }
  }

 private:
  mutable absl::Mutex mu_;
  mutable absl::CondVar changed_;
  int64_t count_ ABSL_GUARDED_BY(mu_) = 0;
};

// Gives the next event only when the last one that may lead to a commit has led
// to one, or when none came for a while: so the pipeline commits in the middle
// of source transactions too. Thread-compatible, but for Interrupt().
class PacedSource : public BinlogSource {
 public:
  // Most events that may lead to a commit do so within a millisecond.
  static constexpr absl::Duration kPatience = absl::Milliseconds(10);

  // `commits` must outlive this object.
  PacedSource(std::unique_ptr<BinlogSource> source, const CommitCount* commits)
      : source_(std::move(source)), commits_(commits) {}

  absl::StatusOr<absl::Span<const uint8_t>> Next() override {
    if (is_waiting_) commits_->WaitForMoreThan(known_commits_, kPatience);
    known_commits_ = commits_->value();
    absl::StatusOr<absl::Span<const uint8_t>> event = source_->Next();
    is_waiting_ = event.ok() && MayLeadToCommit(*event);
    return event;
  }

  void Interrupt() override { source_->Interrupt(); }

 private:
  // Ends of groups and all with rows; the type is byte 4 of an event.
  static bool MayLeadToCommit(absl::Span<const uint8_t> event) {
    constexpr size_t kTypeOffset = 4;
    if (event.size() <= kTypeOffset) return false;
    const uint8_t type = event[kTypeOffset];
    for (const EventType of :
         {EventType::kQuery, EventType::kXid, EventType::kWriteRowsV1,
          EventType::kUpdateRowsV1, EventType::kDeleteRowsV1,
          EventType::kWriteRows, EventType::kUpdateRows, EventType::kDeleteRows,
          EventType::kXaPrepare, EventType::kPartialUpdateRows,
          EventType::kTransactionPayload}) {
      if (type == static_cast<uint8_t>(of)) return true;
    }
    return false;
  }

  const std::unique_ptr<BinlogSource> source_;
  const CommitCount* const commits_;
  int64_t known_commits_ = 0;
  bool is_waiting_ = false;
};

}  // namespace binferry::worker

#endif  // BINFERRY_TESTS_CONFORMANCE_PACED_SOURCE_H_
