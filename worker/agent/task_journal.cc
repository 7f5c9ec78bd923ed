#include "worker/agent/task_journal.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <string>
#include <utility>

#include "common/remedy.h"
#include "worker/agent/fault_remedy.h"
#include "worker/agent/report_text.h"

namespace binferry::worker {
namespace {

namespace pb = coordination::v1;

google::protobuf::Timestamp ToProto(absl::Time time) {
  return google::protobuf::util::TimeUtil::MillisecondsToTimestamp(
      absl::ToUnixMillis(time));
}

v1::LogLevel ToProto(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
    case LogLevel::kInfo:
      return v1::LOG_LEVEL_INFO;
    case LogLevel::kWarning:
      return v1::LOG_LEVEL_WARNING;
    case LogLevel::kError:
      return v1::LOG_LEVEL_ERROR;
  }
  return v1::LOG_LEVEL_ERROR;
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
  result.set_message(ReportText(CauseOf(fault)));
  result.set_remedy(ReportText(RemedyForFault(fault)));
  *result.mutable_time() = ToProto(clock_->Now());
  *result.mutable_first_time() = result.time();
  result.set_attempts(attempts);
  return result;
}

void TaskJournal::SetFault(const absl::Status& fault, int attempts,
                           std::optional<absl::Duration> retry_in) {
  v1::Fault made = MakeFault(fault, attempts);
  const absl::Time now = clock_->Now();
  if (retry_in.has_value()) {
    *made.mutable_next_retry_time() = ToProto(now + *retry_in);
  }
  absl::MutexLock lock(&mu_);
  if (attempts <= 1) first_fault_time_ = now;
  *made.mutable_first_time() = ToProto(first_fault_time_);
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
  event.set_message(ReportText(message));
  *event.mutable_time() = ToProto(clock_->Now());
  absl::MutexLock lock(&mu_);
  events_.Add(std::move(event));
}

void TaskJournal::AddLogLine(LogLevel level, absl::string_view line) {
  pb::ReportedLogLine reported;
  reported.set_level(ToProto(level));
  reported.set_message(ReportText(line));
  *reported.mutable_time() = ToProto(clock_->Now());
  absl::MutexLock lock(&mu_);
  log_lines_.Add(std::move(reported));
}

void TaskJournal::Acknowledge(const JournalNumbers& numbers) {
  absl::MutexLock lock(&mu_);
  events_.Acknowledge(numbers.event);
  log_lines_.Acknowledge(numbers.log_line);
}

JournalNumbers TaskJournal::last_numbers() const {
  absl::MutexLock lock(&mu_);
  return {.event = events_.last_number(), .log_line = log_lines_.last_number()};
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
  events_.Report(report->mutable_events());
  log_lines_.Report(report->mutable_log_lines());
}

}  // namespace binferry::worker
