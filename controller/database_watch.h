// Brings the database up to date and tells how it is.
#ifndef BINFERRY_CONTROLLER_DATABASE_WATCH_H_
#define BINFERRY_CONTROLLER_DATABASE_WATCH_H_

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controller/rpc/readiness.h"
#include "controller/store/migrator.h"
#include "controller/store/pg_pool.h"
#include "controller/store/task_store.h"

namespace binferry::controller {

// First migrates, trying again while PostgreSQL is away; then looks once a
// second whether it is there. Run belongs to one thread.
class DatabaseWatch {
 public:
  struct Options {
    std::vector<Migration> migrations;
    std::string secret_key_id;
    // Told at each turn: PostgreSQL can be used or not.
    std::function<void(bool serving)> on_serving;
    // Told once of what trying again can't mend, e.g. a newer schema, another
    // key; Run ends after it.
    std::function<void(const absl::Status&)> on_failure;
  };

  // The pointers must outlive this object.
  DatabaseWatch(PgPool* pool, TaskStore* tasks, Readiness* readiness,
                Options options);

  void Run(std::stop_token stop);

 private:
  absl::Status Prepare();
  bool PrepareUntilDone(const std::stop_token& stop);

  PgPool* const pool_;
  TaskStore* const tasks_;
  Readiness* const readiness_;
  const Options options_;
  absl::BitGen random_;
};

}  // namespace binferry::controller

#endif  // BINFERRY_CONTROLLER_DATABASE_WATCH_H_
