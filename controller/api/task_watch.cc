#include "controller/api/task_watch.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/grpc_status.h"
#include "common/status_details.h"
#include "common/status_macros.h"
#include "controller/api/page_token.h"
#include "controller/rpc/spec_proto.h"

namespace binferry::controller {
namespace {

constexpr int kPageSize = 100;

std::string QueryOf(const TaskWatch::Target& target) {
  return absl::StrCat("watch ", target.project, " ", target.task_id);
}

std::string TokenOf(const TaskWatch::Target& target, absl::Time time) {
  return EncodePageToken(QueryOf(target),
                         {absl::StrCat(absl::ToUnixMicros(time))});
}

absl::StatusOr<absl::Time> TimeOf(const TaskWatch::Target& target,
                                  const std::string& token) {
  int64_t micros = 0;
  const absl::StatusOr<std::vector<std::string>> parts =
      DecodePageToken(QueryOf(target), token, 1);
  if (!parts.ok() || !absl::SimpleAtoi((*parts)[0], &micros)) {
    return InvalidFieldError("resume_token",
                             "is not one that a watch of this name gave");
  }
  return absl::FromUnixMicros(micros);
}

}  // namespace

TaskWatch* TaskWatch::Start(const Services& services, const Target& target) {
  auto watch = std::shared_ptr<TaskWatch>(new TaskWatch(services, target));
  watch->self_ = watch;
  absl::Status started;
  if (services.open_watches->fetch_add(1) >= kMaxWatches) {
    started = absl::ResourceExhaustedError(
        absl::StrCat("this controller has ", kMaxWatches,
                     " open watches already: end some or list instead"));
  } else {
    // A callback holds no reference: OnDone cancels the subscription first.
    TaskWatch* const raw = watch.get();
    const auto wake = [raw](const Change&) { raw->Wake(); };
    absl::StatusOr<ChangeFeed::Subscription> subscription =
        target.task_id.empty()
            ? services.feed->SubscribeProject(target.project, wake)
            : services.feed->SubscribeTask(
                  TaskKey{.project = target.project, .task_id = target.task_id},
                  wake);
    started = subscription.status();
    if (subscription.ok()) watch->subscription_ = *std::move(subscription);
  }
  if (started.ok()) {
    started = services.queue->Post([watch] { watch->Look(); });
  }
  if (!started.ok()) watch->End(started);
  return watch.get();
}

TaskWatch::~TaskWatch() { services_.open_watches->fetch_sub(1); }

void TaskWatch::OnDone() {
  subscription_.Cancel();
  // Destroys this object, unless queued work still holds it.
  const std::shared_ptr<TaskWatch> self = std::move(self_);
}

void TaskWatch::OnCancel() { End(absl::CancelledError("cancelled")); }

void TaskWatch::End(const absl::Status& status) {
  absl::MutexLock lock(&mu_);
  if (ended_) return;
  ended_ = true;
  Finish(ToGrpcStatus(status));
}

void TaskWatch::Look() {
  {
    absl::MutexLock lock(&mu_);
    if (ended_) return;
  }
  if (services_.queue->draining()) {
    End(absl::UnavailableError("the controller is ending: watch again"));
    return;
  }
  absl::Status read = after_.has_value() ? absl::OkStatus() : BeginLook();
  if (read.ok()) read = target_.task_id.empty() ? ReadPage() : ReadOne();
  if (!read.ok()) {
    End(read);
    return;
  }
  GoOn();
}

absl::Status TaskWatch::BeginLook() {
  BINFERRY_ASSIGN_OR_RETURN(look_time_, services_.history->Now());
  if (look_ != 1) {
    since_.reset();
    return absl::OkStatus();
  }
  if (target_.resume_token.empty()) return absl::OkStatus();
  BINFERRY_ASSIGN_OR_RETURN(const absl::Time token,
                            TimeOf(target_, target_.resume_token));
  if (token > look_time_ ||
      token < look_time_ - HistoryStore::kDeletionsKept + kOverlap) {
    return absl::OutOfRangeError(
        "resume_token is older than the changes that are kept (24 h), or of "
        "another database: watch without one");
  }
  shown_until_ = token;
  since_ = token - kOverlap;
  return AddDeletedSince();
}

absl::Status TaskWatch::AddDeletedSince() {
  BINFERRY_ASSIGN_OR_RETURN(
      const std::vector<TaskKey> deleted,
      services_.history->ListDeleted(target_.project, *since_));
  for (const TaskKey& key : deleted) {
    const bool is_target = key.task_id == target_.task_id;
    if (!target_.task_id.empty() && !is_target) continue;
    v1::WatchTaskResponse response;
    response.set_deleted_name(FormatTaskName(key));
    pending_.push_back(std::move(response));
    target_is_gone_ = is_target;
  }
  return absl::OkStatus();
}

// Whether a watch that resumes has shown the task as it is.
bool TaskWatch::IsKnown(const Task& task) const {
  return since_.has_value() && task.change_time < *since_ &&
         (!task.report.has_value() || task.report->time < *since_);
}

absl::Status TaskWatch::ReadPage() {
  TaskFilter filter;
  filter.project = target_.project;
  filter.after = after_;
  filter.limit = kPageSize;
  BINFERRY_ASSIGN_OR_RETURN(const std::vector<Task> tasks,
                            services_.store->List(filter));
  for (const Task& task : tasks) BINFERRY_RETURN_IF_ERROR(Add(task));
  page_is_last_ = tasks.size() < static_cast<size_t>(kPageSize);
  if (!tasks.empty()) after_ = tasks.back().key;
  if (page_is_last_) AddDeletions();
  return absl::OkStatus();
}

absl::Status TaskWatch::ReadOne() {
  page_is_last_ = true;
  if (target_is_gone_) return absl::OkStatus();
  const absl::StatusOr<Task> task = services_.store->Get(
      {.project = target_.project, .task_id = target_.task_id});
  if (absl::IsNotFound(task.status()) && !shown_.empty()) {
    AddDeletions();
    target_is_gone_ = true;
    return absl::OkStatus();
  }
  BINFERRY_RETURN_IF_ERROR(task.status());
  return Add(*task);
}

absl::Status TaskWatch::Add(const Task& task) {
  Shown now;
  now.version = task.version;
  now.look = look_;
  now.uid = task.uid.value();
  if (task.report.has_value()) {
    now.report_sequence = task.report->sequence;
    now.report_time = task.report->time;
  }
  Shown& before = shown_[task.key];
  const bool is_new = before.uid != now.uid;
  if (is_new && shown_.size() > kMaxWatchedTasks) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the project has more than ", kMaxWatchedTasks,
                     " tasks: watch single ones"));
  }
  const bool same = !is_new && before.version == now.version &&
                    before.report_sequence == now.report_sequence &&
                    before.report_time == now.report_time;
  before = now;
  if (same || (is_new && IsKnown(task))) return absl::OkStatus();
  v1::WatchTaskResponse response;
  BINFERRY_ASSIGN_OR_RETURN(*response.mutable_task(),
                            services_.service->Show(task, target_.view));
  pending_.push_back(std::move(response));
  return absl::OkStatus();
}

void TaskWatch::AddDeletions() {
  for (auto it = shown_.begin(); it != shown_.end();) {
    if (it->second.look == look_) {
      ++it;
      continue;
    }
    v1::WatchTaskResponse response;
    response.set_deleted_name(FormatTaskName(it->first));
    pending_.push_back(std::move(response));
    it = shown_.erase(it);
  }
}

// What comes next: write what is pending, read the next page, or wait.
void TaskWatch::GoOn() {
  if (!pending_.empty()) {
    WriteNext();
  } else if (target_is_gone_) {
    End(absl::OkStatus());
  } else if (!page_is_last_) {
    services_.queue->ContinueAfter(
        absl::ZeroDuration(), [self = shared_from_this()] { self->Look(); });
  } else {
    ++look_;
    after_.reset();
    WaitForChange();
  }
}

void TaskWatch::WriteNext() {
  writing_ = std::move(pending_.front());
  pending_.pop_front();
  // Only what ends a look stands for all of it: whoever resumes behind an
  // earlier message gets the rest of the look again.
  if (pending_.empty() && page_is_last_) shown_until_ = look_time_;
  if (shown_until_.has_value()) {
    writing_.set_resume_token(TokenOf(target_, *shown_until_));
  }
  absl::MutexLock lock(&mu_);
  if (!ended_) StartWrite(&writing_);
}

void TaskWatch::OnWriteDone(bool ok) {
  if (ok) {
    GoOn();
  } else {
    End(absl::CancelledError("the caller is gone"));
  }
}

void TaskWatch::LookAfter(absl::Duration delay) {
  services_.queue->ContinueAfter(
      delay, [weak = weak_from_this(), wait = ++wait_] {
        const std::shared_ptr<TaskWatch> self = weak.lock();
        if (self == nullptr) return;
        {
          absl::MutexLock lock(&self->mu_);
          if (self->wait_ != wait) return;
          self->waiting_ = false;
        }
        self->Look();
      });
}

void TaskWatch::WaitForChange() {
  absl::MutexLock lock(&mu_);
  waiting_ = !changed_;
  waiting_since_ = services_.clock->MonotonicNow();
  LookAfter(changed_ ? kMinInterval : kInterval);
  changed_ = false;
}

void TaskWatch::Wake() {
  absl::MutexLock lock(&mu_);
  if (!waiting_) {
    changed_ = true;
    return;
  }
  waiting_ = false;
  const absl::Duration waited =
      services_.clock->MonotonicNow() - waiting_since_;
  LookAfter(std::max(kMinInterval - waited, absl::ZeroDuration()));
}

}  // namespace binferry::controller
