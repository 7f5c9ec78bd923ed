#include "worker/sink/testing/recording_sink.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"
#include "worker/sink/sink_status.h"

namespace binferry::worker {

absl::Status RecordingDestination::Faults::Next() {
  const auto fault = errors.find(++calls);
  return fault == errors.end() ? absl::OkStatus() : fault->second;
}

SinkOpener RecordingDestination::Opener() {
  return [this] { return Open(); };
}

absl::StatusOr<OpenedSink> RecordingDestination::Open() {
  absl::MutexLock lock(&mu_);
  BINFERRY_RETURN_IF_ERROR(open_faults_.Next());
  ++open_count_;
  uncommitted_count_ = 0;
  return OpenedSink{std::make_unique<RecordingSink>(this, open_count_),
                    last_checkpoint_};
}

void RecordingDestination::AddTopic(const std::string& name,
                                    int32_t partition_count) {
  absl::MutexLock lock(&mu_);
  partition_counts_[name] = partition_count;
}

void RecordingDestination::SetAutoCreate(int32_t partition_count) {
  absl::MutexLock lock(&mu_);
  auto_create_ = partition_count;
}

void RecordingDestination::SetCheckpoint(const Checkpoint& checkpoint) {
  absl::MutexLock lock(&mu_);
  last_checkpoint_ = checkpoint;
}

void RecordingDestination::FailOpen(int nth, const absl::Status& error) {
  absl::MutexLock lock(&mu_);
  open_faults_.errors[open_faults_.calls + nth] = error;
}

void RecordingDestination::FailWrite(int nth, const absl::Status& error) {
  absl::MutexLock lock(&mu_);
  write_faults_.errors[write_faults_.calls + nth] = error;
}

void RecordingDestination::FailCommit(int nth, const absl::Status& error) {
  absl::MutexLock lock(&mu_);
  commit_faults_.errors[commit_faults_.calls + nth] = error;
}

void RecordingDestination::LoseCommitAnswer(int nth) {
  absl::MutexLock lock(&mu_);
  lost_answers_[commit_faults_.calls + nth] = true;
}

void RecordingDestination::DisturbCommit(int nth) {
  absl::MutexLock lock(&mu_);
  disturbed_[commit_faults_.calls + nth] = true;
}

std::vector<RecordedRecord> RecordingDestination::committed() const {
  absl::MutexLock lock(&mu_);
  return committed_;
}

std::vector<RecordingDestination::CommittedCheckpoint>
RecordingDestination::checkpoints() const {
  absl::MutexLock lock(&mu_);
  return checkpoints_;
}

std::optional<Checkpoint> RecordingDestination::last_checkpoint() const {
  absl::MutexLock lock(&mu_);
  return last_checkpoint_;
}

size_t RecordingDestination::uncommitted_count() const {
  absl::MutexLock lock(&mu_);
  return uncommitted_count_;
}

int RecordingDestination::open_count() const {
  absl::MutexLock lock(&mu_);
  return open_count_;
}

bool RecordingDestination::WaitForRecords(size_t count,
                                          absl::Duration timeout) const {
  absl::MutexLock lock(&mu_);
  const auto enough = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return committed_.size() >= count;
  };
  return mu_.AwaitWithTimeout(absl::Condition(&enough), timeout);
}

namespace {

std::string HeadersOf(const Record& record) {
  if (record.headers == nullptr) return "";
  const RecordHeaders& headers = *record.headers;
  return absl::StrCat(headers.gtid, " ", headers.position, " ", headers.row,
                      " ", headers.generation);
}

}  // namespace

RecordingSink::~RecordingSink() {
  absl::MutexLock lock(&destination_->mu_);
  if (open_number_ == destination_->open_count_) {
    destination_->uncommitted_count_ = 0;
  }
}

absl::StatusOr<RecordSink::Topic> RecordingSink::OpenTopic(
    const std::string& name) {
  absl::MutexLock lock(&destination_->mu_);
  auto topic = destination_->partition_counts_.find(name);
  if (topic == destination_->partition_counts_.end()) {
    if (!destination_->auto_create_.has_value()) {
      return absl::NotFoundError(absl::StrCat("topic ", name, " is missing"));
    }
    topic = destination_->partition_counts_
                .emplace(name, *destination_->auto_create_)
                .first;
  }
  std::vector<std::string>& names = destination_->topic_names_;
  auto at = std::find(names.begin(), names.end(), name);
  if (at == names.end()) at = names.insert(names.end(), name);
  return Topic{TopicHandle{static_cast<int32_t>(at - names.begin())},
               topic->second};
}

absl::Status RecordingSink::CheckUsable() const {
  if (failed_) return absl::AbortedError("this sink has failed before");
  if (open_number_ != destination_->open_count_) {
    return FencedError("a newer sink has fenced this one");
  }
  if (needs_reopen_) return absl::AbortedError("the sink must be opened anew");
  return absl::OkStatus();
}

absl::Status RecordingSink::CheckRecord(const Record& record) const {
  const int32_t index = record.topic.index;
  if (index < 0 ||
      static_cast<size_t>(index) >= destination_->topic_names_.size()) {
    return absl::InternalError("a record has no topic");
  }
  const std::string& name =
      destination_->topic_names_[static_cast<size_t>(index)];
  const int32_t count = destination_->partition_counts_.at(name);
  if (record.partition < 0 || record.partition >= count) {
    return absl::FailedPreconditionError(
        absl::StrCat("topic ", name, " has no partition ", record.partition));
  }
  return absl::OkStatus();
}

absl::Status RecordingSink::Write(absl::Span<const Record> records) {
  absl::MutexLock lock(&destination_->mu_);
  absl::Status status = CheckUsable();
  if (status.ok()) status = destination_->write_faults_.Next();
  for (const Record& record : records) {
    if (status.ok()) status = CheckRecord(record);
  }
  if (!status.ok()) {
    failed_ = true;
    return status;
  }
  written_.insert(written_.end(), records.begin(), records.end());
  destination_->uncommitted_count_ = written_.size();
  return absl::OkStatus();
}

absl::Status RecordingSink::Commit(const Checkpoint& checkpoint) {
  absl::MutexLock lock(&destination_->mu_);
  absl::Status status = CheckUsable();
  if (status.ok()) status = destination_->commit_faults_.Next();
  if (!status.ok()) {
    failed_ = true;
    return status;
  }
  for (const Record& record : written_) {
    destination_->committed_.push_back(
        {destination_->topic_names_[static_cast<size_t>(record.topic.index)],
         record.partition,
         record.has_key ? std::optional<std::string>(record.key) : std::nullopt,
         std::string(record.value), record.id, record.has_value,
         HeadersOf(record)});
  }
  written_.clear();
  destination_->uncommitted_count_ = 0;
  destination_->checkpoints_.push_back(
      {checkpoint, destination_->committed_.size()});
  destination_->last_checkpoint_ = checkpoint;
  const int call = destination_->commit_faults_.calls;
  needs_reopen_ = destination_->disturbed_.contains(call);
  if (destination_->lost_answers_.contains(call)) {
    failed_ = true;
    return absl::AbortedError("the outcome of the commit is unknown");
  }
  return absl::OkStatus();
}

absl::Status RecordingSink::DeleteState() {
  absl::MutexLock lock(&destination_->mu_);
  BINFERRY_RETURN_IF_ERROR(CheckUsable());
  failed_ = true;
  written_.clear();
  destination_->uncommitted_count_ = 0;
  destination_->last_checkpoint_ = std::nullopt;
  return absl::OkStatus();
}

}  // namespace binferry::worker
