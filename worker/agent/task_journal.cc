#include "worker/agent/task_journal.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <string>

#include "common/clean_text.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

google::protobuf::Timestamp ToProto(absl::Time time) {
  return google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
      absl::ToUnixMillis(time));
}

// Protobuf's text must be UTF-8: a character is never cut in two, and bytes
// from outside that are no text become "?". One that isn't would make the whole
// heartbeat unreadable.
std::string Bounded(absl::string_view message) {
  absl::string_view text = message.substr(0, TaskJournal::kMaxMessageBytes);
  if (text.size() < message.size()) {
    while (!text.empty() && (text.back() & 0xC0) == 0x80) text.remove_suffix(1);
    if (!text.empty() && (text.back() & 0x80) != 0) text.remove_suffix(1);
  }
  return CleanText(text);
}

}  // namespace

void TaskJournal::SetState(pb::RunState state) {
  absl::MutexLock lock(&mu_);
  state_ = state;
}

v1::Fault TaskJournal::MakeFault(const absl::Status& fault,
                                 int attempts) const {
  v1::Fault result;
  result.set_code(absl::StatusCodeToString(fault.code()));
  result.set_message(Bounded(fault.message()));
  *result.mutable_time() = ToProto(clock_->Now());
  result.set_attempts(attempts);
  return result;
}

void TaskJournal::SetFault(const absl::Status& fault, int attempts,
                           std::optional<absl::Duration> retry_in) {
  v1::Fault made = MakeFault(fault, attempts);
  if (retry_in.has_value()) {
    *made.mutable_next_retry_time() = ToProto(clock_->Now() + *retry_in);
  }
  absl::MutexLock lock(&mu_);
  fault_ = std::move(made);
  state_ = retry_in.has_value() ? pb::RUN_STATE_RETRYING : pb::RUN_STATE_FAILED;
}

void TaskJournal::ClearFault() {
  absl::MutexLock lock(&mu_);
  fault_.reset();
}

bool TaskJournal::has_fault() const {
  absl::MutexLock lock(&mu_);
  return fault_.has_value();
}

void TaskJournal::SetEditFault(const absl::Status& fault) {
  v1::Fault made = MakeFault(fault, 1);
  absl::MutexLock lock(&mu_);
  edit_fault_ = std::move(made);
}

void TaskJournal::ClearEditFault() {
  absl::MutexLock lock(&mu_);
  edit_fault_.reset();
}

void TaskJournal::SetFoundEpoch(Epoch found) {
  absl::MutexLock lock(&mu_);
  found_epoch_ = std::max(found_epoch_, found);
}

void TaskJournal::AddEvent(absl::string_view reason,
                           absl::string_view message) {
  pb::ReportedEvent event;
  event.set_reason(std::string(reason));
  event.set_message(Bounded(message));
  *event.mutable_time() = ToProto(clock_->Now());
  absl::MutexLock lock(&mu_);
  event.set_number(++last_event_number_);
  events_.push_back(std::move(event));
  if (events_.size() > kMaxPendingEvents) events_.pop_front();
}

void TaskJournal::AcknowledgeEvents(int64_t number) {
  absl::MutexLock lock(&mu_);
  while (!events_.empty() && events_.front().number() <= number) {
    events_.pop_front();
  }
}

void TaskJournal::FillReport(pb::TaskReport* report) const {
  absl::MutexLock lock(&mu_);
  report->set_state(state_);
  report->set_found_epoch(found_epoch_.value());
  if (fault_.has_value()) {
    *report->mutable_last_error() = *fault_;
  } else if (edit_fault_.has_value()) {
    *report->mutable_last_error() = *edit_fault_;
  }
  const size_t count = std::min(events_.size(), kMaxReportedEvents);
  for (size_t i = 0; i < count; ++i) *report->add_events() = events_[i];
}

}  // namespace binferry::worker
