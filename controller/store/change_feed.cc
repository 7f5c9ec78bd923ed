#include "controller/store/change_feed.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status_macros.h"
#include "controller/store/notify.h"

namespace binferry::controller {
namespace {

constexpr absl::Duration kListenSlice = absl::Milliseconds(250);
constexpr std::chrono::milliseconds kReconnectPause(500);

// Until the pause is over or `stop`.
void Pause(std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, kReconnectPause, [] { return false; });
}

}  // namespace

std::string EncodeChange(const Change& change) {
  switch (change.kind) {
    case Change::Kind::kTask:
      return absl::StrCat("task ", change.uid.value(), " ", change.task.project,
                          " ", change.task.task_id);
    case Change::Kind::kDeleted:
      return absl::StrCat("deleted ", change.uid.value(), " ",
                          change.task.project, " ", change.task.task_id);
    case Change::Kind::kOrders:
      return absl::StrCat("orders ", change.worker.value());
    case Change::Kind::kReport:
      return "report";
    case Change::Kind::kReset:
      return "reset";
  }
  return "";
}

std::optional<Change> DecodeChange(absl::string_view payload) {
  const std::vector<std::string> words = absl::StrSplit(payload, ' ');
  Change change;
  if (words[0] == "report" && words.size() == 1) {
    change.kind = Change::Kind::kReport;
  } else if (words[0] == "reset" && words.size() == 1) {
    change.kind = Change::Kind::kReset;
  } else if (words[0] == "orders" && words.size() == 2) {
    change.kind = Change::Kind::kOrders;
    change.worker = WorkerName(words[1]);
  } else if ((words[0] == "task" || words[0] == "deleted") &&
             words.size() == 4) {
    change.kind =
        words[0] == "task" ? Change::Kind::kTask : Change::Kind::kDeleted;
    change.uid = TaskUid(words[1]);
    change.task = {.project = words[2], .task_id = words[3]};
  } else {
    return std::nullopt;
  }
  return change;
}

ChangeFeed::Subscription& ChangeFeed::Subscription::operator=(
    Subscription&& other) noexcept {
  if (this != &other) {
    Cancel();
    feed_ = std::exchange(other.feed_, nullptr);
    id_ = std::exchange(other.id_, 0);
  }
  return *this;
}

void ChangeFeed::Subscription::Cancel() {
  if (feed_ != nullptr) feed_->Unsubscribe(id_);
  feed_ = nullptr;
}

ChangeFeed::ChangeFeed(PgOptions options) : options_(std::move(options)) {}

absl::StatusOr<ChangeFeed::Subscription> ChangeFeed::SubscribeAll(
    Callback callback) {
  return Subscribe({.callback = std::move(callback)});
}

absl::StatusOr<ChangeFeed::Subscription> ChangeFeed::SubscribeWorker(
    const WorkerName& worker, Callback callback) {
  return Subscribe({.worker = worker, .callback = std::move(callback)});
}

absl::StatusOr<ChangeFeed::Subscription> ChangeFeed::SubscribeTask(
    const TaskKey& task, Callback callback) {
  return Subscribe({.project = task.project,
                    .task_id = task.task_id,
                    .callback = std::move(callback)});
}

absl::StatusOr<ChangeFeed::Subscription> ChangeFeed::SubscribeProject(
    const std::string& project, Callback callback) {
  return Subscribe({.project = project, .callback = std::move(callback)});
}

absl::StatusOr<ChangeFeed::Subscription> ChangeFeed::Subscribe(
    Subscriber subscriber) {
  absl::MutexLock lock(&mu_);
  if (subscribers_.size() >= kMaxSubscriptions) {
    return absl::ResourceExhaustedError(
        absl::StrCat("this controller serves ", kMaxSubscriptions,
                     " waiting calls already: use another one"));
  }
  const int64_t id = next_id_++;
  subscribers_.emplace(id, std::move(subscriber));
  return Subscription(this, id);
}

void ChangeFeed::Unsubscribe(int64_t id) {
  absl::MutexLock lock(&mu_);
  subscribers_.erase(id);
}

bool ChangeFeed::Wants(const Subscriber& subscriber, const Change& change) {
  if (change.kind == Change::Kind::kReset) return true;
  const bool is_task = change.kind == Change::Kind::kTask ||
                       change.kind == Change::Kind::kDeleted;
  if (subscriber.worker.has_value()) {
    return change.kind == Change::Kind::kOrders &&
           change.worker == *subscriber.worker;
  }
  if (!subscriber.project.has_value()) return true;
  return is_task && change.task.project == *subscriber.project &&
         (!subscriber.task_id.has_value() ||
          change.task.task_id == *subscriber.task_id);
}

void ChangeFeed::Deliver(const Change& change) {
  absl::MutexLock lock(&mu_);
  for (const auto& [id, subscriber] : subscribers_) {
    if (Wants(subscriber, change)) subscriber.callback(change);
  }
}

absl::Status ChangeFeed::Listen(std::stop_token stop) {
  BINFERRY_ASSIGN_OR_RETURN(const std::unique_ptr<PgConnection> connection,
                            PgConnection::Open(options_));
  BINFERRY_RETURN_IF_ERROR(connection->Listen(kNotifyChannel));
  // What happened before the connection stood was heard by nobody.
  Deliver({.kind = Change::Kind::kReset});
  while (!stop.stop_requested()) {
    BINFERRY_ASSIGN_OR_RETURN(std::vector<std::string> payloads,
                              connection->WaitForNotifications(kListenSlice));
    // Changes that came together wake each waiter once.
    std::sort(payloads.begin(), payloads.end());
    payloads.erase(std::unique(payloads.begin(), payloads.end()),
                   payloads.end());
    for (const std::string& payload : payloads) {
      const std::optional<Change> change = DecodeChange(payload);
      if (change.has_value()) Deliver(*change);
    }
  }
  return absl::OkStatus();
}

void ChangeFeed::Run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    // The pool and the reconciler tell of a PostgreSQL that is away.
    if (!Listen(stop).ok()) Pause(stop);
  }
}

}  // namespace binferry::controller
