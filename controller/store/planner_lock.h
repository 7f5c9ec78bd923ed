// One controller plans at a time.
#ifndef BINFERRY_CONTROLLER_STORE_PLANNER_LOCK_H_
#define BINFERRY_CONTROLLER_STORE_PLANNER_LOCK_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

// A session advisory lock of PostgreSQL on a connection of its own: it goes
// when the process or the connection does. Two holders for a moment (a
// connection that broke unseen) do no harm, because every change is a
// compare-and-set.
//
// Thread-compatible.
class PlannerLock {
 public:
  explicit PlannerLock(PgOptions options);

  // Takes the lock if it is free, checks that it is still held if it was taken.
  // False while another controller has it. UNAVAILABLE while PostgreSQL is
  // away; the lock is then lost.
  absl::StatusOr<bool> TryHold();

  // Lets another controller plan.
  void Release();

 private:
  const PgOptions options_;
  std::unique_ptr<PgConnection> connection_;
  bool held_ = false;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_PLANNER_LOCK_H_
