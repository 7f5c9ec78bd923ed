#include "controller/store/pg_pool.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status_macros.h"

namespace binferry::controller {
namespace {

// Calls after a failed connect fail at once for so long.
constexpr absl::Duration kFailFast = absl::Seconds(1);

}  // namespace

PgPool::PgPool(const Clock* clock, Options options)
    : clock_(clock), options_(std::move(options)) {}

absl::StatusOr<PgPool::Lease> PgPool::Acquire() {
  {
    absl::MutexLock lock(&mu_);
    const auto is_free = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
      return in_use_ < options_.max_connections;
    };
    if (!mu_.AwaitWithTimeout(absl::Condition(&is_free),
                              options_.acquire_timeout)) {
      return absl::UnavailableError(
          absl::StrCat("all ", options_.max_connections,
                       " connections to PostgreSQL are busy: try again"));
    }
    if (idle_.empty() && !last_failure_.ok() &&
        clock_->MonotonicNow() - failed_at_ < kFailFast) {
      return last_failure_;
    }
    ++in_use_;
    if (!idle_.empty()) {
      Lease lease{.connection = std::move(idle_.back())};
      idle_.pop_back();
      lease.statements_before = lease.connection->statements();
      return lease;
    }
  }
  absl::StatusOr<std::unique_ptr<PgConnection>> opened =
      PgConnection::Open(options_.connection);
  absl::MutexLock lock(&mu_);
  last_failure_ = opened.status();
  if (!opened.ok()) {
    failed_at_ = clock_->MonotonicNow();
    --in_use_;
    return opened.status();
  }
  return Lease{.connection = *std::move(opened), .fresh = true};
}

void PgPool::Return(Lease lease) {
  absl::MutexLock lock(&mu_);
  --in_use_;
  statements_ += lease.connection->statements() - lease.statements_before;
  if (lease.connection->usable()) idle_.push_back(std::move(lease.connection));
}

void PgPool::DropIdle() {
  std::vector<std::unique_ptr<PgConnection>> dropped;
  absl::MutexLock lock(&mu_);
  dropped.swap(idle_);
}

absl::Status PgPool::Use(absl::FunctionRef<absl::Status(PgConnection&)> body) {
  BINFERRY_ASSIGN_OR_RETURN(Lease lease, Acquire());
  absl::Status status = body(*lease.connection);
  const bool was_closed_while_idle =
      absl::IsUnavailable(status) && !lease.fresh &&
      lease.connection->statements() == lease.statements_before;
  Return(std::move(lease));
  if (!was_closed_while_idle) return status;
  // PostgreSQL was started anew: none of the idle ones lives.
  DropIdle();
  BINFERRY_ASSIGN_OR_RETURN(Lease second, Acquire());
  status = body(*second.connection);
  Return(std::move(second));
  return status;
}

absl::Status PgPool::Transact(
    absl::FunctionRef<absl::Status(PgTransaction&)> body) {
  return Use(
      [&](PgConnection& connection) { return connection.Transact(body); });
}

absl::StatusOr<PgRows> PgPool::Execute(const std::string& sql,
                                       const PgParams& params) {
  PgRows rows;
  BINFERRY_RETURN_IF_ERROR(Use([&](PgConnection& connection) -> absl::Status {
    BINFERRY_ASSIGN_OR_RETURN(rows, connection.Execute(sql, params));
    return absl::OkStatus();
  }));
  return rows;
}

absl::Status PgPool::Ping() { return Execute("SELECT 1").status(); }

int64_t PgPool::statements() const {
  absl::MutexLock lock(&mu_);
  return statements_;
}

}  // namespace binferry::controller
