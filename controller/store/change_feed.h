// Wakes whoever waits for a change, whichever controller made it.
#ifndef BINFERRY_CONTROLLER_STORE_CHANGE_FEED_H_
#define BINFERRY_CONTROLLER_STORE_CHANGE_FEED_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "common/ids.h"
#include "controller/model/task.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

struct Change {
  enum class Kind {
    kTask,     // Created or changed, by a user or the planner: `task`, `uid`.
    kDeleted,  // `task`, `uid`.
    kOrders,   // What `worker` should do, or is asked, changed.
    kReport,   // A worker reported something that the planner acts on.
    kReset,    // The feed was interrupted: anything may have changed.
  };
  Kind kind = Kind::kReset;
  TaskUid uid = {};
  TaskKey task = {};
  WorkerName worker = {};
};

// The payload of NOTIFY for a change, and back; nullopt for foreign text.
std::string EncodeChange(const Change& change);
std::optional<Change> DecodeChange(absl::string_view payload);

// Listens to PostgreSQL's notifications and calls back. Positions, lag and
// counters change with every heartbeat and notify nobody: a watcher reads again
// after a second anyway.
//
// Thread-safe.
class ChangeFeed {
 public:
  using Callback = std::function<void(const Change&)>;

  // Ends the subscription when it goes: after the destructor the callback is
  // not running and will not be called. Must not outlive the feed. Movable.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(ChangeFeed* feed, int64_t id) : feed_(feed), id_(id) {}
    Subscription(Subscription&& other) noexcept { *this = std::move(other); }
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription() { Cancel(); }

    // What the destructor does.
    void Cancel();

   private:
    ChangeFeed* feed_ = nullptr;
    int64_t id_ = 0;
  };

  // More waiters are refused with RESOURCE_EXHAUSTED.
  static constexpr size_t kMaxSubscriptions = 50'000;

  explicit ChangeFeed(PgOptions options);

  // Each calls back on the feed's thread for the changes of its kind, and for
  // kReset. A callback must be short and must not subscribe or cancel.
  // To miss nothing: subscribe, read, then wait.
  //
  // All changes.
  absl::StatusOr<Subscription> SubscribeAll(Callback callback)
      ABSL_LOCKS_EXCLUDED(mu_);
  // kOrders of one worker.
  absl::StatusOr<Subscription> SubscribeWorker(const WorkerName& worker,
                                               Callback callback)
      ABSL_LOCKS_EXCLUDED(mu_);
  // kTask and kDeleted of one task.
  absl::StatusOr<Subscription> SubscribeTask(const TaskKey& task,
                                             Callback callback)
      ABSL_LOCKS_EXCLUDED(mu_);
  // kTask and kDeleted of all tasks of a project.
  absl::StatusOr<Subscription> SubscribeProject(const std::string& project,
                                                Callback callback)
      ABSL_LOCKS_EXCLUDED(mu_);

  // Listens until `stop`; connects again after failures. Once.
  void Run(std::stop_token stop);

  // Hands a change to the subscribers, as Run does.
  void Deliver(const Change& change) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Subscriber {
    std::optional<WorkerName> worker = {};
    std::optional<std::string> project = {};
    std::optional<std::string> task_id = {};
    Callback callback;
  };

  // Over one connection: until `stop` or it breaks.
  absl::Status Listen(std::stop_token stop) ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<Subscription> Subscribe(Subscriber subscriber)
      ABSL_LOCKS_EXCLUDED(mu_);
  void Unsubscribe(int64_t id) ABSL_LOCKS_EXCLUDED(mu_);
  static bool Wants(const Subscriber& subscriber, const Change& change);

  const PgOptions options_;

  // Held while callbacks run, so that a cancelled one is never running.
  absl::Mutex mu_;
  int64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<int64_t, Subscriber> subscribers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_CHANGE_FEED_H_
