#include "controller/database_watch.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "common/log.h"
#include "common/retry.h"
#include "common/status_macros.h"

namespace binferry::controller {
namespace {

constexpr absl::Duration kPingInterval = absl::Seconds(1);

// False if `stop` came first.
bool WaitFor(absl::Duration duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock<std::mutex> lock(mutex);
  woken.wait_for(lock, stop, absl::ToChronoNanoseconds(duration),
                 [] { return false; });
  return !stop.stop_requested();
}

}  // namespace

DatabaseWatch::DatabaseWatch(PgPool* pool, TaskStore* tasks,
                             Readiness* readiness, Options options)
    : pool_(pool),
      tasks_(tasks),
      readiness_(readiness),
      options_(std::move(options)) {}

absl::Status DatabaseWatch::Prepare() {
  BINFERRY_RETURN_IF_ERROR(
      Migrate(pool_->connection_options(), options_.migrations));
  return tasks_->RecordKeyId(options_.secret_key_id);
}

bool DatabaseWatch::PrepareUntilDone(const std::stop_token& stop) {
  Backoff backoff({.initial = absl::Milliseconds(200), .max = absl::Seconds(3)},
                  random_);
  absl::Status last;
  while (!stop.stop_requested()) {
    const absl::Status prepared = Prepare();
    if (prepared.ok()) {
      LogInfo("database ready");
      readiness_->SetReady();
      return true;
    }
    if (!IsRetryable(prepared)) {
      options_.on_failure(prepared);
      return false;
    }
    readiness_->SetWaiting(prepared);
    if (prepared != last) {
      LogWarning("database away, trying again", {{"error", prepared}});
      last = prepared;
    }
    if (!WaitFor(backoff.Next(), stop)) return false;
  }
  return false;
}

void DatabaseWatch::Run(std::stop_token stop) {
  if (!PrepareUntilDone(stop)) return;
  options_.on_serving(true);
  bool serving = true;
  while (WaitFor(kPingInterval, stop)) {
    const absl::Status ping = pool_->Ping();
    if (ping.ok() == serving) continue;
    serving = ping.ok();
    options_.on_serving(serving);
    if (serving) {
      LogInfo("database back");
    } else {
      LogWarning("database away, trying again", {{"error", ping}});
    }
  }
}

}  // namespace binferry::controller
