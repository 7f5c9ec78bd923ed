// A BinlogSource that plays events which a test wrote.
#ifndef BINFERRY_WORKER_BINLOG_TESTING_SCRIPTED_BINLOG_SOURCE_H_
#define BINFERRY_WORKER_BINLOG_TESTING_SCRIPTED_BINLOG_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "worker/binlog/binlog_source.h"

namespace binferry::worker {

// Delivers `events` in order. Then returns `end` for ever, or, where that is
// OK, blocks until Interrupt() or Append(). Thread-safe.
class ScriptedBinlogSource : public BinlogSource {
 public:
  explicit ScriptedBinlogSource(std::vector<std::string> events,
                                absl::Status end = absl::OkStatus())
      : events_(std::move(events)), end_(std::move(end)) {}

  absl::StatusOr<absl::Span<const uint8_t>> Next() override
      ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    if (end_.ok()) {
      mu_.Await(absl::Condition(
          +[](ScriptedBinlogSource* self) ABSL_NO_THREAD_SAFETY_ANALYSIS {
            return self->is_interrupted_ ||
                   self->next_ < self->events_.size() || !self->end_.ok();
          },
          this));
    }
    if (is_interrupted_) return absl::CancelledError("interrupted");
    if (next_ == events_.size()) return end_;
    current_ = events_[next_++];
    return absl::Span<const uint8_t>(
        reinterpret_cast<const uint8_t*>(current_.data()), current_.size());
  }

  void Interrupt() override ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    is_interrupted_ = true;
  }

  // More to deliver.
  void Append(std::vector<std::string> events) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    for (std::string& event : events) events_.push_back(std::move(event));
  }

  // What Next() returns behind the last event from now on.
  void End(absl::Status end) ABSL_LOCKS_EXCLUDED(mu_) {
    absl::MutexLock lock(&mu_);
    end_ = std::move(end);
  }

 private:
  absl::Mutex mu_;
  std::vector<std::string> events_ ABSL_GUARDED_BY(mu_);
  size_t next_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status end_ ABSL_GUARDED_BY(mu_);
  bool is_interrupted_ ABSL_GUARDED_BY(mu_) = false;
  std::string current_;  // What the last Next() returned.
};

}  // namespace binferry::worker

#endif  // BINFERRY_WORKER_BINLOG_TESTING_SCRIPTED_BINLOG_SOURCE_H_
