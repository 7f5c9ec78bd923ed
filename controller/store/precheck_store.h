// The last precheck of each task, item by item, with its confirmations.
#ifndef BINFERRY_CONTROLLER_STORE_PRECHECK_STORE_H_
#define BINFERRY_CONTROLLER_STORE_PRECHECK_STORE_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/ids.h"
#include "controller/model/precheck.h"
#include "controller/model/task.h"
#include "controller/store/pg_pool.h"

namespace binferry::controller {

// Parts of other stores' transactions; the caller has locked the task's row.
//
// In place of the last one; confirmations of exactly the same findings stay. A
// precheck of another generation than `present` is kept as void.
absl::Status KeepPrecheck(const TaskUid& uid, Precheck precheck,
                          Generation present, PgTransaction* transaction);
// Items whose ids begin with one of `prefixes`, as in "source_...".
absl::Status VoidItems(const TaskUid& uid,
                       const std::set<std::string>& prefixes,
                       PgTransaction* transaction);
absl::Status RemovePrecheck(const TaskUid& uid, PgTransaction* transaction);
// Nothing if there was no precheck.
absl::StatusOr<std::optional<PrecheckSummary>> ReadPrecheckSummary(
    const TaskUid& uid, PgTransaction* transaction);

// Thread-safe.
class PrecheckStore {
 public:
  // `pool` must outlive this object.
  explicit PrecheckStore(PgPool* pool) : pool_(pool) {}

  // NOT_FOUND if there is no such task, or it was not checked.
  absl::StatusOr<Precheck> Get(const TaskKey& task);

  // Confirms ALARM items, in the name of `by`; those that are confirmed already
  // stay as they are. Errors as Get; INVALID_ARGUMENT (field "item_ids"), with
  // nothing confirmed, naming the ids that are no ALARM.
  absl::StatusOr<Precheck> Confirm(const TaskKey& task,
                                   const std::set<std::string>& ids,
                                   const std::string& by);

 private:
  PgPool* const pool_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_PRECHECK_STORE_H_
