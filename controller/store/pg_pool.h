// A bounded set of connections to PostgreSQL that calls share.
#ifndef BINFERRY_CONTROLLER_STORE_PG_POOL_H_
#define BINFERRY_CONTROLLER_STORE_PG_POOL_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/clock.h"
#include "controller/store/pg_connection.h"

namespace binferry::controller {

// While PostgreSQL is away a call fails with UNAVAILABLE within about 2 s, and
// for a second after a failed connect at once: callers try again, nobody waits
// for minutes.
//
// Thread-safe.
class PgPool {
 public:
  struct Options {
    PgOptions connection;
    int max_connections = 16;
    // How long a call waits for a free connection; then UNAVAILABLE.
    absl::Duration acquire_timeout = absl::Seconds(2);
  };

  // Connects to nothing yet. `clock` must outlive this object.
  PgPool(const Clock* clock, Options options);

  // See PgConnection::Transact. A connection that PostgreSQL closed while it
  // was idle is replaced, once, before `body` has had any effect: `body` may
  // run twice and must set what it returns anew each time.
  absl::Status Transact(absl::FunctionRef<absl::Status(PgTransaction&)> body)
      ABSL_LOCKS_EXCLUDED(mu_);

  // One statement, committed by itself.
  absl::StatusOr<PgRows> Execute(const std::string& sql,
                                 const PgParams& params = PgParams())
      ABSL_LOCKS_EXCLUDED(mu_);

  // For the health service: UNAVAILABLE while PostgreSQL is away.
  absl::Status Ping();

  // Statements run so far by all connections.
  int64_t statements() const ABSL_LOCKS_EXCLUDED(mu_);

  // For those that need a connection of their own (planner lock, change feed).
  const PgOptions& connection_options() const { return options_.connection; }

 private:
  struct Lease {
    std::unique_ptr<PgConnection> connection;
    bool fresh = false;
    int64_t statements_before = 0;
  };

  // `body` with a connection, again with a new one if PostgreSQL had closed it.
  absl::Status Use(absl::FunctionRef<absl::Status(PgConnection&)> body)
      ABSL_LOCKS_EXCLUDED(mu_);
  absl::StatusOr<Lease> Acquire() ABSL_LOCKS_EXCLUDED(mu_);
  void Return(Lease lease) ABSL_LOCKS_EXCLUDED(mu_);
  void DropIdle() ABSL_LOCKS_EXCLUDED(mu_);

  const Clock* const clock_;
  const Options options_;

  mutable absl::Mutex mu_;
  std::vector<std::unique_ptr<PgConnection>> idle_ ABSL_GUARDED_BY(mu_);
  int in_use_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t statements_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status last_failure_ ABSL_GUARDED_BY(mu_);
  MonotonicTime failed_at_ ABSL_GUARDED_BY(mu_);
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_STORE_PG_POOL_H_
