// One open WatchTask call.
#ifndef BINFERRY_CONTROLLER_API_TASK_WATCH_H_
#define BINFERRY_CONTROLLER_API_TASK_WATCH_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binferry/v1/task_service.pb.h"
#include "common/clock.h"
#include "controller/api/task_service.h"
#include "controller/rpc/work_queue.h"
#include "controller/store/change_feed.h"
#include "controller/store/history_store.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

// Looks at the tasks page by page on the work queue, writes those that differ
// from what was written last, and waits for a second, or shorter if the change
// feed tells of a change; between two looks it takes no thread. One thing is
// under way at a time: a look, a write or a wait.
//
// A resume token is the time of the look that gave it, in PostgreSQL's clock: a
// watch that resumes passes over the tasks that have not changed since. Changes
// of the last kOverlap before it may come again, because a transaction may take
// so long from its clock's look to its commit.
//
// Ends with the call: cancelled, PostgreSQL away (UNAVAILABLE), the controller
// ending (UNAVAILABLE), or the one watched task gone (OK, after saying so).
//
// Thread-safe.
class TaskWatch : public grpc::ServerWriteReactor<v1::WatchTaskResponse>,
                  public std::enable_shared_from_this<TaskWatch> {
 public:
  // A task is shown about so often when only its positions and counters change.
  static constexpr absl::Duration kInterval = absl::Seconds(1);
  // And no sooner than this after the last look when more changed.
  static constexpr absl::Duration kMinInterval = absl::Milliseconds(200);
  static constexpr int kMaxWatches = 1'000;
  static constexpr absl::Duration kOverlap = absl::Seconds(30);
  // A watched project with more tasks ends the watch: RESOURCE_EXHAUSTED.
  static constexpr size_t kMaxWatchedTasks = 20'000;

  struct Target {
    std::string project;
    std::string task_id;  // "" = all tasks of the project.
    TaskView view = TaskView::kBasic;
    std::string resume_token;  // "" = from the present state on.
  };
  // All must outlive the watch.
  struct Services {
    TaskService* service = nullptr;
    TaskStore* store = nullptr;
    HistoryStore* history = nullptr;
    ChangeFeed* feed = nullptr;
    WorkQueue* queue = nullptr;
    const Clock* clock = nullptr;
    std::atomic<int>* open_watches = nullptr;
  };

  // Starts the watch; it deletes itself when the call is over.
  static TaskWatch* Start(const Services& services, const Target& target);
  ~TaskWatch() override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // What was written of a task.
  struct Shown {
    int64_t version = 0;
    int64_t report_sequence = 0;
    absl::Time report_time = absl::InfinitePast();
    uint64_t look = 0;
    std::string uid;
  };

  TaskWatch(const Services& services, const Target& target)
      : services_(services), target_(target) {}

  void Look();
  absl::Status BeginLook();
  absl::Status AddDeletedSince();
  bool IsKnown(const Task& task) const;
  absl::Status ReadPage();
  absl::Status ReadOne();
  absl::Status Add(const Task& task);
  void AddDeletions();
  void GoOn();
  void WaitForChange() ABSL_LOCKS_EXCLUDED(mu_);
  void WriteNext() ABSL_LOCKS_EXCLUDED(mu_);
  void End(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);
  void Wake() ABSL_LOCKS_EXCLUDED(mu_);
  // Looks again `delay` from now, unless another wait began meanwhile.
  void LookAfter(absl::Duration delay) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Services services_;
  const Target target_;
  // Keeps the watch alive until OnDone.
  std::shared_ptr<TaskWatch> self_;
  ChangeFeed::Subscription subscription_;

  // Of the one thing that is under way: looks and writes follow each other.
  std::map<TaskKey, Shown> shown_;
  std::deque<v1::WatchTaskResponse> pending_;
  v1::WatchTaskResponse writing_;
  // Behind which task the next page starts; unset at the start of a look.
  std::optional<TaskKey> after_;
  uint64_t look_ = 1;
  // PostgreSQL's time when the look began: a watch that resumes there misses
  // nothing.
  absl::Time look_time_ = absl::InfinitePast();
  // Everything up to then is written; unset before the first look has ended.
  std::optional<absl::Time> shown_until_;
  // In the first look of a watch that resumes: what changed before is known.
  std::optional<absl::Time> since_;
  bool page_is_last_ = false;
  bool target_is_gone_ = false;

  absl::Mutex mu_;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  bool waiting_ ABSL_GUARDED_BY(mu_) = false;
  // A change came while a look was under way.
  bool changed_ ABSL_GUARDED_BY(mu_) = false;
  // Numbers the waits: one that a change cut short must not look again.
  uint64_t wait_ ABSL_GUARDED_BY(mu_) = 0;
  MonotonicTime waiting_since_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_API_TASK_WATCH_H_
