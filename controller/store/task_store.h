// Tasks in PostgreSQL, as the public API sees them.
#ifndef BINFERRY_CONTROLLER_STORE_TASK_STORE_H_
#define BINFERRY_CONTROLLER_STORE_TASK_STORE_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/ids.h"
#include "controller/model/event.h"
#include "controller/model/task.h"
#include "controller/model/task_action.h"
#include "controller/model/task_secrets.h"
#include "controller/store/pg_pool.h"
#include "controller/store/task_row.h"

namespace binferry::controller {

struct NewTask {
  TaskKey key;
  TaskUid uid;  // A new UUID; the secrets are sealed for it.
  StoredSpec spec;
  SealedSecrets secrets;
  std::string request_id;  // "" = none.
};

struct TaskFilter {
  std::string project;  // "" = all.
  std::vector<TaskState> states;
  std::string id_contains;
  std::map<std::string, std::string> tags;
  std::string region;  // "" = all.
  // Only tasks behind this one, in the order of project and id; of `project` if
  // that is set.
  std::optional<TaskKey> after;
  int limit = 100;
  Document document = Document::kFull;
};

// What only few look at, and of one task at a time.
struct TaskDetails {
  std::vector<TaskEvent> events;          // The newest first.
  std::vector<TableCounters> top_tables;  // Most records first.
  std::vector<std::string> tests;         // KeptTest::document of each end.
};

struct SpecUpdate {
  // The new spec, complete.
  StoredSpec spec;
  // Set or replaced; others stay.
  SealedSecrets secrets;
  std::vector<SecretField> cleared_secrets;
  // First words of the ids of precheck items that no longer hold.
  std::set<std::string> voided_items;
  // Revision that `spec` was made from; the update is refused with ABORTED if
  // it isn't the present one.
  int64_t read_revision = 0;
};

// One for the life of a database.
struct Installation {
  std::string uuid;
  // Of the key that seals secrets; "" until RecordKeyId.
  std::string secret_key_id;
};

// Every call is one transaction. UNAVAILABLE while PostgreSQL is away. Each
// change wakes the planner, watchers and the task's worker, on every controller
// (see change_feed.h).
//
// Thread-safe.
class TaskStore {
 public:
  // `pool` must outlive this object.
  explicit TaskStore(PgPool* pool) : pool_(pool) {}

  // Stores a task in state CREATING, with a server id of its own. With a
  // request id that was seen before: the task which that request created.
  // ALREADY_EXISTS if the name is taken.
  absl::StatusOr<Task> Create(const NewTask& task);

  // NOT_FOUND if there is none.
  absl::StatusOr<Task> Get(const TaskKey& key,
                           Document document = Document::kFull);
  absl::StatusOr<Task> GetByUid(const TaskUid& uid);

  // At most `filter.limit` tasks by project and id: one statement, which reads
  // a piece of the index of names (see task_list_query.h).
  absl::StatusOr<std::vector<Task>> List(const TaskFilter& filter);

  // Of each of `uids`, in three statements: at most `max_events` events each.
  absl::StatusOr<std::map<TaskUid, TaskDetails>> ReadDetails(
      const std::vector<TaskUid>& uids, int max_events);

  // Which secrets are stored: for `password_set`.
  absl::StatusOr<std::vector<SecretField>> ListSecretFields(const TaskUid& uid);

  // Replaces the spec: the next generation and revision. NOT_FOUND; ABORTED as
  // SpecUpdate says; FAILED_PRECONDITION if the state allows no update.
  absl::StatusOr<Task> Update(const TaskKey& key, const SpecUpdate& update);

  // Gives the task a new start position: a generation that has it, in state
  // CONFIGURATION (see ApplyVerb). Errors as Update.
  absl::StatusOr<Task> Reset(const TaskKey& key, const SpecUpdate& update);

  // start, pause, resume, stop, retry: see ApplyVerb. `etag` "" = any, else
  // ABORTED unless it is the present revision. `start_time` only with start,
  // `stop_mode` only with stop.
  struct Verb {
    UserAction action = UserAction::kStart;
    std::string etag;
    std::optional<absl::Time> start_time;
    std::optional<StopMode> stop_mode;
  };
  absl::StatusOr<Task> Apply(const TaskKey& key, const Verb& verb);

  // Removes definition, secrets, events, reports and probes, and frees server
  // id and partition numbers. `force`: in any state; the partition numbers of a
  // task that may have left a checkpoint are then not given out again.
  struct Deletion {
    std::string etag;
    bool force = false;
  };
  absl::Status Delete(const TaskKey& key, const Deletion& deletion);

  absl::StatusOr<Installation> GetInstallation();
  // Remembers which key seals the secrets. FAILED_PRECONDITION if another one
  // is remembered: the secrets could not be opened.
  absl::Status RecordKeyId(const std::string& key_id);

 private:
  PgPool* const pool_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_TASK_STORE_H_
