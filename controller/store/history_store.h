// What happened to tasks: events, and what their workers logged.
#ifndef BINFERRY_CONTROLLER_STORE_HISTORY_STORE_H_
#define BINFERRY_CONTROLLER_STORE_HISTORY_STORE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/model/event.h"
#include "controller/model/task.h"
#include "controller/store/pg_pool.h"

namespace binferry::controller {

// One page, the newest first; `next` names the place behind its last entry,
// unset on the last page.
template <typename Entry>
struct HistoryPage {
  std::vector<Entry> entries;
  std::optional<int64_t> next;
};

// Thread-safe.
class HistoryStore {
 public:
  // `pool` must outlive this object.
  explicit HistoryStore(PgPool* pool) : pool_(pool) {}

  // Tells what a user did; nothing for a task that isn't there.
  absl::Status Record(const TaskKey& task, const UserEvent& event);

  struct EventQuery {
    std::optional<int64_t> before;  // HistoryPage::next of the last page.
    int limit = 100;
    bool only_actions = false;  // Only what users did.
  };
  // NOT_FOUND if there is no such task.
  absl::StatusOr<HistoryPage<TaskEvent>> ListEvents(const TaskKey& task,
                                                    const EventQuery& query);

  struct LogQuery {
    std::optional<int64_t> before;
    int limit = 100;
    TaskLogLevel min_level = TaskLogLevel::kInfo;
  };
  absl::StatusOr<HistoryPage<TaskLogLine>> ListLogLines(const TaskKey& task,
                                                        const LogQuery& query);

  // Tasks of `project` that were deleted at `since` or later and are not there
  // again.
  absl::StatusOr<std::vector<TaskKey>> ListDeleted(const std::string& project,
                                                   absl::Time since);
  // How long deletions are remembered.
  static constexpr absl::Duration kDeletionsKept = absl::Hours(24);

  // PostgreSQL's clock, which stamps changes and deletions.
  absl::StatusOr<absl::Time> Now();

  // What is beyond kMaxEventsPerTask, kMaxLogLinesPerTask and kDeletionsKept.
  absl::Status RemoveOld();

 private:
  PgPool* const pool_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_HISTORY_STORE_H_
