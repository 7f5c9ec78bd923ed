#include "controller/store/planner_lock.h"

#include <utility>

#include "common/status_macros.h"

namespace binferry::controller {
namespace {

// "binferry", and "plan".
constexpr char kTake[] =
    "SELECT pg_try_advisory_lock(7380952, 1886151022) AS held";
// Asks PostgreSQL rather than memory: a connection that came back by itself has
// lost the lock.
constexpr char kCheck[] =
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND "
    "granted AND pid = pg_backend_pid() AND classid = 7380952 AND "
    "objid = 1886151022) AS held";

}  // namespace

PlannerLock::PlannerLock(PgOptions options) : options_(std::move(options)) {}

absl::StatusOr<bool> PlannerLock::TryHold() {
  if (connection_ == nullptr) {
    held_ = false;
    BINFERRY_ASSIGN_OR_RETURN(connection_, PgConnection::Open(options_));
  }
  const absl::StatusOr<PgRows> rows =
      connection_->Execute(held_ ? kCheck : kTake);
  if (!rows.ok()) {
    Release();
    return rows.status();
  }
  held_ = (*rows)[0].Bool("held");
  return held_;
}

void PlannerLock::Release() {
  connection_.reset();
  held_ = false;
}

}  // namespace binferry::controller
